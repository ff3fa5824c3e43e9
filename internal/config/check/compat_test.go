package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
)

func readFile(t *testing.T, name string, env ...string) (*config.Document, config.Diagnostics) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return config.Read(config.Options{Files: []config.Source{{Name: filepath.Base(name), Data: data}}, Env: env})
}

// The files in testdata/compat are configurations of Open Ticket AI.
func TestConfigurationsOfOpenTicketAIAreRightAsTheyAre(t *testing.T) {
	for _, name := range []string{"a-znuny-demo.yml", "a2-first-pipeline.yml", "seed.yml"} {
		t.Run(name, func(t *testing.T) {
			d, diags := readFile(t, "testdata/compat/"+name, "OTOBO_URL=http://127.0.0.1:8080")
			diags = slices.DeleteFunc(diags, func(p config.Diagnostic) bool {
				return p.Code == "missing-trigger" && p.Severity == config.SeverityWarning
			})
			if d == nil || len(diags) > 0 {
				t.Fatalf("reading it:\n%v", diags)
			}
			for _, p := range check.Check(d, catalogtest.New()) {
				if p.Code != "polls-without-pause" && p.Code != "any-state" {
					t.Errorf("checking it: %v", p)
				}
			}
		})
	}
}

func TestAnEarlierFormIsUpgradedWithWarnings(t *testing.T) {
	d, diags := readFile(t, "testdata/compat/b-deployment.yml", "X=y")
	if d == nil || diags.HasErrors() {
		t.Fatalf("reading it:\n%v", diags)
	}
	codes := map[string]int{}
	for _, p := range diags {
		codes[p.Code]++
	}
	if want := map[string]int{"no-effect": 2, "deprecated": 18}; !cmp.Equal(want, codes) {
		t.Errorf("warnings (-want +got):\n%s\n%v", cmp.Diff(want, codes), diags)
	}
	if diags := check.Check(d, catalogtest.New()); diags.HasErrors() || len(diags) != 2 {
		t.Fatalf("checking it:\n%v", diags)
	}
	steps := d.Orchestrator["params"].(map[string]any)["steps"].([]any)
	if use := steps[0].(map[string]any)["use"]; use != "base:SimpleSequentialRunner" {
		t.Errorf("the first step uses %v", use)
	}
}

func TestAConfigurationWithoutRootKeyAndWithRunnersIsUnderstood(t *testing.T) {
	d, diags := readFile(t, "testdata/compat/d-plugins-page.yml")
	if d == nil || diags.HasErrors() {
		t.Fatalf("reading it:\n%v", diags)
	}
	if ids := []string{d.Services[0].ID, d.Services[1].ID}; !slices.Equal(ids, []string{"ticket_system", "classifier"}) {
		t.Errorf("services %v", ids)
	}
	steps := d.Orchestrator["params"].(map[string]any)["steps"].([]any)
	if len(steps) != 3 || d.Orchestrator["use"] != "base:SimpleSequentialOrchestrator" {
		t.Fatalf("orchestrator %v", d.Orchestrator)
	}
	// Some of its components and params never existed: each is named where it
	// stands, once, with what to write.
	var got []string
	for _, p := range diags.And(check.Check(d, catalogtest.New())) {
		got = append(got, fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, p.Severity, p.Hint))
	}
	want := []string{
		"11:10 warning write hf-local:HFClassificationService",
		"18:7 warning add on: {use: base:IntervalTrigger, params: {interval: PT10S}}, which runs it every ten seconds",
		"25:13 error write queue: {name: …}",
		"26:13 warning write states: [{name: new}]",
		"29:7 warning add on: {use: base:IntervalTrigger, params: {interval: PT10S}}, which runs it every ten seconds",
		"31:14 error write use: base:ClassificationPipe with injects: {classification_service: ID} and params: {text: …, model_name: …}",
		"37:7 warning add on: {use: base:IntervalTrigger, params: {interval: PT10S}}, which runs it every ten seconds",
		"43:26 error write get_pipe_result('ID')['id'], with the id of the step that picks one of the fetched tickets",
		"44:11 error it belongs under updated_ticket: write updated_ticket: {queue: {name: …}}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestTheSeedBecomesAPipeInTheCurrentForm(t *testing.T) {
	d, diags := readFile(t, "testdata/compat/seed.yml", "OTOBO_URL=http://help.desk")
	if len(diags) != 1 || diags[0].Code != "missing-trigger" || diags.HasErrors() {
		t.Fatal(diags)
	}
	wantServices := []config.Service{{
		ID: "ticket_system", Use: "otobo-znuny:OTOBOZnunyTicketSystemService", Injects: map[string]string{},
		Params: map[string]any{"base_url": "http://help.desk"}, Path: "services.ticket_system",
	}}
	wantRoot := map[string]any{
		"use": "base:SimpleSequentialOrchestrator",
		// A runner without a trigger would otherwise run a hundred times a second.
		"params": map[string]any{"orchestrator_sleep": "PT1S", "steps": []any{map[string]any{
			"use": "base:SimpleSequentialRunner",
			"params": map[string]any{
				"on": inEveryCycle,
				"run": map[string]any{
					"id": "fetch", "use": "otobo-znuny:FetchTicketsPipe",
					"injects": map[string]any{"ticket_system": "ticket_system"},
				},
			},
		}}},
	}
	if diff := cmp.Diff(wantServices, d.Services); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantRoot, d.Orchestrator); diff != "" {
		t.Error(diff)
	}
	if p := d.Locate("orchestrator.params.steps[0].params.run.use"); p != (config.Position{File: "seed.yml", Line: 12, Column: 14}) {
		t.Errorf("run.use stands at %v", p)
	}
}

// inEveryCycle is the trigger of a runner that has none.
var inEveryCycle = map[string]any{"use": "base:IntervalTrigger", "params": map[string]any{"interval": "PT0S"}}
