package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// From the releases before this one, and back to them.

// TestFromTheVersionWithoutRuns: 0.1.0 is killed in mid-update, then this version takes
// over. OTAI_TEST_OLD names the folder with 0.1.0's bin and plugins.
func TestFromTheVersionWithoutRuns(t *testing.T) {
	old := os.Getenv("OTAI_TEST_OLD")
	if old == "" {
		t.Skip("OTAI_TEST_OLD names no folder with bin/otai and plugins of 0.1.0")
	}
	t.Parallel()
	w := newWitness(t)
	kills := sized(8, 50)
	ids := w.addMany(5*kills, "x")
	arrived := make(chan *request, 1)
	n := 0
	w.treats(func(q *request) treatment {
		if !q.update() {
			return treatment{}
		}
		select {
		case arrived <- q:
		default:
		}
		n++
		return []treatment{{before: 30 * time.Millisecond}, {before: 500 * time.Millisecond}, {half: true, before: 20 * time.Millisecond}, {after: 100 * time.Millisecond}}[n%4]
	})
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT2S", allInOneStep))
	before := slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "OTAI_PLUGIN_DIR=") })
	before = append(before, "OTAI_PLUGIN_DIR="+filepath.Join(old, "plugins"))
	for k := range kills {
		select {
		case <-arrived:
		default:
		}
		cmd := newCommand(filepath.Join(old, "bin", "otai"), "run", "-c", config)
		cmd.Env, cmd.Dir = before, t.TempDir()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-arrived:
		case <-time.After(time.Minute):
		}
		time.Sleep(time.Duration(k%5*15) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	w.treats(nil)
	live(t, env, "run", "-c", config)
	w.all(time.Minute, ids, whole)
	w.idle()
	time.Sleep(time.Second)
	t.Logf("%d kills: %v", kills, w.judge(ids, whole))
	w.wantAllDone(ids, whole)
}

// TestADowngradeByOneReleaseGoesOn, with one run that waits for an answer and one that is
// set aside, and back. OTAI_TEST_EARLIER names the folder with bin and plugins of the
// release before.
func TestADowngradeByOneReleaseGoesOn(t *testing.T) {
	earlier := os.Getenv("OTAI_TEST_EARLIER")
	if earlier == "" {
		t.Skip("OTAI_TEST_EARLIER names no folder with bin/otai and plugins of the release before")
	}
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	refused := w.add("Secret")[0]
	ids := w.add("IT", "IT", "IT")
	arrived, sent := make(chan struct{}, 1), false
	w.treats(func(q *request) treatment {
		if q.update() && q.Ticket == ids[1] && !sent {
			sent = true
			arrived <- struct{}{}
			return treatment{before: 500 * time.Millisecond} // and carries it out behind the kill
		}
		return treatment{}
	})
	env := w.environment()
	before := slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "OTAI_PLUGIN_DIR=") })
	before = append(before, "OTAI_PLUGIN_DIR="+filepath.Join(earlier, "plugins"))
	config := writeFile(t, rowConfig(1, "timeout: PT2S, late: PT2S", moveByTitleStep+noteStep))
	is := goal{queue: "IT", note: "Sorted"}
	l := live(t, env, "run", "-c", config)
	<-arrived
	l.kill()
	asked := func(when string, want string) {
		t.Helper()
		if out, code := w.command(env, "runs", "waiting", "--json"); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d\n%s", when, code, out)
		}
	}
	asked("after the kill", `"in_doubt": 1`)

	old := &life{Cmd: newCommand(filepath.Join(earlier, "bin", "otai"), "run", "-c", config), log: &buffer{}, ended: make(chan struct{})}
	old.Env, old.Dir, old.Stdout, old.Stderr = before, t.TempDir(), old.log, old.log
	old.begin(t)
	w.all(time.Minute, ids, is)
	old.end(t)
	asked("behind the earlier release", `"set_aside": 1`)
	w.wantAllDone(ids, is)

	w.SetAccess("Secret", store.AccessFull)
	if out, code := w.command(env, "runs", "retry", "--all"); code != 0 || !strings.Contains(out, "1 tried again") {
		t.Errorf("%d: %s", code, out)
	}
	live(t, env, "run", "-c", config)
	eventually(t, "the one that was set aside is moved", func() bool { return w.ticket(refused).Queue == "Secret" })
}
