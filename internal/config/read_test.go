package config_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
)

const smallest = "orchestrator: {params: {steps: []}}\n"

func read(t *testing.T, o config.Options, files ...string) (*config.Document, config.Diagnostics) {
	t.Helper()
	for i, data := range files {
		o.Files = append(o.Files, config.Source{Name: fmt.Sprintf("%d.yml", i+1), Data: []byte(data)})
	}
	return config.Read(o)
}

func mustRead(t *testing.T, o config.Options, files ...string) *config.Document {
	t.Helper()
	d, diags := read(t, o, files...)
	if d == nil || len(diags) > 0 {
		t.Fatalf("reading it:\n%v", diags)
	}
	return d
}

func lines(diags config.Diagnostics) []string {
	var out []string
	for _, p := range diags {
		out = append(out, p.String())
	}
	return out
}

func TestBytesThatAreNoConfigurationAreRefusedWithOneError(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, c := range map[string]struct{ data, want string }{
		"nothing":           {"", "1.yml:1:1 empty"},
		"blanks":            {"\n\n  \n", "1.yml:1:1 empty"},
		"only a BOM":        {"\ufeff", "1.yml:1:1 empty"},
		"Latin-1":           {"a: 1\nb: gr\xfcn\n", "1.yml:2:6 encoding"},
		"UTF-16":            {"\xff\xfea\x00:\x00", "1.yml:1:1 encoding"},
		"control character": {"a: 1\nb: x\x07\n", "1.yml:2:5 encoding"},
		"zero byte":         {"a: \x00\n", "1.yml:1:4 encoding"},
		"control in a key":  {"\"a\\x1fb\": 1\n", "1.yml:1:1 bad-key"},
		"after a lone CR":   {"\r- b", "1.yml:2:1 not-a-mapping"},
		"Latin-1 after NEL": {"a: 1\u0085b: gr\xfcn\n", "1.yml:2:6 encoding"},
		"text":              {"just a sentence", "1.yml:1:1 not-a-mapping"},
		"alias bomb":        {bomb, "too-many-values"},
		"deep nesting":      {"a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "1.yml:1:104 too-deep"},
		"too large":         {"a: " + strings.Repeat("x", 10<<20), "1.yml:1:1 file-too-large"},
		"empty root key":    {"otai:\n", "1.yml:1:1 empty"},
		"list in root key":  {"cfg:\n  - a\n", "1.yml:2:3 not-a-mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			d, diags := read(t, config.Options{}, c.data)
			if d != nil || len(diags) != 1 {
				t.Fatalf("document %v, problems:\n%v", d != nil, diags)
			}
			p := diags[0]
			if got := fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Code); !strings.HasSuffix(got, c.want) {
				t.Errorf("got %s, want %s: %v", got, c.want, p)
			}
		})
	}
}

func TestABOMAndWindowsLineEndsChangeNothing(t *testing.T) {
	plain := "services:\n  a:\n    use: base:JinjaRenderer\n    params:\n      x: |\n        b\n        c\n" + smallest
	want := mustRead(t, config.Options{}, plain)
	got := mustRead(t, config.Options{}, "\ufeff"+strings.ReplaceAll(plain, "\n", "\r\n"))
	if diff := cmp.Diff(want.Services, got.Services); diff != "" {
		t.Error(diff)
	}
	if w, g := want.Locate("services.a.use"), got.Locate("services.a.use"); w != g {
		t.Errorf("services.a.use stands at %v, with a BOM at %v", w, g)
	}
}

func TestValuesAreWhatAPersonReadingTheYAMLWouldSay(t *testing.T) {
	d := mustRead(t, config.Options{}, `
services:
  other: {use: x:Y, params: &defaults {timeout: 5, retries: 1}}
  a:
    use: x:Y
    params:
      on: on
      yes: yes
      1: one
      null: null
      2024-01-01: 2024-01-01
      time: 2001-12-14t21:59:43.10-05:00
      clock: 12:30:45
      exponent: 1e3
      large: 9223372036854775807
      larger: 18446744073709551615
      largest: 1e300
      infinite: -.inf
      hex: 0x10
      float: 1.0
      bool: true
      "a \"quoted.key\"": "tab\t \u00e4 \U0001F600 \x7f \e \u2028"
      text: !!str 12
      merged: {<<: *defaults, retries: 2}
      aliased: *defaults
      block: |+
         three spaces less

      empty: ""
      list: [1, [2, {a: b}], ~]
`+smallest)
	want := map[string]any{
		"on": "on", "yes": "yes", "1": "one", "null": nil,
		"2024-01-01": "2024-01-01", "time": "2001-12-14t21:59:43.10-05:00", "clock": "12:30:45",
		"exponent": 1000.0, "large": int64(math.MaxInt64), "larger": 18446744073709551615.0, "largest": 1e300,
		"infinite": math.Inf(-1), "hex": int64(16), "float": 1.0, "bool": true,
		`a "quoted.key"`: "tab\t ä 😀 \x7f \x1b \u2028",
		"text":           "12",
		"merged":         map[string]any{"timeout": int64(5), "retries": int64(2)},
		"aliased":        map[string]any{"timeout": int64(5), "retries": int64(1)},
		"block":          "three spaces less\n\n", "empty": "",
		"list": []any{int64(1), []any{int64(2), map[string]any{"a": "b"}}, nil},
	}
	if diff := cmp.Diff(want, d.Services[1].Params); diff != "" {
		t.Error(diff)
	}
}

func TestServicesKeepTheOrderOfTheDocument(t *testing.T) {
	d := mustRead(t, config.Options{}, "services: {z: {use: a:B}, a: {use: a:B}, m: {use: a:B}}\n"+smallest)
	var ids []string
	for _, s := range d.Services {
		ids = append(ids, s.ID)
	}
	if diff := cmp.Diff([]string{"z", "a", "m"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestTheHostsOwnSettingsAreDecoded(t *testing.T) {
	yes, no := true, false
	d := mustRead(t, config.Options{}, `
api_version: 1.10
infrastructure:
  logging: {level: WARNING, format: JSON, log_to_file: "yes", log_file_path: /var/log/otai.log}
plugin_dirs: /opt/plugins
trusted_keys: [a, b]
plugins:
  - otai-base
  - {name: otai-hf-local, version: ">=1", required: true, enabled: off, sha256: `+strings.Repeat("AB", 32)+`, signature: s, env: [LICENSE_FILE, B]}
`+smallest)
	if d.APIVersion != "1.10" {
		t.Errorf("api_version %q", d.APIVersion)
	}
	if diff := cmp.Diff(config.Logging{Level: "warn", Format: "json", LogToFile: true, LogFilePath: "/var/log/otai.log"}, d.Logging); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]config.Plugin{
		{Name: "otai-base", Path: "plugins[0]"},
		{
			Name: "otai-hf-local", Version: ">=1", Required: &yes, Enabled: &no,
			SHA256: strings.Repeat("ab", 32), Signature: "s", Env: []string{"LICENSE_FILE", "B"}, Path: "plugins[1]",
		},
	}, d.Plugins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"/opt/plugins"}, {"a", "b"}}, [][]string{d.PluginDirs, d.TrustedKeys}); diff != "" {
		t.Error(diff)
	}
	d = mustRead(t, config.Options{}, smallest)
	if diff := cmp.Diff(config.Logging{Level: "info", Format: "auto"}, d.Logging); diff != "" {
		t.Error(diff)
	}
}

func TestStepsWithoutUseAreACompositeAndOtherParamsStayBesideRunners(t *testing.T) {
	d := mustRead(t, config.Options{}, `
orchestrator:
  params: {orchestrator_sleep: PT1S}
  runners:
    - id: first
      on: {use: base:IntervalTrigger, params: {interval: 5}}
      run: {params: {steps: []}}
`)
	want := map[string]any{
		"use": "base:SimpleSequentialOrchestrator",
		"params": map[string]any{
			"orchestrator_sleep": "PT1S",
			"steps": []any{map[string]any{
				"id": "first", "use": "base:SimpleSequentialRunner",
				"params": map[string]any{
					"on":  map[string]any{"use": "base:IntervalTrigger", "params": map[string]any{"interval": int64(5)}},
					"run": map[string]any{"use": "base:CompositePipe", "params": map[string]any{"steps": []any{}}},
				},
			}},
		},
	}
	if diff := cmp.Diff(want, d.Orchestrator); diff != "" {
		t.Error(diff)
	}
	if diags := check.Check(d, catalogtest.New()); len(diags) > 0 {
		t.Error(diags)
	}
}

func TestAnExcerptShowsTheLineAndNoSecret(t *testing.T) {
	data := []byte("a: 1\n\tpassword: hunter2\nqueue: grün x\n")
	sources := []config.Source{{Name: "f", Data: data}}
	for want, p := range map[string]config.Diagnostic{
		"    3 | queue: grün x\n      |             ^\n":   {File: "f", Line: 3, Column: 13},
		"    2 | \tpassword: ***\n      | \t          ^\n": {File: "f", Line: 2, Column: 12},
		"": {File: "OTAI__X"},
	} {
		if got := p.Excerpt(sources); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestDiagnosticsOfBothPartsAreSortedAndGivenOnce(t *testing.T) {
	a := config.Diagnostics{{File: "b", Line: 2, Severity: config.SeverityWarning, Message: "x"}}
	b := config.Diagnostics{{File: "b", Line: 1, Column: 1, Path: "p", Severity: config.SeverityError, Message: "y", Hint: "z"}, a[0]}
	all := a.And(b)
	if diff := cmp.Diff("b:1:1: p: y (z)\nb:2:0: warning: x", all.Error()); diff != "" {
		t.Error(diff)
	}
	if a.HasErrors() || !all.HasErrors() {
		t.Error("only an error is one")
	}
}

func TestTemplatesOfAnotherRendererAreLeftToIt(t *testing.T) {
	d := mustRead(t, config.Options{}, `
services: {r: {use: acme:MustacheRenderer, params: {}}}
orchestrator: {params: {steps: [{use: base:ExpressionPipe, params: {expression: "{{ ) }}{{#each}}"}}]}}
`)
	if diags := check.Check(d, catalogtest.New()); len(diags) > 0 {
		t.Error(diags)
	}
}

func TestTheStrongestMergeSourceWins(t *testing.T) {
	d := mustRead(t, config.Options{}, `
services:
  a: {use: x:Y, params: &a {p: a, q: a}}
  b: {use: x:Y, params: &b {q: b, r: b}}
  c: {use: x:Y, params: {<<: [*a, *b], r: own}}
`+smallest)
	if diff := cmp.Diff(map[string]any{"p": "a", "q": "a", "r": "own"}, d.Services[2].Params); diff != "" {
		t.Error(diff)
	}
}

func TestAMistakeInALongFileIsNamedWithoutDelay(t *testing.T) {
	data := "a: [\n" + strings.Repeat("key: some value\n", 100_000)
	_, diags := read(t, config.Options{}, data)
	if len(diags) != 1 || diags[0].Code != "yaml-syntax" || diags[0].Line > 2 {
		t.Error(diags)
	}
}

func TestNoPluginIsTriedWithASecret(t *testing.T) {
	_, diags := read(t, config.Options{}, "plugins: [{ name: otai-words, env: [LICENSE_FILE, API_TOKEN] }]\n"+smallest)
	if len(diags) != 1 || diags[0].Path != "plugins[0].env" || !strings.Contains(diags[0].Message, "API_TOKEN is named like a secret") {
		t.Error(diags)
	}
}
