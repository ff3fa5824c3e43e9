package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// packed is an animal in a folder that others have.
type packed struct {
	Name, Folder, File, Word, Use string
}

// TestPackTheZoo puts the zoo where the tests of tools/packages have a service try it.
func TestPackTheZoo(t *testing.T) {
	dir := os.Getenv("OTAI_TEST_ZOO")
	if dir == "" {
		t.Skip("OTAI_TEST_ZOO names no folder; `make test-system` sets it")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	z := newZoo(product.otai)
	var list []packed
	for n, a := range animals() {
		folder := filepath.Join(dir, fmt.Sprintf("%03d", n))
		t.Run(a.name, func(t *testing.T) {
			switch {
			case a.sanitized, a.name == "a link to a folder that everybody can write to": // which a test has, and no service sees
				t.Skip("can't be packed")
			case a.rare || !slices.Contains(everyAnimal, a.name):
				needsAll(t)
			}
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			a.make(t, z, folder)
			if err := readable(folder); err != nil {
				t.Fatal(err)
			}
			p := packed{Name: a.name, Folder: filepath.Base(folder), File: badPackage + ".so", Word: a.word, Use: a.use}
			if a.pkg != "" {
				p.File = a.pkg + ".so"
			}
			if p.Use == "" && a.pkg == "" {
				p.Use = "a-bad:AnyPipe"
			}
			list = append(list, p)
		})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "list.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// readable lets others read the files that only the test's user can read.
func readable(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			return err
		}
		return os.Chmod(path, 0o644)
	})
}
