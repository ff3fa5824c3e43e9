package jinja

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestTextsOfThePipelineAreNotReadAsLiterals(t *testing.T) {
	ticket := map[string]any{"subject": "12345", "body": "[1]", "tag": "None", "n": int64(7)}
	scope := api.Scope{}.Enter(map[string]any{"item": "1.50"}).Enter(nil).
		WithResult("t", api.Success(map[string]any{"value": ticket, "label": "3"}))
	r := New(Options{Env: func(string) (string, bool) { return "42", true }, Variables: map[string]any{"digits": "12"}})
	for source, want := range map[string]any{
		"{{ get_pipe_result('t').subject }}":                                          "12345",
		"{{ get_pipe_result('t').subject }} ":                                         "12345 ",
		"{{ pipe_results.t.data.value.tag }}":                                         "None",
		"{{ get_parent_param('item') }}":                                              "1.50",
		"{{ get_pipe_result('t').subject | trim | upper }}":                           "12345",
		"{{ get_pipe_result('t').nope or get_pipe_result('t').body }}":                "[1]",
		"{% set t = get_pipe_result('t') %}{{ t.body }}":                              "[1]",
		"{% for x in [get_pipe_result('t')] %}{{ x.subject }}{{ x.tag }}{% endfor %}": "12345None",
		"{% macro m(t) %}{{ t.body }}{% endmacro %}{{ m(get_pipe_result('t')) }}":     "[1]",
		"{% set s %}{{ get_parent_param('item') }}{% endset %}{{ [s] }}":              []any{"1.50"},
		"{{ get_pipe_result('t').n }}":                                                int64(7),
		"{{ get_pipe_result('t').n | string }}":                                       int64(7),
		"{{ '%.1f' % get_pipe_result('t').n }}":                                       7.0,
		"{{ '[{}]'.format(get_pipe_result('t').n) }}":                                 []any{int64(7)},
		"{{ '5' if has_failed('t') or get_pipe_result('t') else '6' }}":               int64(5),
		"[{{ get_pipe_result('t').n }}, '{{ get_pipe_result('t', 'label') }}']":       []any{int64(7), "3"},
		"{% if get_pipe_result('t').n %}5{% endif %}":                                 int64(5),
		"{{ digits }}":           int64(12),
		"{{ get_env('LIMIT') }}": int64(42),
		"{% set l = [] %}{% set _ = l.append(get_pipe_result('t').subject) %}{{ l[0] }}":                         "12345",
		"{% set l = [] %}{% set _ = l.append(1) %}{{ get_pipe_result('t').tag }}{{ get_pipe_result('t').body }}": "None[1]",
	} {
		out, err := render(r, scope, source)
		if err != nil {
			t.Errorf("%q: %v", source, err)
			continue
		}
		if diff := sameValue(want, out.Value); diff != "" {
			t.Errorf("%q (-want +got)\n%s", source, diff)
		}
	}
}
