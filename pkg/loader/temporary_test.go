package loader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

func TestATemporaryFolderIsMadeWhereNobodyCanReplaceIt(t *testing.T) {
	base := t.TempDir()
	safe, open := filepath.Join(base, "safe"), filepath.Join(base, "open")
	if err := errors.Join(os.Mkdir(safe, 0o700), os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	for tmp, within := range map[string]bool{safe: true, open: false} {
		t.Setenv("TMPDIR", tmp)
		var folder Temporary
		s, failure := folder.open(Options{}, trust.Of(false))
		if failure != nil {
			t.Fatal(failure)
		}
		if got := strings.HasPrefix(s.dir, tmp+"/"); got != within {
			t.Errorf("TMPDIR=%s: %s", tmp, s.dir)
		}
		if info, err := os.Stat(s.dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if again, _ := folder.open(Options{}, trust.Of(false)); again.dir != s.dir {
			t.Errorf("a second folder %s beside %s", again.dir, s.dir)
		}
		if err := errors.Join(folder.Remove(), folder.Remove()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", s.dir, err)
		}
	}
}

func TestATemporaryFolderOfRootIsNotMadeInAFolderOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	const mallory = 12345
	base := t.TempDir()
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	theirs, within := filepath.Join(base, "theirs"), filepath.Join(base, "theirs", "of-root")
	open, sticky, link := filepath.Join(base, "open"), filepath.Join(base, "sticky"), filepath.Join(base, "theirs", "link")
	if err := errors.Join(
		os.Mkdir(theirs, 0o755), os.Mkdir(within, 0o755), os.Mkdir(open, 0o755), os.Chmod(open, 0o777), os.Mkdir(sticky, 0o755), os.Chmod(sticky, 0o777|os.ModeSticky),
		os.Symlink(sticky, link), os.Lchown(link, mallory, mallory), os.Chown(theirs, mallory, mallory),
	); err != nil {
		t.Fatal(err)
	}
	for parent, good := range map[string]bool{theirs: false, within: false, open: false, link: false, sticky: true} {
		before, err := os.Stat(parent)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", parent)
		dir, err := NewTemporary("otai-demo-", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.HasPrefix(dir, parent+"/otai-demo-"); got != good {
			t.Errorf("TMPDIR=%s: %s", parent, dir)
		}
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
		if after, err := os.Stat(parent); err != nil || !good && !after.ModTime().Equal(before.ModTime()) {
			t.Errorf("something was made in %s (%v)", parent, err)
		}
		dir, err = makeTemporaryInState(parent, "otai-", trust.Of(false))
		if (err == nil) != good {
			t.Errorf("the state folder %s: %s, %v", parent, dir, err)
		}
		if err == nil {
			err = os.Remove(dir)
		}
		if good && err != nil {
			t.Error(err)
		}
	}
	missing := filepath.Join(base, "missing")
	if dir, err := makeTemporaryInState(missing, "otai-", trust.Of(false)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s, %v", dir, err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("root made the state folder: %v", err)
	}
}

func TestATemporaryFolderIsMadeWherePluginsCanBeOpened(t *testing.T) {
	noexec := noexecFolder(t)
	t.Setenv("TMPDIR", noexec)
	dir, err := NewTemporary("otai-", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(dir, noexec+"/") {
		t.Errorf("it is in %s, which is mounted noexec", noexec)
	}
	if err := os.Remove(dir); err != nil {
		t.Error(err)
	}
	if dir, err := makeTemporaryIn(noexec, "otai-", trust.Of(false)); err == nil || !strings.Contains(err.Error(), "noexec") {
		t.Errorf("%s, %v", dir, err)
	}
}

// noexecFolder is on a file system of its own, where one can be mounted.
func noexecFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC|syscall.MS_NOSUID, "size=1m,mode=1777"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}
