package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// forking is a plugin whose C code leaves two processes behind, once in each worker: one in the
// worker's group, and one that has walked off into a session of its own. They have all that the
// worker had open, its locks too. When both are there, a line says so: see [forkedBy].
const forking = `package main

/*
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay(void) { for (;;) pause(); }

static int forks(pid_t *left) {
	int ends[2];
	if (pipe(ends) != 0) return -1;
	pid_t first = fork();
	if (first == 0) {
		setsid();
		pid_t far = fork();
		if (far == 0) stay();
		_exit(write(ends[1], &far, sizeof far) != sizeof far);
	}
	if (first < 0 || read(ends[0], &left[0], sizeof left[0]) != sizeof left[0]) return -1;
	waitpid(first, 0, 0);
	close(ends[0]);
	close(ends[1]);
	left[1] = fork();
	if (left[1] == 0) stay();
	return left[0] > 0 && left[1] > 0 ? 0 : -1;
}
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

var once = sync.OnceValue(func() error {
	var left [2]C.pid_t
	if C.forks(&left[0]) != 0 {
		return errors.New("fork")
	}
	file, err := os.OpenFile(filepath.Join(filepath.Dir(os.Getenv("OTAI_STATE_DIR")), "forked"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%d: %d %d\n", os.Getpid(), left[0], left[1])
	return err
})

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-forking", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Forks."},
		api.NewPipeFunc("P", "Forks.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) { return api.Success(nil), once() }))
}

func main() {}
`

// forkedBy waits until a worker has forked, and returns the two processes that it has left.
func forkedBy(t *testing.T, env []string, worker int) (left [2]int) {
	t.Helper()
	eventually(t, "the worker has forked", func() bool {
		content, _ := os.ReadFile(filepath.Join(filepath.Dir(stateOf(env)), "forked"))
		for line := range strings.Lines(string(content)) {
			var by int
			if _, err := fmt.Sscanf(line, "%d: %d %d\n", &by, &left[0], &left[1]); err == nil && by == worker {
				return true
			}
		}
		return false
	})
	return left
}

const forkStep = `
- id: fork
  use: "forking:P"
`

// TestStopsWhileTicketsFlow stops otai in the middle of its writes, in each way in which that is
// done: nothing is left running, nothing is locked, and in the end each ticket is done once. After
// a stop in order no write is without an outcome.
func TestStopsWhileTicketsFlow(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	buildPlugin(t, writeModule(t, "otai-forking", forking), filepath.Join(plugins, "otai_forking.so"))
	if err := os.Link(filepath.Join(product.plugins, "otai_otobo_znuny.so"), filepath.Join(plugins, "otai_otobo_znuny.so")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stops   int
		inOrder bool
		stop    func(t *testing.T, l *life, n int)
	}{
		"SIGTERM": {sized(6, 50), true, func(t *testing.T, l *life, _ int) { l.end(t) }},
		"SIGTERM twice": {sized(3, 50), false, func(t *testing.T, l *life, n int) {
			_ = l.Process.Signal(syscall.SIGTERM)
			time.Sleep(time.Duration(n%5) * 10 * time.Millisecond)
			l.end(t)
		}},
		"SIGKILL of the supervisor": {sized(3, 50), false, func(t *testing.T, l *life, _ int) {
			theSupervisor.kill(l.Process)
			l.wait(t)
		}},
		"SIGKILL of the worker": {sized(3, 50), false, func(t *testing.T, l *life, _ int) {
			before := running(l.Env)
			_ = syscall.Kill(workerOf(t, l.Process.Pid), syscall.SIGKILL)
			eventually(t, "another worker runs", func() bool { return strings.Count(l.log.String(), "otai runs") == 2 })
			for _, pid := range running(l.Env) {
				if slices.Contains(before, pid) && pid != l.Process.Pid {
					t.Errorf("process %d of the first worker runs beside the second one", pid)
				}
			}
			l.end(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			ids := w.addMany(c.stops*12, "x")
			arrived := make(chan struct{}, 1)
			w.treats(func(q *request) treatment {
				if q.update() {
					select {
					case arrived <- struct{}{}:
					default:
					}
					return treatment{after: 20 * time.Millisecond}
				}
				return treatment{}
			})
			env := append(w.environment(), "OTAI_PLUGIN_DIR="+plugins)
			config := writeFile(t, rowConfig(5, "timeout: PT3S, late: PT2S", forkStep+allInOneStep))
			for n := range c.stops {
				select {
				case <-arrived:
				default:
				}
				l := live(t, env, "run", "-c", config)
				select {
				case <-arrived:
				case <-time.After(20 * time.Second):
					t.Fatal("it writes nothing")
				}
				time.Sleep(time.Duration(n%7*9) * time.Millisecond)
				forkedBy(t, env, workerOf(t, l.Process.Pid))
				c.stop(t, l, n)
				if left := running(l.Env); len(left) > 0 {
					t.Fatalf("stop %d: left running: %v", n, left)
				}
				if !unlocked(t, filepath.Join(stateOf(env), "runs.lock")) {
					t.Fatalf("stop %d: the state folder is locked", n)
				}
				if !c.inOrder {
					continue
				}
				if code := l.ProcessState.ExitCode(); code != 0 {
					t.Fatalf("stop %d: exit code %d", n, code)
				}
				if doubt := w.inDoubt(env, config); doubt != 0 {
					t.Fatalf("stop %d: %d writes are without an outcome", n, doubt)
				}
			}
			l := live(t, env, "run", "-c", config)
			w.all(2*time.Minute, ids, whole)
			l.end(t)
			row(t, "stops while it writes", "%s: %d stops, %v", name, c.stops, w.wantAllDone(ids, whole))
		})
	}
}

// inDoubt is how many writes are without an outcome.
func (w *witness) inDoubt(env []string, config string) int {
	w.t.Helper()
	out, code := w.command(env, "runs", "waiting", "--json", "-c", config)
	var waiting struct {
		InDoubt *int `json:"in_doubt"`
	}
	if err := json.Unmarshal([]byte(out), &waiting); err != nil || waiting.InDoubt == nil || code != 0 {
		w.t.Fatalf("%d, %v: %s", code, err, out)
	}
	return *waiting.InDoubt
}

// running are the processes that have an environment, which has a state folder of its own.
func running(env []string) (pids []int) {
	mark := []byte("OTAI_STATE_DIR=" + stateOf(env) + "\x00")
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if content, _ := os.ReadFile("/proc/" + entry.Name() + "/environ"); bytes.Contains(content, mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func unlocked(t *testing.T, path string) bool {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// wait waits for the end of a process that is about to.
func (l *life) wait(t *testing.T) {
	t.Helper()
	select {
	case <-l.ended:
	case <-time.After(20 * time.Second):
		t.Error("it did not end")
		l.kill()
	}
}

// TestWhatOutlivedBothIsNamed: where supervisor and worker are killed at once, nobody is left who
// could end what C code has forked. It holds the lock, and whoever comes next says so.
func TestWhatOutlivedBothIsNamed(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	buildPlugin(t, writeModule(t, "otai-forking", forking), filepath.Join(plugins, "otai_forking.so"))
	env := environment(t, "OTAI_PLUGIN_DIR="+plugins)
	config := writeFile(t, "orchestrator:\n  runners:\n    - run: { id: a, use: \"forking:P\" }\n")
	p := start(t, env, "run", "-c", config)
	supervisor := p.cmd.Process
	worker := workerOf(t, supervisor.Pid)
	left := forkedBy(t, env, worker)
	t.Cleanup(func() { // or they would be waited for
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	killAll(supervisor)
	eventually(t, "both have ended", func() bool {
		pids := running(env)
		return !slices.Contains(pids, supervisor.Pid) && !slices.Contains(pids, worker)
	})
	if pids := running(env); !slices.Contains(pids, left[0]) {
		t.Fatalf("of %v, what has a session of its own has ended: %v run", left, pids)
	}
	out, err := runOtai(t, env, "run", "--once", "-c", config)
	if want := fmt.Sprintf("process %d, which worked with", supervisor.Pid); exitCode(err) != 1 || !strings.Contains(out, want) {
		t.Errorf("%v, want %q:\n%s", err, want, out)
	}
	// What is printed is typed.
	command := regexp.MustCompile(`end that \((kill -9( [0-9]+)+)\)`).FindStringSubmatch(out)
	if command == nil {
		t.Fatalf("it prints no command:\n%s", out)
	}
	if out, err := newCommand("sh", "-c", command[1]).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", command[1], err, out)
	}
	if out, err := runOtai(t, env, "run", "--once", "-c", config); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
