package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// doctorOf returns a doctor of a configuration whose models have these labels.
func doctorOf(t *testing.T, text string, labels map[modelKey][]string) *modelDoctor {
	t.Helper()
	document, problems := config.Read(config.Options{
		Files: []config.Source{{Name: "config.yml", Data: []byte(text)}}, Env: []string{"FALLBACK=Env", "MODEL=a"},
	})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	a := analysis{&app.Setup{Document: document, Redactor: &redactor.Redactor{}, Catalog: &app.Catalog{Registry: registry.New(":")}}}
	d := newModelDoctor(t.Context(), a)
	d.labels = labels
	return d
}

const doctorConfig = `
services:
  desk: { use: "x:Desk" }
  models: { use: "x:Models" }
orchestrator:
  params:
    steps:
      - use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT5S } }
          run:
            use: base:CompositePipe
            params:
              fallback: Misc
              steps:
                - id: queue
                  use: base:ClassificationPipe
                  injects: { classification_service: models }
                  params: { text: x, model_name: MODELNAME }
                - use: base:CompositePipe
                  params:
                    steps:
                      - id: inner
                        use: base:ExpressionPipe
                        params: { expression: "{{ get_pipe_result('queue', 'label') }}" }
                - id: select
                  use: base:ExpressionPipe
                  params: { expression: "{{ get_pipe_result('queue', 'label') if get_pipe_result('queue', 'confidence') > 0.8 else get_parent_param('fallback') }}" }
                - id: partly
                  use: base:ExpressionPipe
                  params: { expression: "{{ get_pipe_result('queue', 'label') if get_pipe_result('queue', 'confidence') > 0.8 else get_pipe_result('ticket').queue.name }}" }
                - id: update
                  use: base:UpdateTicketPipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "1"
                    updated_ticket: { queue: { name: QUEUE } }
                - id: later
                  use: base:ExpressionPipe
                  params: { expression: "Later" }
`

func TestTheDoctorFollowsTemplatesToTheNamesTheyYield(t *testing.T) {
	const label = "get_pipe_result('queue', 'label')"
	models := map[modelKey][]string{{"models", "a"}: {"IT", "HR"}, {"models", "b"}: {"Sales"}, {"models", ""}: {"Own"}}
	for name, c := range map[string]struct{ model, queue, want string }{
		"a name":                       {"a", "IT", "IT"},
		"a label":                      {"a", "{{ " + label + " }}", "HR of the model a, IT of the model a"},
		"the service's own model":      {"", "{{ " + label + " }}", "Own of the model of the service models"},
		"a model by the environment":   {"{{ get_env('MODEL') }}", "{{ " + label + " }}", "HR of the model a, IT of the model a"},
		"either of two models":         {"{{ 'a' if get_pipe_result('x') else 'b' }}", "{{ " + label + " }}", "HR of the model a, IT of the model a, Sales of the model b"},
		"through an expression":        {"a", "{{ get_pipe_result('select') }}", "HR of the model a, IT of the model a, Misc"},
		"a branch and a variable":      {"a", "{{ " + label + " if x else get_env('FALLBACK') }}", "Env, HR of the model a, IT of the model a"},
		"a mapping":                    {"a", "{{ {'IT': 'Tech'}.get(" + label + ", 'Rest') }}", "Rest, Tech"},
		"a mapping that keeps some":    {"a", "{{ {'IT': 'Tech'}.get(" + label + ", " + label + ") }}", "HR of the model a, Tech"},
		"a statement":                  {"a", "{% if " + label + " == 'IT' %}Tech{% else %}{{ " + label + " }}{% endif %}", "HR of the model a, Tech"},
		"through one that is partly":   {"a", "{{ get_pipe_result('partly') }}", "HR of the model a, IT of the model a, {{…}}"},
		"either of two, one is gone":   {"{{ 'a' if get_pipe_result('x') else 'c' }}", "{{ " + label + " }}", "HR of the model a, IT of the model a, {{…}}"},
		"partly":                       {"a", "{{ " + label + " if x else get_pipe_result('ticket').queue }}", "HR of the model a, IT of the model a, {{…}}"},
		"a model that isn't there":     {"c", "{{ " + label + " }}", "{{…}}"},
		"a model that isn't known":     {"{{ get_pipe_result('x') }}", "{{ " + label + " }}", "{{…}}"},
		"a step that comes later":      {"a", "{{ get_pipe_result('later') }}", "{{…}}"},
		"a step of another row":        {"a", "{{ get_pipe_result('inner') }}", "{{…}}"},
		"what can't be beside unknown": {"a", "{{ 'TaQ' if get_pipe_result('t').subject and " + label + " == 'No' else " + label + " }}", "HR of the model a, IT of the model a"},
		"an empty one":                 {"a", "{{ '' if " + label + " == 'HR' else " + label + " }}", ", IT of the model a"},
		"what a template can't yield":  {"a", "{{ fail('no') }}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("MODELNAME", quoted(c.model), "QUEUE", quoted(c.queue)).Replace(doctorConfig)
			u := doctorOf(t, text, models).namesFor("desk")
			var got []string
			for name, use := range u {
				text := name.name
				if strings.HasPrefix(text, "{") {
					text = "{{…}}"
				}
				if len(use.models) > 0 {
					text += " of " + strings.Join(use.models, " and ")
				}
				if name.kind != "queue" || len(use.paths) != 1 || !strings.HasSuffix(use.paths[0], ".updated_ticket.queue.name") {
					t.Errorf("%v is at %v", name, use.paths)
				}
				got = append(got, text)
			}
			slices.Sort(got)
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), c.want)
			}
		})
	}
}

func quoted(text string) string { return `"` + text + `"` }

func TestExpressionsThatLeadToEachOtherEnd(t *testing.T) {
	var steps strings.Builder
	for range 60 {
		steps.WriteString("      - { id: a, use: base:ExpressionPipe, params: { expression: \"{{ get_pipe_result('a') ~ get_pipe_result('a') }}\" } }\n")
	}
	d := doctorOf(t, "services: { desk: { use: \"x:Desk\" } }\norchestrator:\n  params:\n    steps:\n"+steps.String()+
		"      - { use: base:UpdateTicketPipe, injects: { ticket_system: desk }, params: { ticket_id: 1, updated_ticket: { queue: { name: \"{{ get_pipe_result('a') }}\" } } } }\n", nil)
	if u := d.namesFor("desk"); len(u) != 1 {
		t.Errorf("names are %v", u)
	}
}
