package main_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// What people ask beside a running service.

func (w *witness) command(env []string, args ...string) (string, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	cmd := newCommandContext(ctx, product.otai, args...)
	cmd.Env, cmd.Dir = env, w.t.TempDir()
	out, err := cmd.CombinedOutput()
	return string(out), exitCode(err)
}

// TestPeopleAskBesideARunningService, as root, while it runs, is killed and runs again; the
// files stay those of the folder's owner.
func TestPeopleAskBesideARunningService(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	refused := w.add("Secret")[0]
	ids := w.addMany(sized(60, 300), "IT")
	w.treats(func(q *request) treatment { return treatment{before: 10 * time.Millisecond} })
	env := w.environment()
	state := stateOf(env)
	config := writeFile(t, rowConfig(1, "timeout: PT5S", moveByTitleStep))
	asOther := os.Geteuid() == 0
	begin := func() *life {
		if !asOther {
			return live(t, env, "run", "-c", config)
		}
		return liveAs(t, 65534, state, env, "run", "-c", config)
	}
	l := begin()
	eventually(t, "tickets are handled", func() bool { return w.judge(ids, moved).Done > 3 })
	for n := range 3 {
		for _, args := range [][]string{{"runs", "list", "--json"}, {"runs", "waiting", "--json"}, {"runs", "waiting"}, {"runs", "retry", "--all"}} {
			if out, code := w.command(env, args...); code != 0 {
				t.Errorf("%v ends with %d: %s", args, code, out)
			}
		}
		if n == 1 {
			l.kill()
			l = begin()
		}
	}
	out, _ := w.command(env, "runs", "list", "--ticket", refused, "--json")
	var listed []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) == 0 {
		t.Fatalf("the run of ticket %s is not listed: %v\n%s", refused, err, out)
	}
	if out, code := w.command(env, "runs", "discard", listed[0].ID); code != 0 || !strings.Contains(out, "1 ended") && !strings.Contains(out, "1 end as soon") {
		t.Errorf("a discard ends with %d: %s", code, out)
	}
	eventually(t, "the run is given up", func() bool {
		out, _ := w.command(env, "runs", "list", "--ticket", refused, "--state", "canceled", "--json")
		return strings.Contains(out, listed[0].ID)
	})
	w.all(patient, ids, moved)
	l.end(t)
	w.wantAllDone(ids, moved)
	if asOther {
		_ = filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				t.Error(err)
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 65534 {
				t.Errorf("%s belongs to user %d by now", path, owner)
			}
			return nil
		})
	}
}

func stateOf(env []string) string {
	for _, e := range env {
		if dir, ok := strings.CutPrefix(e, "OTAI_STATE_DIR="); ok {
			return dir
		}
	}
	return ""
}

// liveAs starts otai as another user, who owns the state folder and may read the rest.
func liveAs(t *testing.T, uid int, state string, env []string, args ...string) *life {
	t.Helper()
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(state, uid, uid); err != nil {
		t.Fatal(err)
	}
	config := args[len(args)-1]
	for dir := filepath.Dir(state); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	for dir := filepath.Dir(config); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	if err := os.Chmod(config, 0o644); err != nil {
		t.Fatal(err)
	}
	l := &life{Cmd: newCommand(product.otai, args...), log: &buffer{}, ended: make(chan struct{})}
	l.Env = slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "HOME=") })
	l.Dir, l.Stdout, l.Stderr = "/", l.log, l.log
	l.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	return l.begin(t)
}
