package main_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// boundedConfig is a configuration whose service has bounds.
func boundedConfig(config, bounds string) string {
	return strings.Replace(config, "    params: { base_url:", "    "+bounds+"\n    params: { base_url:", 1)
}

// hosts are the environments of processes: one with a state folder alone, several with
// one database.
func (w *witness) hosts(t *testing.T, n int) [][]string {
	t.Helper()
	if n == 1 {
		return [][]string{w.environment()}
	}
	database := postgres(t)
	var all [][]string
	for range n {
		all = append(all, w.environment("OTAI_DATABASE_URL="+database.url))
	}
	return all
}

// naming are updates that name this queue, by its name or its id.
func (w *witness) naming(queue string) []request {
	return w.seen(func(q *request) bool {
		return q.update() && (strings.Contains(string(q.Body["Ticket"]), `"Queue":"`+queue+`"`) || strings.Contains(string(q.Body["Ticket"]), `"QueueID":"`+queue+`"`))
	})
}

// runsAre waits until the runs that are kept satisfy ok.
func (w *witness) runsAre(t *testing.T, env []string, config, what string, ok func([]keptRun) bool) []keptRun {
	t.Helper()
	var all []keptRun
	eventually(t, what, func() bool {
		out, err := runOtai(t, env, "runs", "list", "--json", "--limit", "0", "-c", config)
		return err == nil && json.Unmarshal([]byte(out), &all) == nil && ok(all)
	})
	return all
}

type keptRun struct {
	ID      string
	State   string
	Outcome string
	Reason  string
	Cause   string
	Runner  string
	Tickets []string
}

func with3Hosts(t *testing.T, test func(t *testing.T, hosts int)) {
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		test(t, 1)
	})
	t.Run("three processes with PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, 3)
	})
}

// TestWhatIsNotAllowedNeverReachesTheHelpDesk: half of the tickets are to go where allow has no
// queue. Their runs are dead at once behind what is allowed of them; one process is killed
// meanwhile. With a wider allow they are finished, and nothing is written twice.
func TestWhatIsNotAllowedNeverReachesTheHelpDesk(t *testing.T) {
	t.Parallel()
	with3Hosts(t, func(t *testing.T, n int) {
		w := newWitness(t, "HR")
		good, bad := w.addMany(10, "IT"), w.addMany(10, "HR")
		hosts := w.hosts(t, n)
		config := rowConfig(1, "timeout: PT5S", priorityStep+noteStep+moveByTitleStep)
		narrow := writeFile(t, boundedConfig(config, "allow: { queues: [IT], priorities: [4 high], notes: internal }"))
		var lives []*life
		for _, env := range hosts {
			lives = append(lives, live(t, env, "run", "-c", narrow))
		}
		w.all(10*time.Second, good[:3], whole)
		lives[0].kill()
		lives[0] = live(t, hosts[0], "run", "-c", narrow)
		if !w.all(patient, good, whole) || !w.all(patient, bad, goal{priority: "4 high", note: "Sorted"}) {
			t.Error("what is allowed wasn't done")
		}
		dead := w.runsAre(t, hosts[0], narrow, "the runs of what isn't allowed are dead", func(all []keptRun) bool {
			dead := 0
			for _, r := range all {
				if r.Outcome == "dead" && r.Reason == "allow" {
					dead++
				}
			}
			return dead == len(bad)
		})
		for _, r := range dead {
			if r.Outcome == "dead" && r.Cause != "allow" || r.State == "waiting" {
				t.Errorf("a run is %+v", r)
			}
		}
		updates := len(w.updatesOf(""))
		time.Sleep(time.Second)
		if more := len(w.updatesOf("")) - updates; more != 0 {
			t.Errorf("%d further updates", more)
		}
		if got := w.naming("HR"); len(got) != 0 {
			t.Errorf("%d requests name a queue that isn't allowed", len(got))
		}
		if out, _ := runOtai(t, hosts[0], "runs", "waiting", "-c", narrow); !strings.Contains(out, "allow") || strings.Contains(out, "retry --cause") {
			t.Errorf("`runs waiting` says\n%s", out)
		}
		for _, l := range lives {
			l.end(t)
		}
		wide := writeFile(t, boundedConfig(config, "allow: { queues: [IT, HR], priorities: [4 high], notes: internal }"))
		for _, env := range hosts {
			live(t, env, "run", "-c", wide)
		}
		w.all(patient, bad, goal{queue: "HR", priority: "4 high", note: "Sorted"})
		time.Sleep(time.Second)
		w.wantAllDone(bad, goal{queue: "HR", priority: "4 high", note: "Sorted"})
		w.wantAllDone(good, whole)
		t.Logf("%d updates of %d tickets; none went beyond the bounds", len(w.updatesOf("")), len(good)+len(bad))
	})
}

func TestAnIDIsNotAllowedByAName(t *testing.T) {
	t.Parallel()
	with3Hosts(t, func(t *testing.T, n int) {
		w := newWitness(t)
		ids := w.add("1", "2", "5")
		hosts := w.hosts(t, n)
		byID := strings.Replace(moveByTitleStep, "queue: { name:", "queue: { id:", 1)
		config := writeFile(t, boundedConfig(rowConfig(1, "timeout: PT5S", byID), "allow: { queues: [IT, Incoming, Raw, '1', '5', { id: 2 }] }"))
		for _, env := range hosts {
			live(t, env, "run", "-c", config)
		}
		eventually(t, "a move is sent", func() bool { return len(w.updatesOf("")) > 0 })
		w.runsAre(t, hosts[0], config, "all have ended", func(all []keptRun) bool {
			ended := 0
			for _, r := range all {
				if r.State == "ended" {
					ended++
				}
			}
			return ended >= len(ids)
		})
		if got := len(w.naming("1")) + len(w.naming("5")); got != 0 {
			t.Errorf("%d requests have ids that aren't allowed", got)
		}
		if len(w.naming("2")) == 0 {
			t.Error("the id that is allowed wasn't sent")
		}
	})
}

// asks is a command that is to succeed; it returns how long it took.
func (w *witness) asks(t *testing.T, env []string, args ...string) time.Duration {
	t.Helper()
	began := time.Now()
	if out, err := runOtai(t, env, args...); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return time.Since(began)
}

// TestAPauseHoldsOnAllHostsWithinASecond: updates go on all the time, one process is killed and
// begins again in the pause, and what was between two writes goes on behind it.
func TestAPauseHoldsOnAllHostsWithinASecond(t *testing.T) {
	t.Parallel()
	with3Hosts(t, func(t *testing.T, n int) {
		w := newWitness(t)
		ids := w.addMany(sized(150, 400), "IT")
		hosts := w.hosts(t, n)
		w.treats(func(q *request) treatment {
			if q.update() {
				time.Sleep(20 * time.Millisecond)
			}
			return treatment{}
		})
		config := writeFile(t, rowConfig(1, "timeout: PT5S", noteStep+moveByTitleStep))
		var lives []*life
		for _, env := range hosts {
			lives = append(lives, live(t, env, "run", "-c", config))
		}
		w.all(patient, ids[:5], goal{queue: "IT", note: "Sorted"})
		took := w.asks(t, hosts[0], "runs", "pause", "sort", "-c", config)
		paused := time.Now() // the answer of one host
		time.Sleep(2500 * time.Millisecond)
		if n > 1 { // beside the others
			lives[1].kill()
			lives[1] = live(t, hosts[1], "run", "-c", config)
		}
		lives[0].kill()
		lives[0] = live(t, hosts[0], "run", "-c", config)
		eventually(t, "the start says what is paused", func() bool { return strings.Contains(lives[0].log.String(), "otai runs resume sort") })
		time.Sleep(3 * time.Second)
		last := -time.Hour
		late := 0
		for _, q := range w.updatesOf("") {
			last = max(last, q.Arrived.Sub(paused))
			if q.Arrived.Sub(paused) > time.Second {
				late++
			}
		}
		done := w.judge(ids, goal{queue: "IT", note: "Sorted"})
		t.Logf("%d hosts: the command took %s, the last update came %s after it; then %v", n, took.Round(time.Millisecond), last.Round(time.Millisecond), done)
		if late > 0 {
			t.Errorf("%d updates came more than a second after the pause, the last one after %s", late, last)
		}
		if done.Untouched == 0 {
			t.Skip("the machine was so fast that nothing was left to pause")
		}
		out, err := runOtai(t, hosts[0], "runs", "waiting", "-c", config)
		if err != nil || !strings.Contains(out, "Paused:  the runner sort since") {
			t.Errorf("`runs waiting`: %v\n%s", err, out)
		}
		if n == 1 {
			lives[0].end(t)
			if out, err := runOtai(t, hosts[0], "run", "--once", "-c", config); err != nil || !strings.Contains(out, "otai runs resume sort") {
				t.Errorf("--once: %v\n%s", err, out)
			}
			if out, err := runOtai(t, hosts[0], "run", "--until-empty", "-c", config); err == nil || !strings.Contains(out, "a runner is paused until `otai runs resume sort`") {
				t.Errorf("--until-empty: %v\n%s", err, out)
			}
			live(t, hosts[0], "run", "-c", config)
		}
		if out, err := runOtai(t, hosts[0], "runs", "resume", "sorted", "-c", config); err == nil || !strings.Contains(out, "did you mean sort?") {
			t.Errorf("a misspelled name: %v\n%s", err, out)
		}
		w.asks(t, hosts[0], "runs", "resume", "sort", "-c", config)
		resumed := time.Now()
		w.all(patientFor(60*time.Second), ids, goal{queue: "IT", note: "Sorted"})
		w.wantAllDone(ids, goal{queue: "IT", note: "Sorted"})
		for _, q := range w.updatesOf("") {
			if q.Arrived.After(resumed) {
				t.Logf("the first update came %s behind the command", q.Arrived.Sub(resumed).Round(time.Millisecond))
				break
			}
		}
	})
}

// TestAPauseBeforeTheFirstStartHolds: who wants to look first needs no otai that has run.
func TestAPauseBeforeTheFirstStartHolds(t *testing.T) {
	t.Parallel()
	for _, runner := range []string{"sort", ""} {
		w := newWitness(t)
		ids := w.addMany(3, "IT")
		config := writeFile(t, rowConfig(1, "timeout: PT5S", noteStep+moveByTitleStep))
		env := w.environment()
		must(t, os.MkdirAll(stateOf(env), 0o700))
		pause := []string{"runs", "pause", "-c", config}
		if runner != "" {
			pause = append(pause, runner)
			if out, err := runOtai(t, env, "runs", "pause", "sorted", "-c", config); err == nil || !strings.Contains(out, "did you mean sort? These are known: sort") {
				t.Errorf("a misspelled name: %v\n%s", err, out)
			}
		}
		if out, err := runOtai(t, env, pause...); err != nil || !strings.Contains(out, "otai runs resume") {
			t.Fatalf("%q: %v\n%s", pause, err, out)
		}
		l := live(t, env, "run", "-c", config)
		eventually(t, "the start says what is paused", func() bool { return strings.Contains(l.log.String(), "otai runs resume") })
		if n := len(w.updatesOf("")); n != 0 {
			t.Errorf("%d updates were sent while it was paused", n)
		}
		w.asks(t, env, "runs", "resume", "-c", config)
		w.all(patient, ids, goal{queue: "IT", note: "Sorted"})
	}
}

// TestNoMoreTicketsAreChangedThanMaxChangesAllows: with a loop or without, one process or three,
// of which one is killed. To resume lets as many again be changed.
func TestNoMoreTicketsAreChangedThanMaxChangesAllows(t *testing.T) {
	t.Parallel()
	with3Hosts(t, func(t *testing.T, n int) {
		const perHour = 10
		w := newWitness(t)
		ids := w.addMany(35, "IT")
		hosts := w.hosts(t, n)
		config := writeFile(t, boundedConfig(strings.Replace(rowConfig(1, "timeout: PT5S", noteStep+moveByTitleStep), "run:\n", "workers: 4\n          run:\n", 1), "max_changes: { tickets_per_hour: 10 }"))
		var lives []*life
		for _, env := range hosts {
			lives = append(lives, live(t, env, "run", "-c", config))
		}
		changed := func() int {
			seen := make(map[string]bool)
			for _, q := range w.updatesOf("") {
				seen[q.Ticket] = true
			}
			return len(seen)
		}
		ever := lives
		said := func() (n int) {
			for _, l := range ever {
				n += strings.Count(l.log.String(), "as many tickets were changed within an hour")
			}
			return n
		}
		for round := 1; round <= 2; round++ {
			eventually(t, "the runner is paused", func() bool { return said() == round })
			lives[0].kill()
			lives = append([]*life{live(t, hosts[0], "run", "-c", config)}, lives[1:]...)
			ever = append(ever, lives[0])
			time.Sleep(2 * time.Second)
			if got := changed(); got != round*perHour {
				t.Errorf("round %d: %d tickets were changed, want %d", round, got, round*perHour)
			}
			out, err := runOtai(t, hosts[0], "runs", "waiting", "-c", config)
			if err != nil || !strings.Contains(out, "as 10 tickets were changed by desk within an hour; otai runs resume sort") {
				t.Errorf("%v\n%s", err, out)
			}
			for _, r := range w.runsAre(t, hosts[0], config, "they wait", func(all []keptRun) bool { return true }) {
				if r.Outcome == "dead" {
					t.Errorf("a run is dead: %+v", r)
				}
			}
			w.asks(t, hosts[0], "runs", "resume", "sort", "-c", config)
		}
		eventually(t, "the runner is paused again", func() bool { return said() == 3 && changed() == 3*perHour })
		w.asks(t, hosts[0], "runs", "resume", "-c", config)
		w.all(patientFor(30*time.Second), ids, goal{queue: "IT", note: "Sorted"})
		w.wantAllDone(ids, goal{queue: "IT", note: "Sorted"})
	})
}

func TestADryRunShowsWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "HR")
	w.add("IT", "HR")
	config := writeFile(t, boundedConfig(rowConfig(5, "timeout: PT5S", moveByTitleStep), "allow: { queues: [IT] }"))
	l := live(t, w.environment(), "run", "--dry-run", "-c", config)
	eventually(t, "both are shown", func() bool {
		return strings.Contains(l.log.String(), "would change the ticket") && strings.Contains(l.log.String(), "isn't allowed would not be sent")
	})
	if len(w.updatesOf("")) != 0 || !strings.Contains(l.log.String(), `queue \"HR\" is not among`) {
		t.Errorf("%d updates; the log says\n%s", len(w.updatesOf("")), l.log)
	}
}

func TestTheDoctorFindsAQueueThatIsAllowedAndIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.add("IT")
	config := writeFile(t, boundedConfig(rowConfig(1, "timeout: PT5S", moveStep), "allow: { queues: [IT, ITT] }"))
	out, err := runOtai(t, w.environment(), "doctor", "-c", config)
	if err == nil || !strings.Contains(out, `"ITT" is not known`) || strings.Contains(out, `"IT" is not known`) {
		t.Errorf("%v\n%s", err, out)
	}
	misspelled := writeFile(t, boundedConfig(rowConfig(1, "timeout: PT5S", moveStep), "allow: { queue: [IT] }"))
	if out, err := runOtai(t, w.environment(), "validate", "-c", misspelled); err == nil || !strings.Contains(out, "did you mean queues?") {
		t.Errorf("%v\n%s", err, out)
	}
}
