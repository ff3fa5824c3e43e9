package main_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	listed(t, filepath.Join(dir, "list.json"), list)
	packBeasts(t, filepath.Join(dir, "code"))
	if err := readable(dir); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, file string, list any) {
	t.Helper()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	writeAt(t, file, text)
}

// packedBeast is a beast in a folder of its own, whose name doesn't say which.
type packedBeast struct {
	Kind, Moment, Does, Fate, Cause, Use, Folder, File string

	Path  string // of its import: one process opens one file of a path
	Quiet bool
}

// beastPaths is how many beasts one process can have.
const beastPaths = 16

// beastOf is the beast of every kind as a module of that path has it: one process opens one file of a path.
func beastOf(t *testing.T, z *zoo, module string) []byte {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(product.root, "cmd", "otai", "testdata", "zoo", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "go.mod")
	writeAt(t, file, bytes.Replace(mod, []byte("example.com/zoo"), []byte(module), 1))
	content, err := os.ReadFile(z.build(t, build{source: "beast", flags: []string{"-modfile=" + file}}))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// packBeasts adds the files whose code does harm: those of the table, and those that harm who tries them.
func packBeasts(t *testing.T, dir string) {
	t.Helper()
	z := newZoo(product.otai)
	var cages [beastPaths]struct {
		cage
		path string
	}
	for n := range cages {
		c := &cages[n]
		c.path = fmt.Sprintf("example.com/zoo%02d", n)
		c.content = beastOf(t, z, c.path)
	}
	all := beasts()
	for kind, k := range beastsAtProbes {
		if k.code == 3 && !slices.ContainsFunc(all, func(b beast) bool { return b.kind == kind }) {
			all = append(all, beast{kind: kind, moment: "open", does: "harms the process that tries it", fate: without, cause: k.words[len(k.words)-1], use: usesNothing})
		}
	}
	// Those with which the service has one fate can be together.
	slices.SortStableFunc(all, func(a, b beast) int { return cmp.Or(cmp.Compare(a.fate, b.fate), cmp.Compare(a.kind, b.kind)) })
	var list []packedBeast
	for n, b := range all {
		c := &cages[n%len(cages)]
		fate := b.fate
		if fate == faulty {
			fate = refuses // which differs in the exit code alone
		}
		p := packedBeast{b.kind, b.moment, b.does, string(fate), b.cause, b.use, fmt.Sprintf("%03d", n), "otai_" + strings.ReplaceAll(b.kind, "-", "_") + ".so", c.path, b.quiet}
		if same := slices.IndexFunc(list, func(other packedBeast) bool { return other.Kind == b.kind }); same >= 0 {
			p.Folder, p.Path = list[same].Folder, list[same].Path
		} else {
			folder := filepath.Join(dir, p.Folder)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			writeAt(t, filepath.Join(folder, p.File), c.of(t, b.kind))
		}
		list = append(list, p)
	}
	listed(t, filepath.Join(dir, "list.json"), list)
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
