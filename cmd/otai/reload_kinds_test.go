package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// unrulyConfig takes tickets, has the unruly plugin's pipe "act" do something for each, and writes. Its
// service "s" has a Start of that plugin.
func unrulyConfig(w *witness) string {
	return fmt.Sprintf(`
services:
  desk: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q, timeout: PT5S, late: PT2S } }
  s: { use: "unruly:S", params: { name: s } }
orchestrator:
  runners:
`, w.url()) + runnerText("sort", "{ use: base:IntervalTrigger, params: { interval: PT0S } }", taken("desk", "\n- { id: act, use: \"unruly:P\", params: { name: act } }\n"+allInOneStep), "")
}

// TestAReplacedPluginAndBinaryAreTaken by a reload, with nothing lost: the plugin's file changes its
// version, and a binary is put in place of the one that was started. A file that is broken changes nothing.
func TestAReplacedPluginAndBinaryAreTaken(t *testing.T) {
	t.Parallel()
	w, u := newWitness(t), newUnruly(t)
	binary := filepath.Join(t.TempDir(), "otai")
	copyProgram(t, binary, "")
	env := w.environment(u.environment()...)
	l := &life{Cmd: newCommand(binary, "run", "-c", writeFile(t, unrulyConfig(w))), log: &buffer{}, ended: make(chan struct{})}
	l.Env, l.Dir = env, t.TempDir()
	l.Stdout, l.Stderr = l.log, l.log
	l.begin(t)
	eventually(t, "it is ready", socketOf(env).ready)
	flown := w.flow(50 * time.Millisecond)
	defer flown()
	for n := range sized(3, 20) {
		version := fmt.Sprintf("1.0.%d", n+1)
		u.build(t, strings.Replace(unrulySource, `version = "1.0.0"`, fmt.Sprintf("version = %q", version), 1))
		if !l.reloads(t) {
			t.Fatal("the plugin was not taken")
		}
		eventually(t, "the new plugin works", func() bool { return strings.Contains(u.said(), "act "+version) })

		file := filepath.Join(u.plugins, "otai_unruly.so")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file, string(content[:len(content)/2])) // half of it, as while it is being copied
		if l.reloads(t) {
			t.Error("half a plugin was taken")
		}
		put(t, file, string(content))

		copyProgram(t, binary, version)
		if out, code := w.command(env, "reload", "--binary", "--wait"); code != 0 {
			t.Fatalf("reload --binary: %d, %s", code, out)
		}
		here, _ := os.Stat(binary)
		eventually(t, "the worker is of the new binary, and the old one has ended", func() bool {
			runs, err := os.Stat(fmt.Sprintf("/proc/%d/exe", worker(l.Process.Pid)))
			return err == nil && os.SameFile(here, runs)
		})
	}
	ids := flown()
	w.all(2*time.Minute, ids, whole)
	l.end(t)
	most, sum, n := l.gaps()
	row(t, "a replaced plugin and a replaced binary", "%d reloads, gap at most %.0f ms, %.0f on average: %v", n, most, sum/float64(max(n, 1)), w.wantAllDone(ids, whole))
	if strings.Contains(l.log.String(), "died") {
		t.Error("a worker died")
	}
}

// copyProgram puts otai at a path, whole, as another file of the same program.
func copyProgram(t *testing.T, path, mark string) {
	t.Helper()
	content, err := os.ReadFile(product.otai)
	if err == nil {
		err = keptbuild.WriteProgram(path+".new", append(content, mark...), 0o755)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhoeverIsKilledDuringAHandOver by the real binary: while the new worker is being prepared, while
// the old one ends a step that takes long, and at any moment. What is left goes on, and no ticket is lost
// or written twice.
func TestWhoeverIsKilledDuringAHandOver(t *testing.T) {
	t.Parallel()
	w, u := newWitness(t), newUnruly(t)
	env := w.environment(u.environment()...)
	config := writeFile(t, unrulyConfig(w))
	begin := func() *life {
		l := live(t, env, "run", "-c", config)
		eventually(t, "it is ready", socketOf(env).ready)
		return l
	}
	l := begin()
	flown := w.flow(100 * time.Millisecond)
	defer flown()
	kills := map[string]int{}
	strike := func(phase, whom string, wait func(old int)) {
		t.Helper()
		supervisor := l.Process.Pid
		old := workerOf(t, supervisor)
		said := strings.Count(u.said(), "s 1.0.0")
		if err := l.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if phase != "any" {
			eventually(t, "the new worker begins", func() bool { return strings.Count(u.said(), "s 1.0.0") > said })
		}
		wait(old)
		kills[phase+" "+whom]++
		switch whom {
		case "supervisor":
			_ = l.Process.Kill()
			u.does(t, "s", "")
			<-l.ended
			l = begin()
		default:
			for _, pid := range childrenOf(supervisor) {
				if (pid == old) == (whom == "old") {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			u.does(t, "s", "")
			eventually(t, "it is ready again", func() bool { p := worker(supervisor); return p != 0 && socketOf(env).ready() })
		}
		u.does(t, "act", "")
		before := len(w.updatesOf(""))
		eventually(t, "it works again", func() bool { return len(w.updatesOf("")) > before })
	}
	for _, whom := range []string{"old", "new", "supervisor"} {
		u.does(t, "s", "hold")
		strike("prepares", whom, func(int) {})
		u.does(t, "act", "sleep 3s")
		time.Sleep(300 * time.Millisecond)
		strike("yields", whom, func(int) { time.Sleep(100 * time.Millisecond) })
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 7))
	t.Logf("seed %d", seed)
	for range sized(4, 100) {
		whom := []string{"old", "new", "supervisor"}[random.IntN(3)]
		strike("any", whom, func(int) { time.Sleep(time.Duration(random.IntN(800)) * time.Millisecond) })
	}
	ids := flown()
	w.all(2*time.Minute, ids, whole)
	l.end(t)
	row(t, "killed during a hand-over", "%v; %v", kills, w.wantAllDone(ids, whole))
	if left := running(env); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
}

// TestAReloadMeetsWhatIsUnderWay: a step that doesn't end, a pause, a revert, another reload.
func TestAReloadMeetsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	t.Run("a step that takes long", func(t *testing.T) {
		t.Parallel()
		w, u := newWitness(t), newUnruly(t)
		env := w.environment(u.environment()...)
		u.does(t, "act", "sleep 20s")
		ids := w.add("x")
		l := live(t, env, "run", "-c", writeFile(t, unrulyConfig(w)))
		eventually(t, "the step is at work", func() bool { return strings.Contains(u.said(), "act 1.0.0") })
		u.does(t, "act", "")
		if !l.reloads(t) {
			t.Fatal("it was not reloaded")
		}
		if !w.all(patient, ids, whole) {
			t.Error("its ticket is not done")
		}
		time.Sleep(time.Second)
		gap, _, _ := l.gaps()
		row(t, "a reload during a long step", "gap %.0f ms, the step was called %d times: %v", gap, strings.Count(u.said(), "act "), w.wantAllDone(ids, whole))
		if gap > 15_000 {
			t.Errorf("the gap is %.0f ms", gap)
		}
		l.end(t)
	})
	t.Run("a pause", func(t *testing.T) {
		t.Parallel()
		w := newWitness(t)
		env := w.environment()
		config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
		l := live(t, env, "run", "-c", config)
		eventually(t, "it is ready", socketOf(env).ready)
		if out, code := w.command(env, "runs", "pause", "sort", "-c", config); code != 0 {
			t.Fatalf("%d: %s", code, out)
		}
		ids := w.addMany(5, "x")
		for range 2 {
			if !l.reloads(t) {
				t.Fatal("it was not reloaded")
			}
		}
		time.Sleep(2 * time.Second)
		if n := len(w.updatesOf("")); n > 0 {
			t.Errorf("%d updates while it is paused", n)
		}
		if h, err := socketOf(env).health(); err != nil || h.part("runner", "sort").State != "paused" || !h.Ready {
			t.Errorf("%v %+v", err, h)
		}
		if out, code := w.command(env, "runs", "resume", "sort", "-c", config); code != 0 {
			t.Fatalf("%d: %s", code, out)
		}
		w.all(patient, ids, whole)
		w.wantAllDone(ids, whole)
		l.end(t)
	})
	t.Run("a revert", func(t *testing.T) {
		t.Parallel()
		w := newWitness(t)
		env := w.environment()
		config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
		ids := w.addMany(sized(60, 1000), "x")
		l := live(t, env, "run", "-c", config)
		if !w.all(patientFor(2*time.Minute), ids, whole) {
			t.Fatal("the tickets are not changed at all")
		}
		reverts := newCommand(product.otai, "revert", "-c", config, "--since", "PT1H")
		out := &buffer{}
		reverts.Env, reverts.Dir, reverts.Stdout, reverts.Stderr = env, t.TempDir(), out, out
		if err := reverts.Start(); err != nil {
			t.Fatal(err)
		}
		reloads, during := 0, 0
		ended := make(chan error, 1)
		go func() { ended <- reverts.Wait() }()
		var err error
	underway:
		for {
			select {
			case err = <-ended:
				break underway
			default:
			}
			if !l.reloads(t) {
				t.Fatal("it was not reloaded")
			}
			reloads++
			back := 0
			for _, id := range ids {
				if w.ticket(id).Queue == "Incoming" {
					back++
				}
			}
			if back > 0 && back < len(ids) {
				during++
			}
		}
		if err != nil {
			t.Errorf("revert: %v\n%s", err, out)
		}
		back := 0
		for _, id := range ids {
			if is := w.ticket(id); is.Queue == "Incoming" && is.Priority == "3 normal" && notesIn(is, putBackNote) == 1 && notesIn(is, "Sorted") == 1 {
				back++
			}
		}
		row(t, "reloads during a revert", "%d reloads, %d of them while tickets were put back; %d of %d as they were", reloads, during, back, len(ids))
		if back != len(ids) {
			t.Error("not all were put back, once")
		}
		l.end(t)
	})
	t.Run("another reload", func(t *testing.T) {
		t.Parallel()
		w := newWitness(t)
		env := w.environment()
		good, _ := variants()
		config := writeFile(t, good[0])
		l := live(t, env, "run", "-c", config)
		eventually(t, "it is ready", socketOf(env).ready)
		ids := w.addMany(20, "x")
		var all sync.WaitGroup
		for n := range 6 {
			put(t, config, good[n%len(good)])
			all.Go(func() {
				if out, code := w.command(env, "reload", "--wait"); code != 0 {
					t.Errorf("%d: %s", code, out)
				}
			})
		}
		all.Wait()
		w.all(patient, ids, whole)
		row(t, "six reloads at once", "%d were done: %v", strings.Count(l.log.String(), reloadedLine), w.wantAllDone(ids, whole))
		l.end(t)
	})
}

// TestAReloadWhileTheStoreIsLost: nobody can work then; once the database is back, one does.
func TestAReloadWhileTheStoreIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		down   time.Duration
		reload bool // it is a reload, at last
	}{{"for a moment", 10 * time.Second, true}, {"for longer than a hand-over may take", 80 * time.Second, false}} {
		t.Run(c.name, func(t *testing.T) {
			if !c.reload {
				needsAll(t)
			}
			t.Parallel()
			database := postgres(t)
			w := newWitness(t)
			env := w.environment("OTAI_DATABASE_URL=" + database.url)
			l := live(t, env, "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep)))
			eventually(t, "it is ready", socketOf(env).ready)
			ids := w.addMany(3, "x")
			w.all(patient, ids, whole)
			database.Stop(t, pgtest.Fast)
			ids = append(ids, w.addMany(5, "x")...)
			if err := l.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(c.down)
			if socketOf(env).ready() {
				t.Error("it is ready without its store")
			}
			database.Start(t)
			if !w.all(2*time.Minute, ids, whole) {
				t.Error("it doesn't work again")
			}
			eventually(t, "it is ready by itself", socketOf(env).ready)
			w.wantAllDone(ids, whole)
			row(t, "a reload while the store is lost", "%s: reloaded %d times, not %d times", c.name, strings.Count(l.log.String(), reloadedLine), strings.Count(l.log.String(), notReloadedLine))
			l.end(t)
			if left := running(env); len(left) > 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}
