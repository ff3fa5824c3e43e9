package jinja

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// hostile are templates that would take for ever, or all memory, without limits.
var hostile = map[string]string{
	"steps":                  "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
	"range":                  "{{ range(10 ** 9) | list }}",
	"range of all":           "{{ range(-9223372036854775807, 9223372036854775807) }}",
	"repeated text":          "{{ 'x' * 200000000 }}",
	"repeated list":          "{{ [1] * 200000000 }}",
	"doubling text":          "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
	"doubling output":        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% else %}xxxxxxxx{% endif %}{% endmacro %}{{ m(45) }}",
	"shared lists as text":   "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}x",
	"shared lists as value":  "{% set n = namespace(l=[1]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
	"shared lists as JSON":   "{% set n = namespace(l=[1]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}",
	"shared lists compared":  "{% set n = namespace(l=[1], m=[1]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}",
	"nested lists":           "{% set n = namespace(l=[1]) %}{% for i in range(900) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l }}",
	"endless macro":          "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
	"endless loop":           "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"width of center":        "{{ 'x' | center(100000000) }}",
	"width of ljust":         "{{ 'x'.ljust(100000000) }}",
	"width of indent":        "{{ 'a\\nb' | indent(100000000) }}",
	"width of a % format":    "{{ '%1000000000d' % 1 }}",
	"width of a {} format":   "{{ '{:1000000000}'.format(1) }}",
	"precision":              "{{ '%.1000000000f' % 1.5 }}",
	"width from a value":     "{{ '%*d' % (1000000000, 1) }}",
	"fill of batch":          "{{ [1] | batch(100000000, 0) | list }}",
	"slices":                 "{{ [1] | slice(100000000) | list }}",
	"power":                  "{{ 9 ** 999999999 }}",
	"power of power":         "{{ 9 ** (9 ** 9) }}",
	"growing integer":        "{% set n = namespace(i=3) %}{% for i in range(99) %}{% set n.i = n.i * n.i %}{% endfor %}",
	"replace":                "{{ ('x' * 99999) | replace('x', 'y' * 99999) }}",
	"replace of nothing":     "{{ ('x' * 99999).replace('', 'y' * 99999) }}",
	"join":                   "{{ range(99999) | join('x' * 99999) }}",
	"wordwrap":               "{{ ('a ' * 99999) | wordwrap(1, true, 'x' * 99999) }}",
	"indent of many lines":   "{{ ('\\n' * 99999) | indent(99999, true, true) }}",
	"a long source":          "{{ '" + strings.Repeat("x", 64<<10) + "' }}",
	"many nots":              "{{ " + strings.Repeat("not ", 10_000) + "x }}",
	"many brackets":          "{{ " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000) + " }}",
	"many signs":             "{{ " + strings.Repeat("-", 10_000) + "1 }}",
	"many conditions":        "{{ " + strings.Repeat("1 if 1 else ", 3_000) + "1 }}",
	"many blocks":            strings.Repeat("{% if 1 %}", 1_000) + strings.Repeat("{% endif %}", 1_000),
	"many targets":           "{% set " + strings.Repeat("(", 10_000) + "a" + strings.Repeat(")", 10_000) + " = 1 %}",
	"digits of a literal":    "{{ " + strings.Repeat("9", 5_000) + " }}",
	"digits of an integer":   "{{ 7 ** 20000 }}x",
	"decimals of round":      "{{ 1.5 | round(1000000000) }}",
	"key of many parts":      "{{ {(range(99999) | map('string') | list | join('-'), ) * 99999: 1} }}",
	"nested tuple as a key":  "{% set n = namespace(t=(1,)) %}{% for i in range(90000) %}{% set n.t = (n.t,) %}{% endfor %}{{ {n.t: 1} }}",
	"chained generators":     "{% set n = namespace(t=[1]) %}{% for i in range(99999) %}{% set n.t = n.t | map('string') %}{% endfor %}{{ n.t | list | length + nope }}",
	"doubling by extend":     "{% set l = [1] %}{% for i in range(60) %}{% set _ = l.extend(l) %}{% endfor %}{{ l | length }}",
	"list within itself":     "{% set l = [1] %}{% for i in range(9) %}{% set _ = l.append(l) %}{% endfor %}{{ l | tojson }}",
	"compared with itself":   "{% set l = [1] %}{% set m = [1] %}{% set _ = l.append(m) %}{% set _ = m.append(l) %}{{ l == m }}",
	"value within itself":    "{% set d = {} %}{% set _ = d.update(d=d) %}{{ d }}",
	"inserting at the front": "{% set l = [] %}{% for a in range(9999) %}{% for b in range(99) %}{% set _ = l.insert(0, b) %}{% endfor %}{% endfor %}",
	"growing dict":           "{% set d = {} %}{% for i in range(60) %}{% set _ = d.setdefault(i, [d, d]) %}{% endfor %}{{ d | tojson }}",
	"tabs":                   "{{ ('\\t' * 99999).expandtabs(99999) }}",
	"translated":             "{{ ('x' * 99999).translate({120: 'y' * 99999}) }}",
	"pretty-printed":         "{% set n = namespace(l=['x' * 90]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | pprint }}",
	"brackets around links":  "{% for i in range(999) %}{% set x = ('a' ~ '(' * 99999 ~ ')' * 99999) | urlize %}{% endfor %}",
	"block within itself":    "{% block a %}{{ self.a() }}{% endblock %}",
	"many attributes":        "{% set d = {} %}{% for i in range(50000) %}{% set _ = d.update({'k' ~ i: '<'}) %}{% endfor %}{% for i in range(999) %}{% set x = d | xmlattr %}{% endfor %}",
	"many escaped places":    "{% set s = ('{0}' * 99999) | safe %}{% for i in range(999) %}{% set x = s.format('<') %}{% endfor %}",
	"powers of fractions":    "{% for i in range(99999) %}{% for j in range(99999) %}{% set x = 1.1 ** (i / 7) %}{% endfor %}{% endfor %}",
	"table of all":           "{% for i in range(9999) %}{% set x = 'x'.maketrans('a' * 99999, 'b' * 99999) %}{% endfor %}",
	"width of zeros":         "{{ '{:0999999999,}'.format(1) }}",
	"width from a mapping":   "{{ '{a:{w}}'.format_map({'a': 1, 'w': 1000000000}) }}",
	"many dashes":            "{% for i in range(999) %}{% set x = ('a' ~ '-' * 999999) | wordwrap(2) %}{% endfor %}",
	"wrapping without width": "{{ ('ab ' * 999999) | wordwrap(99999999) | wordwrap(99999999) }}",
}

func TestHostileTemplatesEndWithAnError(t *testing.T) {
	// A quarter of the defaults, which take four times as long to reach.
	d := budget.DefaultLimits()
	r := New(Options{Limits: Limits{Steps: d.Steps / 4, Output: d.Output / 4}})
	for name, source := range hostile {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := render(r, api.Scope{}, source)
			var placed *api.TemplateError
			if !errors.As(err, &placed) {
				t.Errorf("%v after %s, want an error with its place", err, time.Since(start))
			}
		})
	}
}

func TestEachLimitIsNamedByItsError(t *testing.T) {
	limits := Limits{Source: 2000, Steps: 3000, Output: 1000, Range: 100, Depth: 10, Time: time.Minute}
	for source, want := range map[string]string{
		"{{ '" + strings.Repeat("x", 2000) + "' }}":                                "the limit is 2000",
		"{% for a in range(90) %}{% for b in range(90) %}{% endfor %}{% endfor %}": "more than 3000 steps",
		"{{ 'x' * 1001 }}":     "more than 1000 bytes",
		"{{ range(101) }}":     "more elements than the limit of 100",
		"{{ 'x'.ljust(101) }}": "the limit of 100",
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}":                                                          "deeper than 10 levels",
		"{% set n = namespace(l=[]) %}{% for i in range(12) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l | tojson }}": "deeper than 10 levels",
		"{{ " + strings.Repeat("(", 250) + "1" + strings.Repeat(")", 250) + " }}":                                  "nested too deep",
	} {
		_, err := render(New(Options{Limits: limits}), api.Scope{}, source)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want …%s…", source, err, want)
		}
	}
}

func TestSlowTemplatesEndInTime(t *testing.T) {
	r := New(Options{
		Variables: map[string]any{"text": strings.Repeat("ab", 1<<20)},
		Limits:    Limits{Steps: 1 << 30, Time: 50 * time.Millisecond},
	})
	for _, source := range []string{
		"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
		"{% for a in range(99999) %}{% if text.find('ba' ~ a) > 0 %}{% endif %}{% endfor %}",
		"{% for a in range(99999) %}{% if text[2000000] == 'x' %}{% endif %}{% endfor %}",
		"{% for a in range(99999) %}{% if 'x' in text %}{% endif %}{% endfor %}",
		"{% for a in range(99999) %}{% if text | length == 5 %}{% endif %}{% endfor %}",
	} {
		start := time.Now()
		_, err := render(r, api.Scope{}, source)
		if took := time.Since(start); err == nil || !strings.Contains(err.Error(), "takes longer than") || took > time.Minute {
			t.Errorf("%q: %v after %s", source, err, took)
		}
	}
}

func TestTheCallerCanEndATemplate(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	r := New(Options{Limits: Limits{Steps: 1 << 40, Time: time.Minute}})
	parsed, err := r.Parse("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Render(ctx, api.Scope{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want that the context ended", err)
	}
}

func TestValuesMayBeLargerThanTheirText(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	tickets := make([]any, 8)
	for i := range tickets {
		tickets[i] = map[string]any{"body": body}
	}
	out, err := render(variables(map[string]any{"tickets": tickets}), api.Scope{}, "{{ tickets }}")
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := out.Value.([]any); !ok || len(list) != 8 || out.Text != "<list>" {
		t.Errorf("%T with the text %.20q, want the list", out.Value, out.Text)
	}
}
