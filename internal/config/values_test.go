package config_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

func TestValuesKeepOrderAndKindInYAMLAndJSON(t *testing.T) {
	for name, data := range map[string]string{
		"YAML":           "z: 1\na: [1.0, true, null, x, 36893488147419103232]\nrunners: {b: 2024-01-01}\nuse: \"\\U0001F600\"\n",
		"YAML with BOM":  "\ufeffz: 1\na: [1.0, yes, ~, x, 36893488147419103232]\nrunners: {b: 2024-01-01}\nuse: 😀\n",
		"JSON":           `{"z": 1, "a": [1.0, true, null, "x", 36893488147419103232], "runners": {"b": "2024-01-01"}, "use": "\ud83d\ude00"}`,
		"JSON with tabs": "{\n\t\"z\": 1,\n\t\"a\": [1.0, true, null, \"x\", 36893488147419103232],\n\t\"runners\": {\"b\": \"2024-01-01\"},\n\t\"use\": \"😀\"\n}",
	} {
		t.Run(name, func(t *testing.T) {
			d, diags := config.Values(config.Source{Name: "scope", Data: []byte(data)})
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := strings.Join(d.Keys(), " "); got != "z a runners use" {
				t.Errorf("keys %q", got)
			}
			a, _ := d.Get("a")
			list := a.([]any)
			if list[0] != 1.0 || list[2] != nil || list[3] != "x" {
				t.Errorf("got %#v", list)
			}
			if n, ok := list[4].(*big.Int); !ok && list[4] != 36893488147419103232.0 {
				t.Errorf("the large number is %T %v", list[4], n)
			}
			runners, _ := d.Get("runners")
			if b, _ := runners.(*jinja.Dict).Get("b"); b != "2024-01-01" {
				t.Errorf("the date is %#v", b)
			}
			if use, _ := d.Get("use"); use != "😀" {
				t.Errorf("use is %#v", use)
			}
		})
	}
}

func TestValuesThatAreNoMappingAreRefused(t *testing.T) {
	for _, data := range []string{"", "[1]", "5", "a: [", `["a"]`, "a: 1\na: 2", "\xff: 1"} {
		if d, diags := config.Values(config.Source{Name: "scope", Data: []byte(data)}); d != nil || !diags.HasErrors() {
			t.Errorf("%q: %v, %v", data, d, diags)
		}
	}
}
