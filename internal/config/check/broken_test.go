package check_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file in testdata/broken begins with a comment that was written before the
// first run: a line for each diagnostic with its place, a part of its hint (of the
// message where there is no hint), and in some files its code. The whole messages
// are in problems.golden.
func TestEveryMistakeIsNamedAtItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files of test data, want 60 at least: %v", len(files), err)
	}
	var messages bytes.Buffer
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, diags := config.Read(config.Options{Files: []config.Source{{Name: name, Data: data}}})
		if d != nil {
			diags = diags.And(check.Check(d, catalogtest.New()))
		}
		// Which has a test of its own; the fetches here are about other mistakes.
		diags = slices.DeleteFunc(diags, func(p config.Diagnostic) bool { return p.Code == "any-state" })
		for _, p := range diags {
			if p.Code == "template-syntax" {
				p.Message = "…" // the template language's own words
			}
			fmt.Fprintln(&messages, p)
		}
		t.Run(strings.TrimSuffix(name, ".yml"), func(t *testing.T) {
			want := announced(string(data))
			if strings.Contains(diags.Error(), "gEheim") {
				t.Errorf("a password is shown: %v", diags)
			}
			if len(want) == 0 || len(want) != len(diags) {
				t.Fatalf("%d problems, %d are announced:\n%v", len(diags), len(want), diags)
			}
			for i, p := range diags {
				place := fmt.Sprintf("%d:%d", p.Line, p.Column)
				if strings.Contains(want[i].place, " ") {
					place += " " + p.Code
				}
				hint := cmp.Or(p.Hint, p.Message)
				if place != want[i].place || !strings.Contains(hint, want[i].hint) || p.Hint != "" && want[i].hint == "" {
					t.Errorf("diagnostic %d: want %s with the hint %q, got %v", i+1, want[i].place, want[i].hint, p)
				}
			}
		})
	}
	golden := "testdata/problems.golden"
	if *update {
		if err := os.WriteFile(golden, messages.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), messages.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

type announcement struct{ place, hint string }

// announced reads the first comment.
func announced(data string) []announcement {
	var list []announcement
	data = strings.NewReplacer("\x00", "", "\ufeff", "", "\xff\xfe", "").Replace(data) // one file is UTF-16
	for line := range strings.SplitSeq(data, "\n") {
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "# want ")
		if !ok {
			break
		}
		place, hint, _ := strings.Cut(text, ": ")
		list = append(list, announcement{place, hint})
	}
	return list
}
