package jinja

import (
	"slices"
	"testing"
)

func TestOutcomes(t *testing.T) {
	labels := []any{"IT", "HR", "Facilities::Office"}
	known := func(function string, args []string) ([]any, bool) {
		switch function + " " + args[0] {
		case "get_pipe_result queue":
			if args[1] == "label" {
				return labels, true
			}
		case "get_pipe_result select":
			if args[1] == "value" {
				return []any{"IT", "Other"}, true
			}
		case "get_pipe_result half":
			return []any{"IT", "HR"}, false
		case "get_parent_param fallback":
			return []any{"Misc"}, true
		case "get_env PREFIX":
			return nil, true
		}
		return nil, false
	}
	all := []string{"Facilities::Office", "HR", "IT"}
	const label, sure = "get_pipe_result('queue', 'label')", "get_pipe_result('queue', 'confidence') >= 0.8"
	for name, c := range map[string]struct {
		template string
		want     []string
		complete bool
	}{
		"no template":         {"IT", []string{"IT"}, true},
		"a label":             {"{{ " + label + " }}", all, true},
		"named arguments":     {"{{ get_pipe_result(pipe_id='queue', data_key='label') }}", all, true},
		"with text around it": {"Raw::{{ " + label + " }}", []string{"Raw::Facilities::Office", "Raw::HR", "Raw::IT"}, true},
		"a condition":         {"{{ " + label + " if " + sure + " else 'Unclassified' }}", append(slices.Clone(all), "Unclassified"), true},
		"conditions in each other": {
			"{{ " + label + " if " + sure + " else ('A' if has_failed('x') else get_parent_param('fallback')) }}",
			[]string{"A", "Facilities::Office", "HR", "IT", "Misc"},
			true,
		},
		"a condition of the label": {"{{ 'Personal' if " + label + " == 'HR' else " + label + " }}", []string{"Facilities::Office", "IT", "Personal"}, true},
		"a mapping":                {"{{ {'IT': 'Tech', 'HR': 'People', 'Facilities::Office': 'House'}[" + label + "] }}", []string{"House", "People", "Tech"}, true},
		"a mapping with a default": {"{{ {'IT': 'Tech'}.get(" + label + ", 'Rest') }}", []string{"Rest", "Tech"}, true},
		"a mapping with holes":     {"{{ {'IT': 'Tech'}[" + label + "] | upper }}", []string{"", "TECH"}, true},
		"filters":                  {"{{ " + label + " | replace('::', '/') | upper }}", []string{"FACILITIES/OFFICE", "HR", "IT"}, true},
		"an expression's value":    {"{{ get_pipe_result('select') }}", []string{"IT", "Other"}, true},
		"two sources":              {"{{ " + label + " ~ '-' ~ get_pipe_result('select') }}", []string{"Facilities::Office-IT", "Facilities::Office-Other", "HR-IT", "HR-Other", "IT-IT", "IT-Other"}, true},
		"the environment":          {"{{ get_env('PREFIX') }}/queue", []string{"here/queue"}, true},
		"statements":               {"{% if " + sure + " %}{{ " + label + " }}{% else %}Other{% endif %}", append(slices.Clone(all), "Other"), true},
		"statements of the label":  {"{% if " + label + " == 'IT' %}Tech{% elif " + label + " == 'HR' %}People{% else %}Rest{% endif %}", []string{"People", "Rest", "Tech"}, true},
		"names that are set":       {"{% set l = " + label + " %}{% set c = get_pipe_result('queue', 'confidence') %}{{ l if c > 0.5 else 'Low' }}", append(slices.Clone(all), "Low"), true},
		"a loop":                   {"{% for q in ['A', 'B'] %}{{ q }}{% endfor %}", []string{"AB"}, true},
		"fail has none":            {"{{ " + label + " if " + sure + " else fail('unsure') }}", all, true},

		"unknown and what can't be": {"{{ 'TaQ' if get_pipe_result('t').subject and " + label + " == 'NoLabel' else " + label + " }}", all, true},
		"what can't be and unknown": {"{{ 'TaQ' if " + label + " == 'NoLabel' and get_pipe_result('t').subject else " + label + " }}", all, true},
		"unknown and what can be":   {"{{ 'TaQ' if get_pipe_result('t').subject and " + label + " == 'HR' else " + label + " }}", append(slices.Clone(all), "TaQ"), true},
		"unknown or what holds":     {"{{ 'TaQ' if get_pipe_result('t').subject or " + label + " != 'NoLabel' else " + label + " }}", []string{"TaQ"}, true},
		"unknown or what can hold":  {"{{ 'TaQ' if get_pipe_result('t').subject or " + label + " == 'HR' else " + label + " }}", []string{"Facilities::Office", "IT", "TaQ"}, true},
		"not unknown":               {"{{ 'TaQ' if not (get_pipe_result('t').subject and " + label + " == 'HR') else " + label + " }}", []string{"HR", "TaQ"}, true},
		"a part in a branch":        {"{% if get_pipe_result('t').subject and " + label + " == 'NoLabel' %}TaQ{% elif " + sure + " %}{{ " + label + " }}{% else %}Other{% endif %}", append(slices.Clone(all), "Other"), true},
		"parts in each other":       {"{{ 'TaQ' if " + sure + " and " + label + " == 'No' else (" + label + " if " + sure + " or " + label + " == 'HR' else 'Low') }}", append(slices.Clone(all), "Low"), true},
		"only half, by parts":       {"{{ get_pipe_result('t').subject if " + sure + " and " + label + " == 'IT' else " + label + " }}", all, false},
		"what is empty":             {"{{ '' if " + label + " == 'HR' else " + label + " }}", []string{"", "Facilities::Office", "IT"}, true},
		"drawn by lot":              {"{{ ['A', 'B'] | random }}", nil, false},
		"drawn by lot, in a block":  {"{% filter random %}ab{% endfilter %}", nil, false},
		"a condition drawn by lot":  {"{{ 'A' if [true, false] | random else 'B' }}", []string{"A", "B"}, true},
		"drawn by lot and kept":     {"{% set x = [1, 2] | random %}{{ x }}", nil, false},

		"only half is known":        {"{{ " + label + " if " + sure + " else get_pipe_result('ticket').queue.name }}", all, false},
		"some values":               {"{{ get_pipe_result('half') }}", []string{"HR", "IT"}, false},
		"a condition of some":       {"{{ 'Tech' if get_pipe_result('half') == 'IT' else get_pipe_result('half') }}", []string{"HR", "Tech"}, false},
		"something else":            {"{{ get_pipe_result('ticket').queue.name }}", nil, false},
		"an unknown name":           {"{{ nonsense }}", nil, false},
		"set to what is not known":  {"{% set l = get_pipe_result('x', 'y') %}{{ l }}", nil, false},
		"a default":                 {"{{ get_pipe_result('x', 'y') | default('Z') }}", nil, false},
		"or":                        {"{{ get_pipe_result('x', 'y') or 'Z' }}", nil, false},
		"a macro":                   {"{% macro m(x) %}{{ x }}{% endmacro %}{{ m('a') }}", nil, false},
		"a function of a variable":  {"{{ get_pipe_result(x, 'label') }}", nil, false},
		"the function itself":       {"{{ (get_pipe_result | string) }}", nil, false},
		"the mapping of all":        {"{{ pipe_results['queue'].data.label }}", nil, false},
		"a set that hides another":  {"{% set q = 'A' %}{% if " + sure + " %}{% set q = get_pipe_result('x', 'y') %}{% endif %}{{ q }}", nil, false},
		"more than can be followed": {"{{ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') ~ ('a' if x else 'b') }}", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(Options{Env: func(name string) (string, bool) { return "here", name == "PREFIX" }})
			parsed, err := r.Parse(c.template)
			if err != nil {
				t.Fatal(err)
			}
			got, complete := Outcomes(t.Context(), parsed, known)
			var texts []string
			for _, out := range got {
				texts = append(texts, out.Text)
			}
			slices.Sort(texts)
			if name == "more than can be followed" {
				texts = nil
			}
			if !slices.Equal(texts, c.want) || complete != c.complete {
				t.Errorf("%q, complete %v; want %q, %v", texts, complete, c.want, c.complete)
			}
		})
	}
}
