package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	reloadedLine    = `"message":"the configuration was reloaded"`
	notReloadedLine = `"message":"the configuration was not reloaded`
)

// put writes a configuration as editors do: whole, under another name first.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// reloads asks for a reload by SIGHUP, and reports whether it was one.
func (l *life) reloads(t *testing.T) bool {
	t.Helper()
	before := l.log.String()
	good, bad := strings.Count(before, reloadedLine), strings.Count(before, notReloadedLine)
	if err := l.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	became := false
	eventually(t, "the reload has ended", func() bool {
		now := l.log.String()
		became = strings.Count(now, reloadedLine) > good
		return became || strings.Count(now, notReloadedLine) > bad
	})
	return became
}

// gaps are the times, in milliseconds, in which no worker had the store.
func (l *life) gaps() (most, sum float64, n int) {
	for line := range strings.Lines(l.log.String()) {
		var of struct {
			Gap     *float64 `json:"gap"`
			Message string   `json:"message"`
		}
		if strings.Contains(line, reloadedLine) && json.Unmarshal([]byte(line), &of) == nil && of.Gap != nil {
			most, sum, n = max(most, *of.Gap), sum+*of.Gap, n+1
		}
	}
	return most, sum, n
}

// variants of a configuration, of which each can go wrong in its own way: another step, another
// service, a further and a removed runner. breaks are broken ones.
func variants() (good, breaks []string) {
	const desk = "timeout: PT3S, late: PT2S"
	plain := rowConfig(3, desk, allInOneStep)
	good = []string{
		plain,
		rowConfig(3, desk, "\n- { id: before, use: base:ExpressionPipe, params: { expression: 2 } }\n"+allInOneStep),
		rowConfig(5, "timeout: PT4S, late: PT2S", allInOneStep),
		strings.Replace(plain, "    steps:\n", "    steps:\n      - { id: further, use: base:ExpressionPipe, params: { expression: 1 } }\n", 1),
	}
	return good, []string{"orchestrator: [", strings.Replace(plain, "base:UpdateTicketPipe", "base:UpdateTicketPip", 1), plain + "\n  other: { use: none:Such }\n"}
}

// flow adds tickets until its end, and returns their ids then.
func (w *witness) flow(each time.Duration) (end func() []string) {
	stop, added := make(chan struct{}), make(chan []string)
	go func() {
		var ids []string
		for n := 0; ; n++ {
			select {
			case <-stop:
				added <- ids
				return
			case <-time.After(each):
				ids = append(ids, w.add(fmt.Sprintf("x %d", n))...)
			}
		}
	}()
	return sync.OnceValue(func() []string { close(stop); return <-added })
}

// TestReloadsUnderLoad changes the configuration again and again while tickets come in, on one host
// and on two that share a database. Each fourth or tenth configuration is broken.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	for name, hosts := range map[string]int{"one process": 1, "two processes with PostgreSQL": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reloadsUnderLoad(t, hosts)
		})
	}
}

func reloadsUnderLoad(t *testing.T, hosts int) {
	t.Helper()
	w := newWitness(t)
	times, broken := sized(9, 100), sized(4, 10)
	good, breaks := variants()
	config := writeFile(t, good[0])
	var lives []*life
	for _, env := range w.hosts(t, hosts) {
		lives = append(lives, live(t, env, "run", "-c", config))
	}
	for _, l := range lives {
		eventually(t, "it runs", func() bool { return strings.Contains(l.log.String(), "otai runs") })
	}
	flown := w.flow(50 * time.Millisecond)
	defer flown()
	size := func() (memory, files int) {
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", lives[0].Process.Pid))
		return int(figureOf(lives[0].Process.Pid, "RssAnon")), len(entries)
	}
	var memory, files []int
	for n := range times {
		l := lives[n%len(lives)]
		wrong := n%broken == broken-1
		if wrong {
			put(t, config, breaks[n/broken%len(breaks)])
		} else {
			put(t, config, good[(n+1)%len(good)])
		}
		if l.reloads(t) == wrong {
			t.Fatalf("reload %d: a broken configuration was taken, or a good one was not", n)
		}
		m, f := size()
		memory, files = append(memory, m), append(files, f)
	}
	ids := flown()
	w.all(2*time.Minute, ids, whole)
	most, sum, n := 0.0, 0.0, 0
	for _, l := range lives {
		l.end(t)
		if code := l.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if strings.Contains(l.log.String(), "died") {
			t.Error("a worker died")
		}
		if left := running(l.Env); len(left) > 0 {
			t.Errorf("left running: %v", left)
		}
		m, s, c := l.gaps()
		most, sum, n = max(most, m), sum+s, n+c
	}
	row(t, "reloads while it writes", "%d hosts, %d reloads, %d tickets, gap at most %.0f ms, %.0f on average: %v", hosts, times, len(ids), most, sum/float64(max(n, 1)), w.wantAllDone(ids, whole))
	early, late := memory[:len(memory)/2], memory[len(memory)/2:]
	row(t, "the supervisor meanwhile", "%d to %d KiB in the first half, %d to %d in the second; descriptors %d to %d, at the end %d",
		slices.Min(early), slices.Max(early), slices.Min(late), slices.Max(late), slices.Min(files), slices.Max(files), files[len(files)-1])
	// A worker that has its place to give up may still be there.
	if files[len(files)-1] > slices.Min(files)+10 || full() && slices.Max(late) > slices.Max(early)+2<<10 || slices.Max(memory) > 10<<10 {
		t.Errorf("it grows: memory %v KiB, descriptors %v", memory, files)
	}
}

func TestReloadSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	good := rowConfig(3, "timeout: PT3S, late: PT2S", allInOneStep)
	config := writeFile(t, good)
	if out, code := w.command(env, "reload", "--wait"); code != 1 || !strings.Contains(out, "--state-dir") {
		t.Errorf("where nothing runs: %d, %s", code, out)
	}
	if out, code := w.command(env, "reload", "--binary"); code != 0 || !strings.Contains(out, "nothing to reload") {
		t.Errorf("after an update, where nothing runs: %d, %s", code, out)
	}
	l := live(t, env, "run", "-c", config)
	w.wantStatus(env, time.Minute, "it is ready", isReady)
	put(t, config, strings.Replace(good, "base:UpdateTicketPipe", "base:UpdateTicketPip", 1))
	out, code := w.command(env, "reload", "--wait")
	if code != 1 || !strings.Contains(out, "UpdateTicketPip") || !strings.Contains(out, config+":") {
		t.Errorf("a wrong one: %d, %s", code, out)
	}
	w.wantStatus(env, time.Minute, "status says why, and otai is ready", func(parts []statusPart, ready bool) bool {
		for _, p := range parts {
			if p.Kind == "configuration" {
				return ready && p.State == "failing" && strings.Contains(p.Why, "UpdateTicketPip")
			}
		}
		return false
	})
	put(t, config, good)
	if out, code := w.command(env, "reload", "--wait"); code != 0 || !strings.Contains(out, "was reloaded") {
		t.Errorf("a good one: %d, %s", code, out)
	}
	if out, code := w.command(env, "reload"); code != 0 {
		t.Errorf("without --wait: %d, %s", code, out)
	}
	ids := w.add("x")
	w.all(time.Minute, ids, whole)
	w.wantAllDone(ids, whole)
	l.end(t)
}

// TestTheClocksOfTriggersGoOn reloads again and again within an interval, which is over all the same,
// and no reload fires what isn't due.
func TestTheClocksOfTriggersGoOn(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	every := func(interval string) string {
		return strings.Replace(rowConfig(3, "timeout: PT3S, late: PT2S", allInOneStep), "interval: PT0S", "interval: "+interval, 1)
	}
	config := writeFile(t, every("P1D"))
	l := live(t, env, "run", "-c", config)
	ids := w.add("x")
	w.wantStatus(env, time.Minute, "it is ready", isReady)
	for range 2 {
		if !l.reloads(t) {
			t.Fatal("it was not reloaded")
		}
	}
	if got := w.ticket(ids[0]); got.Queue != "Incoming" {
		t.Error("a reload has fired a runner with an interval of a day")
	}
	l.end(t)
	put(t, config, every("PT20S"))
	l = live(t, env, "run", "-c", config)
	w.wantStatus(env, time.Minute, "it is ready", isReady)
	for until := time.Now().Add(time.Minute); time.Now().Before(until) && w.ticket(ids[0]).Queue == "Incoming"; time.Sleep(time.Second) {
		l.reloads(t) // far more often than the interval, as long as one takes less
	}
	w.wantAllDone(ids, whole)
	l.end(t)
}
