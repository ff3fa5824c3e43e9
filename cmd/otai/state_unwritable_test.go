package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// A dry run, and every other command that only looks, needs no state folder: what it makes
// for itself stands in a folder that nobody else can enter, and ends with it.

// unusableState is a way in which a state folder can't be used.
type unusableState struct {
	name string
	make func(t *testing.T, dir string) (state string)
}

func unusableStates() []unusableState {
	return []unusableState{
		{"a file is in its place", func(t *testing.T, dir string) string {
			state := filepath.Join(dir, "state")
			must(t, os.WriteFile(state, nil, 0o600))
			return state
		}},
		{"a file is above it", func(t *testing.T, dir string) string {
			must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
			return filepath.Join(dir, "file", "state")
		}},
		{"the kernel makes no folder there", func(*testing.T, string) string { return "/proc/otai" }},
		{"nobody may write to it", func(t *testing.T, dir string) string {
			if os.Geteuid() == 0 {
				t.Skip("root may")
			}
			state := filepath.Join(dir, "state")
			must(t, os.Mkdir(state, 0o500))
			return state
		}},
		{"everybody can write to it", func(t *testing.T, dir string) string {
			state := filepath.Join(dir, "state")
			must(t, os.Mkdir(state, 0o700), os.Chmod(state, 0o777))
			return state
		}},
		{"it is mounted for reading only", func(t *testing.T, dir string) string {
			state := filepath.Join(dir, "state")
			must(t, os.Mkdir(state, 0o700))
			mounted(t, state, syscall.MS_RDONLY)
			return state
		}},
		{"it is mounted noexec", func(t *testing.T, dir string) string {
			state := filepath.Join(dir, "state")
			must(t, os.Mkdir(state, 0o700))
			mounted(t, state, syscall.MS_NOEXEC)
			return state
		}},
		{"it belongs to another user", func(t *testing.T, dir string) string {
			requireRoot(t)
			state := filepath.Join(dir, "state")
			must(t, os.Mkdir(state, 0o700), os.Chown(state, mallory, mallory))
			return state
		}},
	}
}

// mounted puts a file system of its own at dir.
func mounted(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=1m,mode=0700"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

func TestADryRunNeedsNoStateFolder(t *testing.T) {
	t.Parallel()
	for _, c := range unusableStates() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			dir, tmp := t.TempDir(), t.TempDir()
			state, log := c.make(t, dir), filepath.Join(dir, "otai.log")
			env := append(w.environment(), "OTAI_STATE_DIR="+state, "TMPDIR="+tmp)
			config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep)+
				"infrastructure: { logging: { log_to_file: true, log_file_path: "+log+" } }\n")
			if out, code := w.command(env, "run", "--once", "-c", config); code == 0 {
				t.Fatalf("a run has no use for this state folder, and ended with 0:\n%s", out)
			}
			must(t, os.RemoveAll(log))
			before := tree(t, dir)

			ids := w.add("a", "b")
			l := live(t, env, "run", "--dry-run", "-c", config)
			eventually(t, "both tickets are shown", func() bool {
				return !slices.ContainsFunc(ids, func(id string) bool { return !strings.Contains(l.log.String(), `"ticket":"`+id+`"`) })
			})
			private, err := filepath.Glob(filepath.Join(tmp, "otai-*"))
			if len(private) != 1 {
				t.Fatalf("while it works it has the folders %q (%v), want one", private, err)
			}
			if info, err := os.Stat(private[0]); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
			if stores, _ := filepath.Glob(filepath.Join(private[0], "*.db*")); len(stores) > 0 {
				t.Errorf("a dry run opened a store: %q", stores)
			}
			late := fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "c"}))
			eventually(t, "a later ticket is shown", func() bool { return strings.Contains(l.log.String(), `"ticket":"`+late+`"`) })
			l.end(t)

			for _, id := range append(ids, late) {
				if n := len(w.updatesOf(id)); n != 0 {
					t.Errorf("ticket %s was changed %d times", id, n)
				}
				if n := strings.Count(l.log.String(), `"ticket":"`+id+`"`); n != 1 {
					t.Errorf("ticket %s was shown %d times, want once", id, n)
				}
			}
			for _, args := range [][]string{
				{"run", "--dry-run", "--once", "-c", config},
				{"validate", "-c", config},
				{"plugin", "list", "-c", config},
				{"schema"},
				{"plugin", "inspect", filepath.Join(product.plugins, "otai_otobo_znuny.so")},
				{"model", "list"},
			} {
				if out, code := w.command(env, args...); code != 0 {
					t.Errorf("otai %q ended with %d:\n%s", args, code, out)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			if _, err := os.Stat(log); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it made the service's log file (%v)", err)
			}
			if after := tree(t, dir); !slices.Equal(before, after) {
				t.Errorf("the folder changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
		})
	}
}

// A user who may not look at the state folder of a running service sees what it would do.
func TestADryRunBesideAnothersService(t *testing.T) {
	requireRoot(t)
	t.Parallel()
	w := newWitness(t)
	dir := openFolder(t)
	state, config := filepath.Join(dir, "state"), filepath.Join(dir, "config.yml")
	must(t, os.WriteFile(config, []byte(rowConfig(1, "timeout: PT5S", moveStep)), 0o644))
	env := append(w.environment(), "OTAI_STATE_DIR="+state)
	service := liveAs(t, mallory, state, env, "run", "-c", config)
	handled := w.add("x")
	w.all(patient, handled, goal{queue: "IT"})
	before := owners(t, state)
	other := writeFile(t, strings.ReplaceAll(rowConfig(1, "timeout: PT5S", moveStep), "Incoming", "HR"))
	id := fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "HR", Title: "a"}))
	if out, code := w.command(env, "run", "--dry-run", "--once", "-c", other); code != 0 || !strings.Contains(out, `"ticket":"`+id+`"`) {
		t.Errorf("it ended with %d:\n%s", code, out)
	}
	if n := len(w.updatesOf(id)); n != 0 {
		t.Errorf("ticket %s was changed %d times", id, n)
	}
	if after := owners(t, state); after != before {
		t.Errorf("the state folder had\n%s\nand has\n%s", before, after)
	}
	if more := w.add("x"); !w.all(patient, more, goal{queue: "IT"}) {
		t.Error("the service doesn't go on")
	}
	service.end(t)
}

// owners are the files below a folder and whose they are.
func owners(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%s %d", path, info.Sys().(*syscall.Stat_t).Uid))
		return nil
	}))
	return strings.Join(lines, "\n")
}
