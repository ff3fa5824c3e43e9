package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Many rows of the tables are much alike, and each costs a build or a few processes. So every
// `make test` tries a row of each kind of mechanism, the check of another release of Go
// (build/release-check.sh) a row of each kind of cause, and continuous integration all but those
// that take minutes, which OTAI_TEST_ALL adds.

// thorough is whether all rows are tried.
func thorough() bool { return full() || os.Getenv("OTAI_TEST_CHAOS") != "" }

func always() bool { return true }

// ofEachCause is whether a row of each kind of cause is tried.
func ofEachCause() bool { return thorough() || os.Getenv("OTAI_TEST_ROWS") == "causes" }

func needsThorough(t *testing.T) {
	t.Helper()
	if !thorough() {
		t.Skip("continuous integration does it: set OTAI_TEST_ALL=1")
	}
}

// oneIn skips rows that differ only in what they give to the same code, but for the first of as
// many as given.
func oneIn(t *testing.T, many, n int) {
	t.Helper()
	if n%many != 0 && !thorough() {
		t.Skip("continuous integration does it: set OTAI_TEST_ALL=1")
	}
}

// TestEverySelectionHasRowsThatAreThere, or what is chosen would be less than it seems.
func TestEverySelectionHasRowsThatAreThere(t *testing.T) {
	var kinds, codes, names []string
	for _, b := range beasts() {
		kinds = append(kinds, b.kind)
	}
	for _, c := range cures() {
		codes = append(codes, c.code)
	}
	for _, a := range animals() {
		names = append(names, a.name)
	}
	for _, s := range []struct{ chosen, from []string }{{everyBeast, kinds}, {beastsOfACause, kinds}, {everyCure, codes}, {everyAnimal, names}} {
		for _, one := range s.chosen {
			if !slices.Contains(s.from, one) {
				t.Errorf("there is no %q", one)
			}
		}
	}
}

// keepsState gives many commands one after another a state folder that is there. Root, who only looks,
// makes none, so that each command would try the plugins anew.
func keepsState(t *testing.T, env []string) {
	t.Helper()
	dir := stateOf(env)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}
