package loader

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNoFolderOfTheSystemIsToBeGivenAway(t *testing.T) {
	with := func(names ...string) string {
		dir := filepath.Join(t.TempDir(), "state")
		for _, name := range append(names, "") {
			if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for dir, want := range map[string]bool{
		"/": false, "/tmp": false, "/etc": false, "/usr/lib": false, "/proc": false,
		with(): true, with("plugins", "backup.db"): true, with("somebody's"): false,
	} {
		if got := (stateFolder{dir: dir}).isOtais(); got != want {
			t.Errorf("%s: %v", dir, got)
		}
	}
}
