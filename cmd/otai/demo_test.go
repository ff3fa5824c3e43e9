package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

type demoReport struct {
	Tickets, Moved, Fallback, Correct, Notes int
	Plugins                                  []string
	HeldOut                                  struct {
		Tickets         int
		Queue, Priority float64
	} `json:"held_out"`
	List []struct {
		Subject, Queue, Expected string
		Notes                    int
		Confidence               float64
		Run                      string
	}
}

func (r demoReport) check(t *testing.T) {
	t.Helper()
	if r.Tickets != 30 || r.Moved != 30 {
		t.Errorf("%d of %d tickets left the queue, want 30 of 30", r.Moved, r.Tickets)
	}
	for _, ticket := range r.List {
		if ticket.Notes != 1 {
			t.Errorf("%q has %d internal notes, want 1", ticket.Subject, ticket.Notes)
		}
		if ticket.Run == "" {
			t.Errorf("%q has no run", ticket.Subject)
		}
		if ticket.Confidence <= 0 || ticket.Confidence > 1 {
			t.Errorf("%q has the confidence %v", ticket.Subject, ticket.Confidence)
		}
	}
	if r.Correct < 24 {
		t.Errorf("%d tickets are in the right queue, want at least 24", r.Correct)
	}
	if len(r.Plugins) != 2 {
		t.Errorf("plugins %v, want both", r.Plugins)
	}
}

func TestTheDemonstrationSortsEveryTicket(t *testing.T) {
	checkDemo(t, t.TempDir(), environment(t))
}

// checkDemo runs the demonstration and checks what it reports.
func checkDemo(t *testing.T, dir string, env []string) {
	t.Helper()
	cmd := newCommandContext(t.Context(), product.otai, "demo", "--json")
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	var r demoReport
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	r.check(t)
}

// heldOut is the accuracy that the models' README gives, as it writes it.
func heldOut(t *testing.T, task string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(product.root, "examples/demo/models/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?m)^\\| `" + task + "` \\| ([0-9.]+ %) \\| [0-9.]+ %").FindSubmatch(page)
	if found == nil {
		t.Fatalf("the README of the models has no accuracy of %s", task)
	}
	return string(found[1])
}

func TestTheDemonstrationSaysHowGoodItsModelsAre(t *testing.T) {
	cmd := newCommand(product.otai, "demo")
	cmd.Env = environment(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	want := heldOut(t, "queue") + " of the queues and " + heldOut(t, "priority") + " of the priorities"
	if text := strings.Join(strings.Fields(string(out)), " "); !strings.Contains(text, "1500 held-out ones") || !strings.Contains(text, want) {
		t.Errorf("it does not say %q:\n%s", want, out)
	}
}

func TestTheDemonstrationLeavesNothingBehind(t *testing.T) {
	home := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := newCommand(product.otai, append([]string{"demo"}, args...)...)
		cmd.Dir = home
		// The state folder is named, because root's is not in the home folder.
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "OTAI_STATE_DIR=" + filepath.Join(home, "state"), "OTAI_PLUGIN_DIR=" + product.plugins}
		cmd.Env = append(cmd.Env, coverage()...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	run()
	run("--json", "--state-dir", filepath.Join(home, "state"))
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}

// plainUser is somebody who has a folder with nothing in it but a bundle.
type plainUser struct {
	folder  string
	process *syscall.SysProcAttr // nil: who runs the test
}

// newPlainUser packs a bundle of this name and gives it to a user who is not root.
func newPlainUser(t *testing.T, name string) plainUser {
	t.Helper()
	dist := t.TempDir()
	if err := os.CopyFS(dist, os.DirFS(product.dir)); err != nil {
		t.Fatal(err)
	}
	bundle := newCommand("sh", "-c", "umask 077; exec "+filepath.Join(product.root, "build", "bundle.sh")+" "+name)
	bundle.Env = append(os.Environ(), "DIST="+dist)
	if out, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	// Folders of t.TempDir are closed to other users.
	folder, err := os.MkdirTemp("", "otai-bundle-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	archive := filepath.Join(folder, name+".tar.gz")
	if err := os.Rename(filepath.Join(dist, name+".tar.gz"), archive); err != nil {
		t.Fatal(err)
	}
	u := plainUser{folder: folder}
	if os.Geteuid() != 0 {
		return u
	}
	const nobody = 65534
	u.process = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	for _, name := range []string{folder, archive} {
		if err := os.Chown(name, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	// A private TMPDIR keeps the other user out: then it is this one.
	try := newCommand("true")
	try.Dir, try.SysProcAttr = folder, u.process
	if try.Run() != nil {
		u.process = nil
	}
	return u
}

func TestTheBundleRunsForAPlainUserInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	user := newPlainUser(t, "otai_test")
	folder := user.folder
	run := func(dir, name string, args ...string) []byte {
		t.Helper()
		cmd := newCommand(name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, user.process
		cmd.Env = append(coverage(), "PATH=/usr/bin:/bin", "HOME="+folder)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, stderrOf(err))
		}
		return out
	}
	if list := string(run(folder, "tar", "-tvzf", "otai_test.tar.gz")); strings.Contains(list, "rw------- ") {
		t.Errorf("not all can read what is in it:\n%s", list)
	}
	run(folder, "tar", "-xzf", "otai_test.tar.gz")
	unpacked := filepath.Join(folder, "otai_test")
	run(unpacked, "sha256sum", "--quiet", "-c", "SHA256SUMS")
	var r demoReport
	if err := json.Unmarshal(run(unpacked, filepath.Join(unpacked, "bin", "otai"), "demo", "--json"), &r); err != nil {
		t.Fatal(err)
	}
	r.check(t)
}
