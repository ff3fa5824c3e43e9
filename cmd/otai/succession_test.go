package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
)

const becameLine = `"message":"the supervisor is now of the worker's otai, too"`

// builds are two builds of otai, of versions of their own.
func builds(t *testing.T) (versions map[string]string) {
	t.Helper()
	versions = make(map[string]string)
	for _, version := range []string{"0.2.0", "0.3.0"} {
		path := filepath.Join(t.TempDir(), "otai")
		dir := filepath.Join(product.root, "cmd", "otai")
		if err := keptAt(path, 0o755, dir, nil, buildFlags(dir, "-ldflags=-s -w -X main.version="+version)...); err != nil {
			t.Fatal(err)
		}
		versions[version] = path
	}
	return versions
}

// install puts a program at a path, whole, as a package does.
func install(t *testing.T, path, from string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = keptbuild.WriteProgram(path+".new", content, 0o755)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// liveOf is a service of a program of its own.
func liveOf(t *testing.T, program string, env []string, args ...string) *life {
	t.Helper()
	l := &life{Cmd: newCommand(program, args...), log: &buffer{}, ended: make(chan struct{})}
	l.Env, l.Dir = env, t.TempDir()
	l.Stdout, l.Stderr = l.log, l.log
	return l.begin(t)
}

// TestTheSupervisorIsReplacedUnderLoad: by one build and another in turns, while tickets come in, others ask how
// it is again and again, and a worker is killed right after every third.
func TestTheSupervisorIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	of := builds(t)
	w := newWitness(t)
	env := w.environment()
	program := filepath.Join(t.TempDir(), "otai")
	install(t, program, of["0.2.0"])
	address := freeAddress(t)
	config := writeFile(t, "infrastructure: { admin: { listen: \""+address+"\" } }\n"+rowConfig(3, "timeout: PT3S, late: PT2S", allInOneStep))
	l := liveOf(t, program, env, "run", "--log-format", "json", "-c", config)
	eventually(t, "it is ready", socketOf(env).ready)
	pid := l.Process.Pid
	flown := w.flow(50 * time.Millisecond)
	defer flown()

	// Nobody who asks is turned away at any time.
	stop, asked, refused := make(chan struct{}), 0, []string{}
	var asks sync.WaitGroup
	asks.Go(func() {
		client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			answer, err := client.Get("http://" + address + "/healthz")
			if asked++; err != nil {
				refused = append(refused, err.Error())
				continue
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
	})

	versions := slices.Sorted(maps.Keys(of))
	var memory, files []int64
	times, kills := sized(6, 20), 0
	for n := range times {
		version := versions[(n+1)%2]
		install(t, program, of[version])
		if out, code := w.command(env, "reload", "--binary", "--wait"); code != 0 {
			t.Fatalf("%d: %s", code, out)
		}
		eventually(t, "the supervisor is of the new release", func() bool { return strings.Count(l.log.String(), becameLine) == n+1 })
		var h struct {
			Version string `json:"version"`
			Worker  string `json:"worker_version"`
		}
		eventually(t, "both say that they are of the new release", func() bool {
			_, content, err := socketOf(env).get("/status")
			return err == nil && json.Unmarshal(content, &h) == nil && h.Version == version && h.Worker == version
		})
		if n%3 == 2 {
			kills++
			before := strings.Count(l.log.String(), `"message":"otai runs"`)
			_ = syscall.Kill(workerOf(t, pid), syscall.SIGKILL)
			eventually(t, "another worker works", func() bool { return strings.Count(l.log.String(), `"message":"otai runs"`) > before })
			eventually(t, "it is ready", socketOf(env).ready)
		}
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		memory, files = append(memory, figureOf(pid, "RssAnon")), append(files, int64(len(entries)))
	}
	close(stop)
	asks.Wait()
	ids := flown()
	w.all(2*time.Minute, ids, whole)
	if l.Process.Pid != pid || syscall.Kill(pid, 0) != nil {
		t.Error("it is another process")
	}
	l.end(t)
	if code := l.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := running(env); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	most, _, _ := l.gaps()
	row(t, "the supervisor is replaced", "%d times, %d kills right after, gap at most %.0f ms, asked %d times, turned away %d; memory %d to %d KiB, descriptors %d to %d: %v",
		times, kills, most, asked, len(refused), slices.Min(memory), slices.Max(memory), slices.Min(files), slices.Max(files), w.wantAllDone(ids, whole))
	if len(refused) > 0 {
		t.Errorf("turned away: %q", refused)
	}
	if slices.Max(memory) > 10<<10 || files[len(files)-1] > files[0]+3 {
		t.Errorf("it grows: memory %v KiB, descriptors %v", memory, files)
	}
}

// TestWhatIsNoReleaseReplacesNothing: a program that isn't otai, and half of one. What works goes on.
func TestWhatIsNoReleaseReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"/bin/true": -1, "half of otai": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			env := w.environment()
			program := filepath.Join(t.TempDir(), "otai")
			install(t, program, product.otai)
			l := liveOf(t, program, env, "run", "--log-format", "json", "-c", writeFile(t, rowConfig(1, "timeout: PT3S, late: PT2S", allInOneStep)))
			eventually(t, "it is ready", socketOf(env).ready)
			if size < 0 {
				install(t, program, "/bin/true")
			} else {
				content, err := os.ReadFile(product.otai)
				if err != nil {
					t.Fatal(err)
				}
				half := filepath.Join(t.TempDir(), "half")
				if err := os.WriteFile(half, content[:len(content)/int(size)], 0o600); err != nil {
					t.Fatal(err)
				}
				install(t, program, half)
			}
			out, code := w.command(env, "reload", "--binary", "--wait")
			if code == 0 && size < 0 { // instead of what can't be run, the one that works is
				t.Errorf("it was taken: %s", out)
			}
			ids := w.add("x")
			w.all(time.Minute, ids, whole)
			w.wantAllDone(ids, whole)
			if strings.Contains(l.log.String(), becameLine) {
				t.Error("it became that")
			}
			install(t, program, product.otai) // which is another file than the one that was started
			if out, code := w.command(env, "reload", "--binary", "--wait"); code != 0 {
				t.Errorf("%d: %s", code, out)
			}
			eventually(t, "it is of the new file", func() bool { return strings.Contains(l.log.String(), becameLine) })
			l.end(t)
		})
	}
}

// TestAReloadIsDeep: the help desk is asked what the doctor asks, before anything changes.
func TestAReloadIsDeep(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	good := rowConfig(3, "timeout: PT3S, late: PT2S", allInOneStep)
	config := writeFile(t, good)
	first := w.add("x") // by which the doctor tries names
	l := live(t, env, "run", "-c", config)
	w.all(time.Minute, first, whole)
	w.wantStatus(env, time.Minute, "it is ready", isReady)
	out, code := w.command(env, "reload", "--deep")
	if code != 0 || !strings.Contains(out, "had failed nowhere") {
		t.Errorf("%d: %s", code, out)
	}
	wrong := strings.Replace(good, "queue: { name: IT }", "queue: { name: Nowhere }", 1)
	if wrong == good {
		t.Fatal("the configuration names no queue IT")
	}
	put(t, config, wrong)
	before := len(w.updatesOf(""))
	if out, code := w.command(env, "reload", "--deep"); code != 1 || !strings.Contains(out, "Nowhere") || !strings.Contains(out, "nothing was changed") {
		t.Errorf("a queue that isn't there: %d, %s", code, out)
	}
	if after := len(w.updatesOf("")); after != before {
		t.Errorf("it wrote %d times", after-before)
	}
	ids := w.add("x")
	w.all(time.Minute, ids, whole)
	w.wantAllDone(ids, whole)
	if out, code := w.command(env, "reload", "--wait"); code != 0 {
		t.Errorf("without --deep it isn't looked at: %d, %s", code, out)
	}
	l.end(t)
}

// TestAStartThatBlocksEndsAReload after infrastructure.reload_timeout, and what runs goes on.
func TestAStartThatBlocksEndsAReload(t *testing.T) {
	t.Parallel()
	w, u := newWitness(t), newUnruly(t)
	env := w.environment(u.environment()...)
	config := writeFile(t, "infrastructure: { start_timeout: PT10M, reload_timeout: PT3S }\n"+unrulyConfig(w))
	l := live(t, env, "run", "-c", config)
	eventually(t, "it is ready", socketOf(env).ready)
	flown := w.flow(100 * time.Millisecond)
	defer flown()
	u.does(t, "s", "hold")
	began := time.Now()
	out, code := w.command(env, "reload", "--wait")
	for _, want := range []string{"not ready within 3 seconds", "starting a service", "otai_unruly.so", "infrastructure.reload_timeout"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("%d: no %q in %s", code, want, out)
		}
	}
	row(t, "a start that blocks at a reload", "refused after %v", time.Since(began).Round(time.Second))
	u.does(t, "s", "")
	if !l.reloads(t) {
		t.Error("the plugin is refused since then")
	}
	ids := flown()
	w.all(time.Minute, ids, whole)
	w.wantAllDone(ids, whole)
	l.end(t)
}
