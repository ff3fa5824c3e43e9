package config_test

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
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
	d, problems := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(file)}}})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	keys := func(v any) string {
		t.Helper()
		m, ok := v.(*jinja.Dict)
		if !ok {
			t.Fatalf("%T is no ordered mapping", v)
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
