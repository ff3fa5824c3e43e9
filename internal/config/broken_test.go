package config_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file in testdata/broken begins with a comment that says what is found in
// it, as line:column and code. The messages are in problems.golden.
func TestEveryMistakeIsNamedAtItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	var messages bytes.Buffer
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, problems := config.Read(config.Options{Files: []config.Source{{Name: name, Data: data}}})
		if d != nil {
			problems = problems.And(d.Check(newCatalog()))
		}
		for _, p := range problems {
			if p.Code == "template-syntax" {
				p.Message = "…" // the template language's own words
			}
			fmt.Fprintln(&messages, p)
		}
		t.Run(strings.TrimSuffix(name, ".yml"), func(t *testing.T) {
			first, rest, _ := strings.Cut(string(data), "\n")
			want := strings.Split(strings.TrimPrefix(first, "# want: "), ", ")
			var got []string
			for _, p := range problems {
				got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Code))
			}
			if *update {
				want = got
				content := "# want: " + strings.Join(got, ", ") + "\n" + rest
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, problems)
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
	if diff := cmp.Diff(string(want), messages.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}
