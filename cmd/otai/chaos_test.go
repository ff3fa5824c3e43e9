package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// chaos is everything at once: a fault in every fifth request, workers, supervisors and both
// of them killed and frozen, a database that is restarted. What is judged is what the help
// desk has in the end, and what it was asked.
type chaos struct {
	form      string
	tickets   int
	processes int // supervisors with a worker each. 1: on SQLite; more: on PostgreSQL
	kills     int // of workers, supervisors and both in turn
	stops     int // SIGSTOP for longer than the lease, in the same way
	frozen    int // SIGSTOP of workers until their supervisors end them
	restarts  int // of PostgreSQL
	seed      uint64
	pause     time.Duration // between strikes, at most: with none a process seldom lives for long
}

// The settings of the chaos. A request that arrived may be carried out as long as this
// after its client gave up.
const (
	chaosTimeout = 2 * time.Second
	chaosLate    = 2 * time.Second
	chaosLease   = 3 * time.Second
)

// The forms: Open Ticket AI's, in which each pipe writes a part; one update for all; a loop
// over a hundred tickets. Before the writes each asks the help desk something of the ticket,
// so that a finished step that is done again is seen there. Two forms decide by a model: one
// moves the tickets, the other leaves a note and nothing else.
var chaosForms = map[string]string{
	"three pipes":  taking0 + indented(probeStep+moveStep+priorityStep+noteStep, 16),
	"one update":   taking0 + indented(probeStep+allInOneStep, 16),
	"ForEach":      loopForm,
	"DecisionPipe": deciding("apply_from: 0"),
	"suggestion":   deciding("suggest_from: 0"),
}

var loopForm = strings.Replace(taking0[:strings.Index(taking0, "                - id: ticket")], "limit: 1 }", "limit: 100 }", 1) + `
                - id: each
                  use: base:ForEachPipe
                  params:
                    items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
                    workers: 4
                    steps:
` + indented(`
- id: ticket
  use: base:ExpressionPipe
  params: { expression: "{{ get_parent_param('item') }}" }
`+probeStep+allInOneStep, 22)

// deciding is the loop, with a model and a declared decision instead of templates.
func deciding(how string) string {
	const target = "{ queue: IT, priority: 4 high }"
	decide := strings.Replace(decideStep, "THEN", "map: { 'IT::Accounts': "+target+" }, otherwise: "+target+", "+how+", note: { subject: Sorted }", 1)
	return strings.Replace(loopForm, indented(allInOneStep, 22), indented(decide, 22), 1)
}

const probeStep = `
- id: probe
  use: base:FetchTicketsPipe
  injects: { ticket_system: desk }
  params: { ticket_search_criteria: { queue: { name: Probe }, fields: { Title: "probe {{ get_pipe_result('ticket').id }}" }, limit: 1 } }
`

var taking0 = strings.Replace(taking, "        params:\n          on:", "        params:\n          retry: { first: PT1S }\n          on:", 1)

func (c chaos) config() string {
	return chaosForms[c.form] + fmt.Sprintf(`
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", proxy: "${OTAI_DOOR}", timeout: %s, late: %s }
`, chaosTimeout, chaosLate) + c.models()
}

// models is the service of a form that needs one.
func (c chaos) models() string {
	if decides(c.form) {
		return "  models: { use: hf-local:HFClassificationService }\n"
	}
	return ""
}

// goal is how each ticket has to be in the end.
func (c chaos) goal() goal {
	if c.form == "suggestion" {
		return goal{queue: "Incoming", priority: "3 normal", note: "Sorted"}
	}
	return whole
}

// decides is whether the form has a model, whose tests are left to CI and to larger ones.
func decides(form string) bool { return form == "DecisionPipe" || form == "suggestion" }

// chaosOf is whether OTAI_TEST_CHAOS wants this much of it: "ci" or "full".
func chaosOf(much string) bool { return os.Getenv("OTAI_TEST_CHAOS") == much }

func TestChaosOnSQLite(t *testing.T) {
	c := chaos{tickets: 30, kills: 5, processes: 1}
	if full() || chaosOf("ci") {
		c.tickets, c.kills, c.stops = 60, 12, 3
	}
	for form := range chaosForms {
		if decides(form) && c.stops == 0 {
			continue
		}
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			c := c
			c.form = form
			if c.stops > 0 && form == "ForEach" {
				c.frozen = 1 // half a minute
			}
			c.run(t)
		})
	}
}

func TestChaosOnPostgreSQL(t *testing.T) {
	if !full() && !chaosOf("ci") {
		t.Skip("takes two minutes: set OTAI_TEST_CHAOS=ci, or OTAI_TEST_ALL=1")
	}
	for form := range chaosForms {
		if form == "suggestion" && !full() {
			continue
		}
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			chaos{form: form, tickets: 60, kills: 12, stops: 3, frozen: 1, restarts: 1, processes: 3}.run(t)
		})
	}
}

// TestChaosFull takes up to an hour: make chaos.
func TestChaosFull(t *testing.T) {
	if !chaosOf("full") {
		t.Skip("runs in make chaos")
	}
	tickets, kills := chaosNumber("OTAI_TEST_CHAOS_TICKETS", 1000), chaosNumber("OTAI_TEST_CHAOS_KILLS", 200)
	for form := range chaosForms {
		t.Run("SQLite/"+form, func(t *testing.T) {
			t.Parallel()
			chaos{form: form, tickets: tickets, kills: kills, stops: chaosNumber("OTAI_TEST_CHAOS_STOPS", 20) / 4, frozen: 1, processes: 1, pause: 2 * time.Second}.run(t)
		})
		t.Run("PostgreSQL/"+form, func(t *testing.T) {
			t.Parallel()
			chaos{form: form, tickets: tickets, kills: kills, stops: chaosNumber("OTAI_TEST_CHAOS_STOPS", 20), frozen: 3, restarts: chaosNumber("OTAI_TEST_CHAOS_RESTARTS", 5), processes: 3, pause: 2 * time.Second}.run(t)
		})
	}
}

// chaosNumber is a size that the environment may change.
func chaosNumber(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

func (c chaos) run(t *testing.T) {
	if c.seed = uint64(time.Now().UnixNano()); os.Getenv("OTAI_TEST_SEED") != "" {
		seed, err := strconv.ParseUint(os.Getenv("OTAI_TEST_SEED"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		c.seed = seed
	}
	t.Logf("seed %d; timeout %s, late %s, lease %s, retry.first 1s; %d processes, %d tickets, %d kills, %d stops, %d frozen for good, %d restarts of the database",
		c.seed, chaosTimeout, chaosLate, chaosLease, c.processes, c.tickets, c.kills, c.stops, c.frozen, c.restarts)
	w := newWitness(t)
	faults := &chaosFaults{random: rand.New(rand.NewPCG(c.seed, 1)), hit: map[string]int{}}
	arrived := make(chan *request, 1)
	cycles := &comebacks{of: map[string][]comeback{}}
	w.treats(func(q *request) treatment {
		cycles.seen(q)
		if q.update() {
			select {
			case arrived <- q:
			default:
			}
		}
		return faults.treat(q)
	})
	// What is asked without end while nothing is to be done is not needed.
	w.forgets = func(q *request) bool { return q.Operation == "ticket-search" && q.probed() == "" }
	random := rand.New(rand.NewPCG(c.seed, 2))
	ids := w.addMany((c.tickets+1)/2, "x")
	config := writeFile(t, c.config())
	var database cluster
	if c.processes > 1 {
		database = postgres(t)
	}
	type process struct {
		name string // of its present life, and that of its door
		env  []string
		*life
		host, lives int
	}
	hosts := make([]*process, c.processes)
	lives := map[string]*life{}
	begin := func(h *process) {
		h.lives++
		h.name = fmt.Sprintf("host %d, life %d", h.host, h.lives)
		h.life = live(t, append(slices.Clone(h.env), "OTAI_DOOR="+w.door(h.name)), "run", "-c", config)
		lives[h.name] = h.life
	}
	for n := range hosts {
		more := []string{"OTAI_TEST_LEASE=" + chaosLease.String()}
		if database.url != "" {
			more = append(more, "OTAI_DATABASE_URL="+database.url)
		}
		hosts[n] = &process{host: n, env: w.environment(more...)}
		begin(hosts[n])
	}
	// As whatever runs a service does it: one that found no database has ended.
	revive := func() {
		for _, h := range hosts {
			select {
			case <-h.ended:
				t.Logf("%s ended by itself", h.name)
				begin(h)
			default:
			}
		}
	}

	// What is done to the processes, in an order by chance.
	type act struct {
		what string
		whom victim
	}
	var acts []act
	plan := func(what string, times int, whom ...victim) {
		first := random.IntN(len(whom))
		for n := range times {
			acts = append(acts, act{what, whom[(first+n)%len(whom)]})
		}
	}
	plan("kill", c.kills, victims...)
	plan("stop", c.stops, victims...)
	plan("freeze", c.frozen, theWorker)
	plan("restart", c.restarts, "database")
	random.Shuffle(len(acts), func(i, k int) { acts[i], acts[k] = acts[k], acts[i] })
	var strikes []strike
	freezes := map[string][]freeze{}
	var orphans []*life // whose supervisors were killed
	between := 0
	for n, a := range acts {
		faults.pace(len(acts) - n)
		// Tickets come as they are worked off, so that the last strike finds some, too.
		if w.left(ids, c.goal()) < 15 {
			ids = append(ids, w.addMany((c.tickets-len(ids))/(len(acts)-n), "x")...)
		}
		// Where there are tickets left, a process is struck while it writes.
		select {
		case <-arrived:
		case <-time.After(5 * time.Second):
		}
		time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond)
		if c.pause > 0 && random.IntN(2) == 0 {
			until := time.Now().Add(time.Duration(random.Int64N(int64(c.pause))))
			for time.Now().Before(until) && w.left(ids, c.goal()) > 5 {
				time.Sleep(50 * time.Millisecond)
			}
		}
		if w.left(ids, c.goal()) > 0 {
			between++
		}
		revive()
		h := hosts[random.IntN(len(hosts))]
		for until := time.Now().Add(10 * time.Second); a.whom == theWorker && worker(h.Process.Pid) == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) { // it is in a pause after many deaths
				a.whom = theSupervisor
				if a.what == "freeze" {
					a.what = "stop"
				}
			}
		}
		t.Logf("%s: %s %s of %s", time.Now().Format("05.000"), a.what, a.whom, h.name)
		hit := func() {
			s := w.struck(h.name, ids, c.goal())
			s.what = a.what + " " + string(a.whom)
			strikes = append(strikes, s)
		}
		pid := worker(h.Process.Pid)
		switch a.what {
		case "kill":
			a.whom.kill(h.Process)
			hit()
			switch a.whom {
			case theWorker:
				cycles.died(h.name, true)
				continue
			case theSupervisor:
				orphans = append(orphans, h.life)
			case theBoth:
				<-h.ended
			}
			begin(h)
		case "stop":
			thaw := a.whom.freeze(h.Process)
			f := freeze{from: time.Now()}
			hit()
			time.Sleep(chaosLease + time.Duration(1000+random.IntN(1500))*time.Millisecond)
			f.to = time.Now()
			thaw()
			if a.whom != theSupervisor {
				freezes[h.name] = append(freezes[h.name], f)
			}
			if f.to.Sub(f.from) < 20*time.Second && pid != 0 && worker(h.Process.Pid) != pid {
				t.Errorf("%s: its worker was ended though it was frozen for %s only", h.name, f.to.Sub(f.from))
			}
		case "freeze":
			_ = a.whom.freeze(h.Process)
			hit()
			nextWorker(t, h.Process.Pid, pid, 3*time.Minute)
			cycles.died(h.name, false)
			// What it said is read by a goroutine of this process, which is busy.
			said := func() bool { return strings.Contains(h.log.String(), "no longer reports that it works") }
			for until := time.Now().Add(10 * time.Second); !said() && time.Now().Before(until); {
				time.Sleep(10 * time.Millisecond)
			}
			if !said() {
				t.Errorf("%s: a frozen worker was replaced, but not for that", h.name)
			}
		case "restart":
			database.Stop(t, []syscall.Signal{pgtest.Fast, pgtest.Immediate}[random.IntN(2)])
			time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
			database.Start(t)
		}
	}
	revive()
	struck := time.Now()
	ids = append(ids, w.addMany(c.tickets-len(ids), "x")...)
	for done := -1; ; {
		if w.all(3*time.Minute, ids, c.goal()) {
			break
		}
		now := w.judge(ids, c.goal()).Done
		if now == done {
			t.Errorf("%d of %d tickets are done, and no further one within 3 minutes", now, len(ids))
			break
		}
		done = now
	}
	calm := time.Since(struck)
	w.idle()
	time.Sleep(chaosTimeout + chaosLate) // in which a second note would come
	w.ended(time.Minute, hosts[0].env, config)
	for _, h := range hosts {
		h.end(t)
	}
	w.idle()
	for name, l := range lives {
		if log := l.log.String(); strings.Contains(log, "panic: ") || strings.Contains(log, "DATA RACE") {
			t.Errorf("%s:\n%s", name, shortened(log))
		}
	}

	v := w.wantAllDone(ids, c.goal())
	w.wantDecided(hosts[0].env, config, ids, "Sorted")
	repeated, woken := w.repeatedSteps(freezes)
	longest, worst := "", time.Duration(0)
	hits, taken := map[string]int{}, map[string][]time.Duration{}
	for _, s := range strikes {
		hits[s.what]++
		for id, after := range w.takenOver(s) {
			if after > worst {
				longest, worst = id, after
			}
			taken[s.what] = append(taken[s.what], after)
		}
	}
	if worst > 15*time.Second { // mostly set aside, because its process died three times at a step
		for name, l := range lives {
			for line := range strings.Lines(l.log.String()) {
				if strings.Contains(line, `"ticket":"`+longest+`"`) {
					t.Logf("ticket %s, %s: %s", longest, name, strings.TrimSpace(line))
				}
			}
		}
		for _, q := range w.seen(func(q *request) bool { return q.about(longest) || q.probed() == longest }) {
			t.Logf("ticket %s: %s by %s arrived %s, done %s", longest, q.Operation, q.Door, q.Arrived.Format("04:05.000"), q.Done.Format("04:05.000"))
		}
	}
	t.Logf("chaos: %s: %v; %d finished steps repeated (%d readings of processes that woke up); %d of %d strikes while tickets were left; all done %s after the last strike; faults: %v",
		c.form, v, repeated, woken, between, len(acts), calm.Round(time.Millisecond), faults.hit)
	for _, what := range slices.Sorted(maps.Keys(hits)) {
		middle, most := medianAndWorst(taken[what])
		t.Logf("chaos: %s: %-15s %3d times; %d tickets taken over after %s (median), %s (worst)", c.form, what, hits[what], len(taken[what]), middle.Round(time.Millisecond), most.Round(time.Millisecond))
	}
	middle, most := medianAndWorst(cycles.after(lives))
	t.Logf("chaos: %s: a cycle of the next worker %s (median of %d), %s (worst) after a worker was killed, pauses not counted", c.form, middle.Round(time.Millisecond), len(cycles.after(lives)), most.Round(time.Millisecond))
	outlived := make([]time.Duration, 0, len(orphans))
	for _, l := range orphans {
		select {
		case <-l.ended:
			outlived = append(outlived, l.outlived)
		case <-time.After(time.Second):
			t.Errorf("the worker of supervisor %d, which was killed, still runs", l.Process.Pid)
		}
	}
	middle, most = medianAndWorst(outlived)
	t.Logf("chaos: %s: workers outlived their supervisors by %s (median of %d), %s (worst)", c.form, middle.Round(time.Millisecond), len(outlived), most.Round(time.Millisecond))
	if repeated > 0 {
		t.Errorf("%d finished steps were repeated", repeated)
	}
	if folder := os.Getenv("OTAI_TEST_KEEP"); t.Failed() && folder != "" {
		for name, l := range lives {
			name = strings.ReplaceAll(t.Name()+" "+name+".log", "/", " ")
			if err := os.WriteFile(filepath.Join(folder, name), []byte(l.log.String()), 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	if t.Failed() { // what the store has of them
		for _, line := range v.wrong[:min(len(v.wrong), 3)] {
			id, _, _ := strings.Cut(strings.TrimPrefix(line, "ticket "), ":")
			out, _ := w.command(hosts[0].env, "runs", "list", "--ticket", id, "--json", "-c", config)
			t.Logf("runs of ticket %s:\n%s", id, out)
		}
	}
}

// chaosFaults are the faults of the help desk: in every fifth request, one by chance.
type chaosFaults struct {
	random *rand.Rand
	n      int
	hit    map[string]int
	mu     sync.Mutex
	left   int
}

// pace is called before each strike; the help desk is slow enough that not all is done
// before the last one.
func (f *chaosFaults) pace(left int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = left
}

func (f *chaosFaults) between(from, to time.Duration) time.Duration {
	return from + time.Duration(f.random.Int64N(int64(to-from)))
}

// treat is called with the witness's lock held.
func (f *chaosFaults) treat(q *request) treatment {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	usual := treatment{before: f.between(0, 4*time.Millisecond), after: f.between(0, 4*time.Millisecond)}
	if f.left > 0 { // slower while there are strikes to come
		usual.before += 15 * time.Millisecond
	}
	if f.n%5 != 0 {
		return usual
	}
	// Whatever is carried out late is so within timeout and late of its beginning.
	type kind struct {
		name string
		treatment
	}
	kinds := []kind{
		{"cut before it is done", treatment{never: true}},
		{"503", treatment{never: true, status: 503}},
		{"answer lost", treatment{lose: true, before: usual.before}},
		{"slow", treatment{before: f.between(100*time.Millisecond, 900*time.Millisecond)}},
	}
	if q.update() {
		kinds = append(kinds,
			kind{"EOF, done later", treatment{cut: true, before: f.between(100*time.Millisecond, 2*time.Second)}},
			kind{"done, then 502", treatment{status: 502}},
			kind{"504, done later", treatment{status: 504, before: f.between(0, time.Second)}},
			kind{"done after the timeout", treatment{before: f.between(chaosTimeout, chaosTimeout+chaosLate-500*time.Millisecond)}},
		)
		if q.notes() && len(q.Body["Ticket"]) > 0 {
			kinds = append(kinds, kind{"half done, then EOF", treatment{half: true}})
		}
	}
	k := kinds[f.random.IntN(len(kinds))]
	f.hit[k.name]++
	return k.treatment
}

// strike is the moment in which a worker, a supervisor or both were killed or frozen, with the
// tickets that had been begun there and not finished.
type strike struct {
	what    string
	door    string
	at      time.Time
	tickets []string
}

func (w *witness) struck(door string, ids []string, g goal) strike {
	s := strike{door: door, at: time.Now()}
	last := map[string]string{}
	for _, q := range w.updatesOf("") {
		last[q.Ticket] = q.Door
	}
	for _, id := range ids {
		if done, _, _, _ := g.of(w.ticket(id)); !done && last[id] == door {
			s.tickets = append(s.tickets, id)
		}
	}
	return s
}

// left is how many tickets aren't done.
func (w *witness) left(ids []string, g goal) int {
	v := w.judge(ids, g)
	return v.Untouched + v.Half
}

// takenOver is how long each ticket of the strike waited for the next request about it. What a
// worker still does that has lost its supervisor doesn't count.
func (w *witness) takenOver(s strike) map[string]time.Duration {
	out := make(map[string]time.Duration)
	w.mu.Lock()
	defer w.mu.Unlock()
	from, _ := slices.BinarySearchFunc(w.requests, s.at, func(q *request, at time.Time) int { return q.Arrived.Compare(at) })
	for _, id := range s.tickets {
		for _, q := range w.requests[from:] {
			if orphan := s.what == "kill supervisor" && q.Door == s.door; q.Arrived.After(s.at) && q.about(id) && !orphan {
				out[id] = q.Arrived.Sub(s.at)
				break
			}
		}
	}
	return out
}

// about is whether a request reads or changes the ticket.
func (q *request) about(id string) bool {
	if q.Ticket == id {
		return true
	}
	var one string
	var many []string
	if json.Unmarshal(q.Body["TicketID"], &one) == nil {
		return slices.Contains(strings.Split(one, ","), id)
	}
	return json.Unmarshal(q.Body["TicketID"], &many) == nil && slices.Contains(many, id)
}

// probed is the ticket that the probing step asks of.
func (q *request) probed() string {
	id, ok := strings.CutPrefix(strings.ReplaceAll(q.text("Title"), `"`, ""), "probe ")
	if !ok {
		return ""
	}
	return id
}

// freeze is the time for which a process was stopped.
type freeze struct{ from, to time.Time }

// waking is how long after a freeze a reading may arrive that was about to be sent when the
// freeze began: until then the process has noticed that its runs are lost, also on a busy machine.
const waking = time.Second

// repeatedSteps counts what was asked of a ticket by a step that stands before its writes,
// after the first of them had been sent: then the step had been finished. One thing looks
// like that and isn't: a process was frozen in that step, another one took the run over and
// finished the step, and the first one sends its reading when it wakes up. So much may be
// known of it from here: it comes from a process that woke up a moment ago, and the first
// write is another one's and was sent while it was frozen, or since. These are woken.
func (w *witness) repeatedSteps(freezes map[string][]freeze) (repeated, woken int) {
	first := map[string]request{}
	for _, q := range w.updatesOf("") {
		if f, ok := first[q.Ticket]; !ok || q.Arrived.Before(f.Arrived) {
			first[q.Ticket] = q
		}
	}
	for _, q := range w.seen(func(q *request) bool { return q.probed() != "" }) {
		id := q.probed()
		write, begun := first[id]
		if !begun || q.Arrived.Before(write.Arrived) {
			continue
		}
		asleep := slices.ContainsFunc(freezes[q.Door], func(f freeze) bool {
			return q.Door != write.Door && write.Arrived.After(f.from) && q.Arrived.After(f.to) && q.Arrived.Sub(f.to) < waking
		})
		if asleep {
			woken++
		} else {
			repeated++
		}
		w.t.Logf("ticket %s: asked of again by %s, %s after its first update, by a process that woke up: %v", id, q.Door, q.Arrived.Sub(write.Arrived).Round(time.Millisecond), asleep)
		for _, u := range w.seen(func(u *request) bool { return u.Ticket == id || u.probed() == id || u.about(id) }) {
			w.t.Logf("  %s by %s arrived %s, done %s", u.Operation, u.Door, u.Arrived.Format("05.000"), u.Done.Format("05.000"))
		}
	}
	return repeated, woken
}

// comeback is the death of a worker whose supervisor lives, and the next one's first request.
type comeback struct {
	died, back time.Time
	counts     bool
}

// comebacks are those behind each door, in their order.
type comebacks struct {
	mu sync.Mutex
	of map[string][]comeback
}

func (c *comebacks) died(door string, counts bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[door] = append(c.of[door], comeback{died: time.Now(), counts: counts})
}

// underway is how long a request of the dead worker may be underway. No process starts so fast.
const underway = 100 * time.Millisecond

func (c *comebacks) seen(q *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.of[q.Door]
	if n := len(list) - 1; n >= 0 && list[n].back.IsZero() && q.Arrived.Sub(list[n].died) > underway {
		list[n].back = q.Arrived
	}
}

// after is how long it took from each death to the next cycle, but for the pause that the
// supervisor names.
func (c *comebacks) after(lives map[string]*life) (list []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for door, of := range c.of {
		var pauses []time.Duration
		for line := range strings.Lines(lives[door].log.String()) {
			var said struct {
				Message string
				Pause   float64 // ms
			}
			if json.Unmarshal([]byte(line), &said) == nil && strings.HasPrefix(said.Message, "the worker process died and is started again") {
				pauses = append(pauses, time.Duration(said.Pause*float64(time.Millisecond)))
			}
		}
		for n, b := range of {
			if b.counts && !b.back.IsZero() && n < len(pauses) {
				list = append(list, b.back.Sub(b.died)-pauses[n])
			}
		}
	}
	return list
}

func medianAndWorst(d []time.Duration) (median, worst time.Duration) {
	if len(d) == 0 {
		return 0, 0
	}
	slices.Sort(d)
	return d[len(d)/2], d[len(d)-1]
}
