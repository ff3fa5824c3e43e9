package loader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
		s, failure := folder.open(Options{}, trustOf(Options{}))
		if failure != nil {
			t.Fatal(failure)
		}
		if got := strings.HasPrefix(s.dir, tmp+"/"); got != within {
			t.Errorf("TMPDIR=%s: %s", tmp, s.dir)
		}
		if info, err := os.Stat(s.dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if again, _ := folder.open(Options{}, trustOf(Options{})); again.dir != s.dir {
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

func TestTheWayToAFolderIsJudgedAlsoBehindLinks(t *testing.T) {
	base := t.TempDir()
	mkdir := func(path string, mode os.FileMode) string {
		t.Helper()
		path = filepath.Join(base, path)
		if err := errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mkdir("open", 0o777)
	mkdir("open/within", 0o755)
	mkdir("sticky", 0o777|os.ModeSticky)
	mkdir("sticky/within", 0o755)
	mkdir("safe/within", 0o755)
	for link, target := range map[string]string{
		"to-open": "open/within", "to-safe": "safe/within", "up": "safe/../open/within", "round": "round", "absolute": filepath.Join(base, "open", "within"), "nowhere": "gone",
		"sticky/link": "../safe/within",
	} {
		if err := os.Symlink(target, filepath.Join(base, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"safe/within": "", "sticky/within": "", "sticky/link": "", "to-safe": "", "safe/../safe/within": "",
		"open": "chmod o-w BASE/open", "open/within": "chmod o-w BASE/open", "to-open": "chmod o-w BASE/open", "up": "chmod o-w BASE/open", "absolute": "chmod o-w BASE/open",
		"safe/../open/within": "chmod o-w BASE/open",
		"round":               "can't be followed", "nowhere": "no such file", "safe/gone/further": "no such file",
	} {
		_, d, err := trustOf(Options{}).resolve(base + "/" + path)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if d != nil {
			got = d.fix
		}
		if want = strings.ReplaceAll(want, "BASE", base); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestAUserNamespaceWithoutRootTellsItsFoldersFromOnesOwn(t *testing.T) {
	for table, known := range map[string]bool{
		"         0          0 4294967295\n": true, "0 0 1\n998 998 1\n": true, "0 1000 1\n": false, "0 1000 1\n1 100000 65536\n": false, "": false,
	} {
		if got := mapsRoot(table); got != known {
			t.Errorf("%q: %v", table, got)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	above := filepath.Join(t.TempDir(), "above")
	own := filepath.Join(above, "own")
	if err := errors.Join(os.MkdirAll(own, 0o755), os.Chown(above, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	file := write(t, own, "file", "")
	for _, test := range []struct {
		name    string
		trust   trust
		mode    os.FileMode // of the folder above
		path    string
		trusted bool
	}{
		{"where root is known", trust{}, 0o755, own, false},
		{"a folder", trust{rootUnknown: true}, 0o755, own, true},
		{"a file", trust{rootUnknown: true}, 0o755, file, true},
		{"for temporary files", trust{rootUnknown: true}, 0o777 | os.ModeSticky, own, true},
		{"that everybody can write", trust{rootUnknown: true}, 0o777, own, false},
		{"the end itself", trust{rootUnknown: true}, 0o755, above, false},
		{"that holds the file", trust{rootUnknown: true}, 0o755, write(t, above, "file", ""), false},
	} {
		if err := os.Chmod(above, test.mode); err != nil {
			t.Fatal(err)
		}
		if _, d, err := test.trust.resolve(test.path); err != nil || (d == nil) != test.trusted {
			t.Errorf("%s: %+v, %v", test.name, d, err)
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
		dir, err = makeTemporaryInState(parent, "otai-", trustOf(Options{}))
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
	if dir, err := makeTemporaryInState(missing, "otai-", trustOf(Options{})); !errors.Is(err, fs.ErrNotExist) {
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
	if dir, err := makeTemporaryIn(noexec, "otai-", trustOf(Options{})); err == nil || !strings.Contains(err.Error(), "noexec") {
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
