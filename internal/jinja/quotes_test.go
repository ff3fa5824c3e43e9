package jinja

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// TestNoErrorQuotesWhatATemplateComputes calls all of the language with a ticket's text, and with a
// number out of it, in each place: whatever is said of it, the text isn't. Errors are logged and kept.
func TestNoErrorQuotesWhatATemplateComputes(t *testing.T) {
	const marker = "Xanthippe"
	texts := []any{marker + " of Athens", marker + ".of.Athens", "%(" + marker + ")s", "{" + marker + "}", "{0." + marker + "}", "{:" + marker + "}", "{a[" + marker + "]}"}
	numbers := []any{int64(471100000815), 471100000815.25, -471100000815.5}
	r := New(Options{})
	l := r.environment.Library
	values := []string{"x", "[x]", "{x: x}", "'a'", "5", "1.5", "x | escape"}
	arguments := []string{"", "(x)", "('a', x)", "(x, x, x)", "(1, x)", "(**{x: 1})", "({x: x})", "([x])", "(attribute=x)", "(by=x)", "('attr', x)"}
	var sources []string
	for _, name := range slices.Sorted(maps.Keys(l.Filters)) {
		for _, v := range values {
			for _, a := range arguments {
				sources = append(sources, fmt.Sprintf("{{ (%s) | %s%s | string }}", v, name, a), fmt.Sprintf("{{ [%s] | map(%q%s | list | string }}", v, name, ", "+strings.TrimPrefix(a+cond(a == "", ")"), "(")))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Tests)) {
		for _, v := range values {
			for _, a := range arguments {
				sources = append(sources, fmt.Sprintf("{{ (%s) is %s%s }}", v, name, a), fmt.Sprintf("{{ [%s] | select(%q%s | list | string }}", v, name, ", "+strings.TrimPrefix(a+cond(a == "", ")"), "(")))
			}
		}
	}
	for _, table := range l.Tables() {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			for _, v := range values {
				for _, a := range arguments[1:] {
					sources = append(sources, fmt.Sprintf("{{ (%s).%s%s | string }}", v, name, a))
				}
			}
		}
	}
	for name := range l.Globals {
		if name == "fail" { // its message is what the template says
			continue
		}
		for _, a := range arguments[1:] {
			sources = append(sources, fmt.Sprintf("{{ %s%s | string }}", name, a))
		}
	}
	for _, v := range values {
		for _, operator := range []string{"+", "-", "*", "/", "//", "%", "**", "<", "in", "~", "and"} {
			sources = append(sources, fmt.Sprintf("{{ x %s (%s) }}", operator, v), fmt.Sprintf("{{ (%s) %s x }}", v, operator))
		}
		for _, rest := range []string{"[x]", "[x].a", "[(x, x)].a", "[x:]", "[::x]", "(x)", "[x | int]", "[x][x].a"} {
			sources = append(sources, fmt.Sprintf("{{ (%s)%s | int }}", v, rest), fmt.Sprintf("{{ (%s)%s.more }}", v, rest))
		}
	}
	sources = append(sources,
		"{{ get_pipe_result('classify', x) }}", "{{ get_pipe_result(x, 'label') }}", "{{ get_pipe_result(x, x) }}", "{{ pipe_results[x].data }}", "{{ params[x].more }}", "{{ [1] | map(x) | list }}", "{{ [1] | select(x) | list }}",
		"{% macro m(a) %}{{ a }}{% endmacro %}{{ m(**{x: 1}) }}", "{% macro m(a) %}{{ a.more.more }}{% endmacro %}{{ m(x) }}", "{% set a, b = x, %}", "{% for a, b in [[x]] %}{% endfor %}", "{% set n = namespace(**{x: 1}) %}{{ n[x + 'a'].more }}",
		"{{ missing[x] }}", "{{ loop[x] }}", "{% for i in [1] %}{{ loop[x].more }}{{ loop(x) }}{% endfor %}", "{{ x | attr(x) | int }}", "{{ ({}| attr(x)).more }}", "{{ 'a'.format(**{x: 1})[x] }}", "{{ '{a}'.format(b=x) }}", "{{ x.format(1) }}", "{{ x % 1 }}", "{{ x % {'a': 1} }}", "{{ x | format(1) }}", "{{ '%d' % x }}", "{{ '%c' % x }}", "{{ '%*d' % (x, 1) }}",
	)
	failed := 0
	for i, source := range sources {
		for _, x := range []any{texts[i%len(texts)], numbers[i%len(numbers)]} { // all with all takes a minute
			scope := pipelineScope().WithParam("x", x)
			_, err := render(r, scope, "{% set x = params.x %}"+source)
			if err == nil || errors.As(err, new(*api.FailError)) {
				continue
			}
			failed++
			if text := err.Error(); strings.Contains(text, marker) || strings.Contains(text, "4711000008") {
				t.Errorf("%q with %v: %v", source, x, err)
				break
			}
		}
	}
	if failed < 3000 {
		t.Errorf("only %d of %d fail", failed, len(sources))
	}
	t.Logf("%d templates, %d errors", len(sources), failed)
}

// TestAnErrorQuotesWhatTheTemplateSays: what is written there is shown, with what was probably meant.
func TestAnErrorQuotesWhatTheTemplateSays(t *testing.T) {
	for source, want := range map[string]string{
		"{{ params.x['subjct'].a }}":             `1:12: a dict has no "subjct": did you mean "subject"?`,
		"{{ params.x[params.y].a }}":             `1:12: a dict has no "…" (what a template computes isn't shown: it may be a customer's text)`,
		"{{ [1] | map('roundd') | list }}":       `there is no filter "roundd": did you mean "round"?`,
		"{{ 'abc' | float }}":                    "",
		"{{ get_pipe_result('classify', 'l') }}": `has no "l" (there is "empty", "label")`,
		"{{ 1 | round(**{params.y: 1}) }}":       `round takes no argument "…" (what`,
	} {
		scope := pipelineScope().WithParam("x", map[string]any{"subject": "s"}).WithParam("y", "subjct of a customer")
		_, err := render(New(Options{}), scope, source)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want …%s…", source, err, want)
		}
	}
}

func cond(is bool, text string) string {
	if is {
		return text
	}
	return ""
}
