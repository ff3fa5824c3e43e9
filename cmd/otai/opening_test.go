package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// TestAPluginIsNotGuiltyOfWhatEndedItsOpeningFromOutside: that a plugin is being opened counts against it
// only where the supervisor saw its worker die of itself. What lies in the state folder then is all
// that a machine which went down has left, too.
func TestAPluginIsNotGuiltyOfWhatEndedItsOpeningFromOutside(t *testing.T) {
	t.Parallel()
	source := strings.Replace(exitsWhere, `func init() { at("init") }`, `func init() {
	stays := os.Getenv("STAYS")
	if stays == "" || os.Args[1] != "run" {
		return
	}
	file, err := os.OpenFile(stays, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil { // the first time
		file.Close()
		select {}
	}
}`, 1)
	plugins := t.TempDir()
	buildPlugin(t, writeModule(t, "otai-leaving", source), filepath.Join(plugins, "otai_leaving.so"))
	kill := func(pids ...int) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for name, c := range map[string]struct {
		kills    func(supervisor, worker int)
		goesOn   bool // the supervisor has another worker
		restarts int
	}{
		"the worker":     {func(_, worker int) { kill(worker) }, true, 1},
		"the supervisor": {func(supervisor, _ int) { kill(supervisor) }, false, 0},
		"both, as where the machine goes down": {func(supervisor, worker int) {
			_ = syscall.Kill(supervisor, syscall.SIGSTOP) // so that it sees nothing
			kill(worker, supervisor)
		}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t, "OTAI_PLUGIN_DIR="+plugins, "OTAI_PROBE_TIMEOUT=10m")
			config, stays := writeFile(t, leavingUsed), filepath.Join(t.TempDir(), "stays")
			p := start(t, append(env, "STAYS="+stays), "run", "-c", config)
			eventually(t, "the plugin is being opened", func() bool { _, err := os.Stat(stays); return err == nil })
			marks := func() []string {
				found, err := filepath.Glob(filepath.Join(stateOf(env), "probe", "*.opening"))
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			if len(marks()) != 1 {
				t.Error("nothing in the state folder says what is being opened")
			}
			worker := workerOf(t, p.cmd.Process.Pid)
			c.kills(p.cmd.Process.Pid, worker)
			if c.goesOn {
				eventually(t, "it goes on with the plugin", func() bool { return strings.Contains(p.log.String(), "otai runs") })
				p.stop(t)
			} else {
				<-p.ended
				eventually(t, "the worker has ended", func() bool { return syscall.Kill(worker, 0) != nil })
				if out, err := runOtai(t, env, "run", "--once", "-c", config); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
			if left := marks(); len(left) > 0 {
				t.Errorf("it still says that something is being opened: %q", left)
			}
			memory, err := crashes.Recall(filepath.Join(stateOf(env), crashes.Subfolder))
			if err != nil || memory.Restarts != c.restarts {
				t.Errorf("%v: %d workers were started again, want %d", err, memory.Restarts, c.restarts)
			}
			for _, known := range memory.Plugins {
				if known.Refused != nil || known.Crashes > 0 {
					t.Errorf("%s is held guilty: %+v", known.Name, known)
				}
			}
		})
	}
}
