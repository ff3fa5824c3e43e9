package upgrade_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
)

var update = flag.Bool("update", false, "write the golden files anew")

func upgraded(t *testing.T, text string) string {
	t.Helper()
	out, diags := upgrade.File(source.File{Name: "old.yml", Data: []byte(text)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	again, diags := upgrade.File(source.File{Name: "new.yml", Data: out})
	if diff := cmp.Diff(string(out), string(again)); diff != "" || len(diags) > 0 {
		t.Errorf("a second upgrade finds %v and changes\n%s", diags, diff)
	}
	return string(out)
}

// The file has every old form, in forms of YAML that people use.
func TestOnlyWhatIsOldChangesInTheText(t *testing.T) {
	data, err := os.ReadFile("testdata/old.yml")
	if err != nil {
		t.Fatal(err)
	}
	got := upgraded(t, string(data))
	golden := filepath.Join("testdata", "new.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	windows := strings.ReplaceAll(string(data), "\n", "\r\n")
	if got := upgraded(t, "\ufeff"+windows); got != "\ufeff"+strings.ReplaceAll(string(want), "\n", "\r\n") {
		t.Errorf("with the lines of Windows it is\n%q", got)
	}
}

func TestWhatIsAnotherWayToWriteStaysAsItIs(t *testing.T) {
	for name, text := range map[string]string{
		"services as a list": "services: [ {id: a,  use: 'base:JinjaRenderer'} ]\norchestrator: {params: {steps: []}}",
		"runners":            "orchestrator:\n    runners:\n    -   run:\n            use: base:ExpressionPipe # x\n            params: {expression: 1}\n",
		"names of plugins":   "plugins: [ otai-base ]\norchestrator: {params: {steps: []}}\n",
		"a row without use":  "orchestrator:\n  params:\n    steps:\n    - {params: {steps: []}}\n",
		"anchors and merges": "orchestrator:\n  params:\n    steps:\n    - &a {use: base:ExpressionPipe, params: &p {expression: 1}}\n    - <<: *a\n      id: b\n    - {use: base:ExpressionPipe, params: *p}\n",
		"no line at the end": "orchestrator: {params: {steps: []}}",
	} {
		if got := upgraded(t, text); got != text {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSingleOldFormsAreChangedInPlace(t *testing.T) {
	const steps = "orchestrator:\n  params:\n    steps:\n"
	for name, c := range map[string]struct{ old, want string }{
		"an anchor before a use": {
			steps + "      - use: &u otai_base:CompositePipe\n        params: {steps: [{use: *u}]}\n",
			steps + "      - use: &u base:CompositePipe\n        params: {steps: [{use: *u}]}\n",
		},
		"a pipe that is used twice": {
			"x-a: &a {use: otai_base:ExpressionPipe,   params: {expression: 1}}\notai:\n  orchestrator:\n    params: {steps: [*a, *a]}\n",
			"x-a: &a {use: base:ExpressionPipe,   params: {expression: 1}}\notai:\n  orchestrator:\n    params: {steps: [*a, *a]}\n",
		},
		"steps at the key's own indentation": {
			"orchestrator:\n  steps:\n  - use: base:ExpressionPipe\n    params: {expression: 1}\n",
			"orchestrator:\n  params:\n    steps:\n    - use: base:ExpressionPipe\n      params: {expression: 1}\n",
		},
		"steps above params": {
			"orchestrator:\n  # first\n  steps:\n    - {use: base:ExpressionPipe, params: {expression: 1}}\n  params:\n    orchestrator_sleep: PT1S\n",
			"orchestrator:\n  params:\n    orchestrator_sleep: PT1S\n    # first\n    steps:\n      - {use: base:ExpressionPipe, params: {expression: 1}}\n",
		},
		"steps behind a dash": {
			steps + "      - steps: []\n        id: a\n",
			steps + "      - params:\n          steps: []\n        id: a\n",
		},
		"empty params": {
			"orchestrator:\n  params:\n  # now\n  steps: []\n",
			"orchestrator:\n  # now\n  params:\n    steps: []\n",
		},
		"params in brackets over lines": {
			"orchestrator:\n  steps: []\n  params: {\n    orchestrator_sleep: PT1S, # one\n    x: [1, 2],\n    }\n",
			"orchestrator:\n  params:\n    orchestrator_sleep: PT1S # one\n    x: [1, 2]\n    steps: []\n",
		},
		"a last depends_on": {
			steps + "      - {id: a, use: base:ExpressionPipe, params: {expression: 1}}\n      - {use: base:ExpressionPipe, params: {expression: 1}, depends_on: [a]}",
			steps + "      - {id: a, use: base:ExpressionPipe, params: {expression: 1}}\n      - {use: base:ExpressionPipe, params: {expression: 1}}",
		},
		"a state with a comma": {
			steps + "      - use: base:FetchTicketsPipe\n        params:\n          search_criteria:\n            state: wait, long  # rest\n",
			steps + "      - use: base:FetchTicketsPipe\n        params:\n          ticket_search_criteria:\n            states: [{name: 'wait, long'}]  # rest\n",
		},
		"Python's logging": {
			"infrastructure:\n  logging:\n    version: 1\n    root: {level: \"INFO\", handlers: [console]}\n    handlers:\n      console: {class: x}\norchestrator: {params: {steps: []}}\n",
			"infrastructure:\n  logging:\n    level: \"INFO\"\norchestrator: {params: {steps: []}}\n",
		},
		"the only keys": {
			"infrastructure: { logging: { log_format: x } }\norchestrator: {params: {steps: []}}\n",
			"infrastructure: { logging: { } }\norchestrator: {params: {steps: []}}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, upgraded(t, c.old)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzUpgrade holds every file that can be upgraded to the promises: the result is
// current, it comes back as it is, and it means the same.
func FuzzUpgrade(f *testing.F) {
	upgrade.AddFiles(f, "testdata/old.yml", "../check/testdata/compat/*.yml", "../check/testdata/broken/*.yml")
	f.Fuzz(func(t *testing.T, data []byte) {
		text, diags := upgrade.File(source.File{Name: "f", Data: data})
		if diags.HasErrors() {
			return
		}
		again, diags := upgrade.File(source.File{Name: "f", Data: text})
		if len(diags) > 0 || string(again) != string(text) {
			t.Fatalf("%q becomes %q, then %q\n%v", data, text, again, diags)
		}
	})
}
