package jinja

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestObjectsOfTheLanguageAreEqualToThemselvesAlone(t *testing.T) {
	for source, want := range map[string]string{
		"{% set c = cycler('a') %}{{ c == c }}":                                  "True",
		"{% set c = cycler('a') %}{{ c == cycler('a') }}":                        "False",
		"{% macro m() %}{% endmacro %}{{ m == m }}":                              "True",
		"{% macro m() %}{% endmacro %}{% macro n() %}{% endmacro %}{{ m == n }}": "False",
		"{% for x in [1] %}{{ loop == loop }}{% endfor %}":                       "True",
		"{{ range == range }}{{ range == dict }}":                                "TrueFalse",
	} {
		if out, err := render(New(Options{}), api.Scope{}, source); err != nil || out.Text != want {
			t.Errorf("%q = %q, %v; want %q", source, out.Text, err, want)
		}
	}
}
