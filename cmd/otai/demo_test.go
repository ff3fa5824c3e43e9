package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
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

// TestTheDemonstrationSortsEveryTicket, and leaves nothing behind in a state folder that was named.
func TestTheDemonstrationSortsEveryTicket(t *testing.T) {
	home := t.TempDir()
	checkDemo(t, home, demoEnv(home), "--state-dir", filepath.Join(home, "state"))
	nothingIn(t, home)
}

// checkDemo runs the demonstration and checks what it reports.
func checkDemo(t *testing.T, dir string, env []string, more ...string) {
	t.Helper()
	cmd := newCommandContext(t.Context(), product.otai, append([]string{"demo", "--json"}, more...)...)
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

// TestTheDemonstrationSaysHowGoodItsModelsAre, and leaves nothing behind.
func TestTheDemonstrationSaysHowGoodItsModelsAre(t *testing.T) {
	home := t.TempDir()
	cmd := newCommand(product.otai, "demo")
	cmd.Dir, cmd.Env = home, demoEnv(home)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	want := heldOut(t, "queue") + " of the queues and " + heldOut(t, "priority") + " of the priorities"
	if text := strings.Join(strings.Fields(string(out)), " "); !strings.Contains(text, "1500 held-out ones") || !strings.Contains(text, want) {
		t.Errorf("it does not say %q:\n%s", want, out)
	}
	nothingIn(t, home)
}

// demoEnv has all that is written in one folder. The state folder is named, because root's is not
// in the home folder.
func demoEnv(home string) []string {
	return append([]string{"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "OTAI_STATE_DIR=" + filepath.Join(home, "state"), "OTAI_PLUGIN_DIR=" + product.plugins}, coverage()...)
}

func nothingIn(t *testing.T, home string) {
	t.Helper()
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

// bundleName is that of the bundle that a release has.
func bundleName(t *testing.T) string {
	t.Helper()
	version, err := os.ReadFile(filepath.Join(product.root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("otai_%s_linux_%s", strings.TrimSpace(string(version)), runtime.GOARCH)
}

// theBundle is the archive of the bundle, once for all who unpack it.
var theBundle struct {
	sync.Mutex
	archive []byte
}

func pack(t *testing.T, name string) []byte {
	t.Helper()
	theBundle.Lock()
	defer theBundle.Unlock()
	if theBundle.archive != nil {
		return theBundle.archive
	}
	dist := t.TempDir()
	if err := os.CopyFS(dist, os.DirFS(product.dir)); err != nil {
		t.Fatal(err)
	}
	bundle := newCommand("sh", "-c", "umask 077; exec "+filepath.Join(product.root, "build", "bundle.sh")+" "+name)
	bundle.Env = append(os.Environ(), "DIST="+dist)
	if out, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	if theBundle.archive, err = os.ReadFile(filepath.Join(dist, name+".tar.gz")); err != nil {
		t.Fatal(err)
	}
	return theBundle.archive
}

// newPlainUser gives the bundle to a user who is not root.
func newPlainUser(t *testing.T) plainUser {
	t.Helper()
	name := bundleName(t)
	content := pack(t, name)

	// Folders of t.TempDir are closed to other users.
	folder, err := os.MkdirTemp("", "otai-bundle-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	archive := filepath.Join(folder, name+".tar.gz")
	if err := os.WriteFile(archive, content, 0o600); err != nil {
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
	user := newPlainUser(t)
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
	if list := string(run(folder, "tar", "-tvzf", bundleName(t)+".tar.gz")); strings.Contains(list, "rw------- ") {
		t.Errorf("not all can read what is in it:\n%s", list)
	}
	run(folder, "tar", "-xzf", bundleName(t)+".tar.gz")
	unpacked := filepath.Join(folder, bundleName(t))
	run(unpacked, "sha256sum", "--quiet", "-c", "SHA256SUMS")
	var r demoReport
	if err := json.Unmarshal(run(unpacked, filepath.Join(unpacked, "bin", "otai"), "demo", "--json"), &r); err != nil {
		t.Fatal(err)
	}
	r.check(t)
}
