package loader

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
		s, failure := folder.open(trustOf(Options{}))
		if failure != nil {
			t.Fatal(failure)
		}
		if got := strings.HasPrefix(s.dir, tmp+"/"); got != within {
			t.Errorf("TMPDIR=%s: %s", tmp, s.dir)
		}
		if info, err := os.Stat(s.dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if again, _ := folder.open(trustOf(Options{})); again.dir != s.dir {
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
		_, d, err := trustOf(Options{}).way(base + "/" + path)
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
		if _, d, err := test.trust.way(test.path); err != nil || (d == nil) != test.trusted {
			t.Errorf("%s: %+v, %v", test.name, d, err)
		}
	}
}
