package app

import (
	"os"
	"path/filepath"
	"testing"
)

// RUNS 35: only the process of a state folder declares its own former ones dead.
func TestAStateFolderIsOneHostOnItsMachine(t *testing.T) {
	one, other, copied, beside := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	known := make(map[string]string)
	is := func(name, dir, machine string) {
		t.Helper()
		id, err := instanceOf(dir, machine)
		if err != nil || id == "" {
			t.Fatal(err)
		}
		if before, ok := known[name]; ok && before != id {
			t.Errorf("%s was %s, and is %s", name, before, id)
		}
		for n, before := range known {
			if n != name && before == id {
				t.Errorf("%s and %s are both %s", n, name, id)
			}
		}
		known[name] = id
	}
	is("a folder", one, "here")
	is("a folder", one, "here")
	is("another folder beside it", other, "here")
	if err := os.CopyFS(copied, os.DirFS(one)); err != nil {
		t.Fatal(err)
	}
	is("its copy on another machine", copied, "there")
	is("its copy on another machine", copied, "there")
	if err := os.CopyFS(beside, os.DirFS(one)); err != nil {
		t.Fatal(err)
	}
	is("its copy on this machine", beside, "here")
	is("its copy on this machine", beside, "here")
	moved := filepath.Join(t.TempDir(), "state")
	if err := os.Rename(other, moved); err != nil {
		t.Fatal(err)
	}
	is("another folder beside it", moved, "here")
	is("a folder", one, "here")
}
