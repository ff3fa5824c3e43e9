package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

type demoReport struct {
	Tickets, Moved, Fallback, Correct, Notes int
	Plugins                                  []string
	List                                     []struct {
		Subject, Queue, Expected string
		Notes                    int
		Confidence               float64
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
	cmd := exec.Command(product.otai, "demo", "--json")
	cmd.Env = environment(t)
	cmd.Dir = t.TempDir()
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

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}

func TestTheBundleRunsForAPlainUserInAnEmptyFolder(t *testing.T) {
	dist := t.TempDir()
	if err := os.CopyFS(dist, os.DirFS(product.dir)); err != nil {
		t.Fatal(err)
	}
	bundle := exec.Command("sh", "-c", "umask 077; exec "+filepath.Join(product.root, "build", "bundle.sh")+" otai_test")
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
	archive := filepath.Join(folder, "otai.tar.gz")
	if err := os.Rename(filepath.Join(dist, "otai_test.tar.gz"), archive); err != nil {
		t.Fatal(err)
	}
	var plain *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		const nobody = 65534
		plain = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, name := range []string{folder, archive} {
			if err := os.Chown(name, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		// A private TMPDIR keeps the other user out: then it is this one.
		try := exec.Command("true")
		try.Dir, try.SysProcAttr = folder, plain
		if try.Run() != nil {
			plain = nil
		}
	}
	run := func(dir, name string, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, plain
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + folder}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, stderrOf(err))
		}
		return out
	}
	if list := string(run(folder, "tar", "-tvzf", "otai.tar.gz")); strings.Contains(list, "rw------- ") {
		t.Errorf("not all can read what is in it:\n%s", list)
	}
	run(folder, "tar", "-xzf", "otai.tar.gz")
	unpacked := filepath.Join(folder, "otai_test")
	run(unpacked, "sha256sum", "--quiet", "-c", "SHA256SUMS")
	var r demoReport
	if err := json.Unmarshal(run(unpacked, filepath.Join(unpacked, "bin", "otai"), "demo", "--json"), &r); err != nil {
		t.Fatal(err)
	}
	r.check(t)
}
