package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
)

// lineBreak is YAML 1.1's.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

// Whatever a configuration holds, reading and checking it ends, and each diagnostic
// has a place that is in the file.
func FuzzReadAndCheck(f *testing.F) {
	addFiles(f, "testdata/broken/*.yml", "testdata/compat/*.yml")
	for _, seed := range []string{
		"orchestrator: {params: {steps: []}}\n",
		"services: [{id: a, use: b:C, params: {x: \"${A:-b}\", <<: {y: 1e3}}}]\norchestrator: {runners: [{run: {steps: [{}]}}]}",
		"otai:\n  orchestrator:\n    steps:\n    - id: x\n      params: {expression: |\n       {{ a }}\n       }\n",
		"a: &a [*a]\n? {b: c}\n: d\n",
		"\xef\xbb\xbfcfg: {plugins: [a, {name: b}], api_version: 2024-01-01}",
	} {
		f.Add([]byte(seed))
	}
	offered := catalogtest.New()
	env := []string{"OTAI__SERVICES__DESK__PARAMS__TIMEOUT=5", "OTOBO_URL=http://127.0.0.1:1", "DESK_PASSWORD=correct-horse"}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		source := config.Source{Name: "f.yml", Data: data}
		d, diags := config.Read(config.Options{Files: []config.Source{source}, Env: env})
		if d != nil {
			diags = diags.And(check.Check(d, offered))
		}
		lines := lineBreak.Split(strings.TrimPrefix(string(data), "\ufeff"), -1)
		for _, p := range diags {
			_ = p.Excerpt([]config.Source{source})
			if p.Code == "internal" {
				t.Fatal(p)
			}
			if p.Line == 0 && p.Column == 0 {
				continue // a variable, or the configuration as a whole
			}
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 {
				t.Fatalf("%d lines, and a diagnostic at %v", len(lines), p)
			}
			if utf8.Valid(data) && p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Fatalf("line %q, and a diagnostic at %v", lines[p.Line-1], p)
			}
		}
		if d == nil && !diags.HasErrors() {
			t.Fatal("there is no document, and nothing is wrong")
		}
	})
}

// addFiles makes seeds of files.
func addFiles(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}
