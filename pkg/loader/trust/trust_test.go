package trust

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
		_, d, err := Of(false).Resolve(base + "/" + path)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if d != nil {
			got = d.Fix
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
		trust   Rule
		mode    os.FileMode // of the folder above
		path    string
		trusted bool
	}{
		{"where root is known", Rule{}, 0o755, own, false},
		{"a folder", Rule{rootUnknown: true}, 0o755, own, true},
		{"a file", Rule{rootUnknown: true}, 0o755, file, true},
		{"for temporary files", Rule{rootUnknown: true}, 0o777 | os.ModeSticky, own, true},
		{"that everybody can write", Rule{rootUnknown: true}, 0o777, own, false},
		{"the end itself", Rule{rootUnknown: true}, 0o755, above, false},
		{"that holds the file", Rule{rootUnknown: true}, 0o755, write(t, above, "file", ""), false},
	} {
		if err := os.Chmod(above, test.mode); err != nil {
			t.Fatal(err)
		}
		if _, d, err := test.trust.Resolve(test.path); err != nil || (d == nil) != test.trusted {
			t.Errorf("%s: %+v, %v", test.name, d, err)
		}
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
