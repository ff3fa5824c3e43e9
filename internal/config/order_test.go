package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestMappingsInParamsKeepTheOrderOfTheFile(t *testing.T) {
	const file = `
orchestrator:
  use: base:SimpleSequentialOrchestrator
  params:
    steps:
      - id: c
        use: base:CompositePipe
        params:
          queues: {zebra: 1, apple: {y: 1, b: 2}, mango: [{q: 1, c: 2}]}
          steps:
            - { id: e, use: "base:ExpressionPipe", params: { expression: { z: 1, a: 2 } } }
`
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(file)}}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	keys := func(v any) string {
		t.Helper()
		m, ok := v.(*jinja.Dict)
		if !ok {
			t.Fatalf("%T is not an ordered mapping", v)
		}
		return strings.Join(m.Keys(), " ")
	}
	get := func(v any, key string) any { v, _ = v.(*jinja.Dict).Get(key); return v }
	params := func(v any) map[string]any {
		t.Helper()
		return v.(map[string]any)["params"].(map[string]any)
	}
	c := params(params(d.InOrder())["steps"].([]any)[0])
	queues := c["queues"]
	expression := params(c["steps"].([]any)[0])["expression"]
	for _, check := range [][2]string{
		{keys(queues), "zebra apple mango"},
		{keys(get(queues, "apple")), "y b"},
		{keys(get(queues, "mango").([]any)[0]), "q c"},
		{keys(expression), "z a"},
	} {
		if check[0] != check[1] {
			t.Errorf("keys %q, want %q", check[0], check[1])
		}
	}
	if _, changed := params(params(d.Orchestrator)["steps"].([]any)[0])["queues"].(map[string]any); !changed {
		t.Error("the document itself was changed")
	}
}

func TestMappingsKeepTheirOrderWhenTheirTemplatesAreRendered(t *testing.T) {
	const file = `
orchestrator:
  params:
    steps: []
    labels: { zebra: "{{ 1 }}", apple: { y: a, b: "{{ 2 }}" }, k9: 1, k8: 1, k7: 1, k6: 1, k5: 1, k4: 1, k3: 1, k2: 1, k1: 1 }
`
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(file)}}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	spec, err := params.Describe(reflect.TypeFor[struct {
		Labels any `otai:"labels"`
	}]())
	if err != nil {
		t.Fatal(err)
	}
	before := d.InOrder()["params"].(map[string]any)["labels"].(*jinja.Dict)
	out, err := params.Render(spec, map[string]any{"labels": before}, func(source string, _ bool) (any, error) { return source + "!", nil })
	if err != nil {
		t.Fatal(err)
	}
	labels, ok := out["labels"].(*jinja.Dict)
	if !ok {
		t.Fatalf("%T is not an ordered mapping", out["labels"])
	}
	if got, want := strings.Join(labels.Keys(), " "), "zebra apple k9 k8 k7 k6 k5 k4 k3 k2 k1"; got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
	apple, _ := labels.Get("apple")
	if got := strings.Join(apple.(*jinja.Dict).Keys(), " "); got != "y b" {
		t.Errorf("keys %s of the inner mapping, want y b", got)
	}
	for m, want := range map[*jinja.Dict]string{labels: "{{ 1 }}!", before: "{{ 1 }}"} {
		if got, _ := m.Get("zebra"); got != want {
			t.Errorf("zebra is %v, want %v", got, want)
		}
	}
	labels.Set("new", 1)
	if _, shared := before.Get("new"); shared {
		t.Error("the mappings share their keys")
	}
}
