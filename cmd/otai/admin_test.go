package main_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The configurations in testdata/admin and admin2 were written by two people who had
// seen nothing but docs and two published configurations, and so were the places in
// expected.txt, before the first run. What differs from it now stands in corrected.txt,
// each line with its reason.
func TestAMistakeOfAnAdministratorIsOneReportAtItsPlace(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"admin", "admin2"} {
		t.Run(set, func(t *testing.T) { checkReports(t, set, 60) })
	}
}

// Two mistakes, in different sections of a file, are two reports.
func TestTwoMistakesAreTwoReports(t *testing.T) {
	t.Parallel()
	checkReports(t, "pairs", 30)
}

// Slips of the hand, in words and in YAML, one in each file.
func TestASlipIsOneReportAtItsPlace(t *testing.T) {
	t.Parallel()
	checkReports(t, "slips", 53)
}

func checkReports(t *testing.T, set string, count int) {
	t.Helper()
	folder := filepath.Join(product.root, "cmd", "otai", "testdata", set)
	expected := readExpectations(t, filepath.Join(folder, "expected.txt"))
	if _, err := os.Stat(filepath.Join(folder, "corrected.txt")); err == nil {
		maps.Copy(expected, readExpectations(t, filepath.Join(folder, "corrected.txt")))
	}
	variables, err := os.ReadFile(filepath.Join(folder, "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	env := environment(t, strings.Fields(string(variables))...)
	keepsState(t, env)
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(files) != count {
		t.Fatalf("%d files, want %d: %v", len(files), count, err)
	}
	for n, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yml"), func(t *testing.T) {
			oneIn(t, 12, n)
			t.Parallel()
			validate := newCommandContext(t.Context(), product.otai, "validate", "--json", file)
			validate.Env = env
			output, _ := validate.Output() // the exit code says no more than the answer
			var answer struct {
				Problems []diagnostic `json:"problems"`
			}
			if err := json.Unmarshal(output, &answer); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			var got []diagnostic
			for _, p := range answer.Problems {
				if p.Severity != "advice" && p.Code != "missing-model" { // no mistakes of these files
					got = append(got, p)
				}
			}
			want := expected[name]
			if len(want) == 0 || len(got) != len(want) {
				t.Fatalf("%d reports, want %d:\n%+v", len(got), len(want), got)
			}
			for i, p := range got {
				if !want[i].met(p) {
					t.Errorf("report %d: got %+v, want %+v", i+1, p, want[i])
				}
			}
		})
	}
}

// problem is one of `otai validate --json`.
type diagnostic struct {
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

// expectation is a report that is wanted.
type expectation struct {
	line, column int    // column 0: any
	contains     string // what message or hint must have; "-": anything
}

func (e expectation) met(p diagnostic) bool {
	return p.Line == e.line && (e.column == 0 || p.Column == e.column) &&
		(e.contains == "-" || strings.Contains(strings.ToLower(p.Message+" "+p.Hint), strings.ToLower(e.contains)))
}

// readExpectations reads lines FILE:LINE:COLUMN: CONTAINS | REASON.
func readExpectations(t *testing.T, file string) map[string][]expectation {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]expectation{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		place, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		contains, _, found := strings.Cut(rest, " | ")
		parts := strings.Split(place, ":")
		if !found || len(parts) != 3 {
			t.Fatalf("%s: a line can't be read: %q", file, line)
		}
		all[parts[0]] = append(all[parts[0]], expectation{line: number(t, parts[1]), column: number(t, parts[2]), contains: contains})
	}
	return all
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
