package jinja

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func pipelineScope() api.Scope {
	return api.Scope{}.Enter(map[string]any{"threshold": 0.8}).Enter(map[string]any{"queue": "Misc"}).
		WithResult("classify", api.Success(map[string]any{"label": "Billing", "empty": nil})).
		WithResult("fetch", api.Failure("no tickets")).
		WithResult("note", api.Skip("not due"))
}

func TestTemplatesSeeTheirScope(t *testing.T) {
	r := New(Options{Env: func(name string) (string, bool) { return "from " + name, name == "HOME" }})
	for source, want := range map[string]string{
		"{{ get_pipe_result('classify', 'label') }}":                       "Billing",
		"{{ get_pipe_result(data_key='label', pipe_id='classify') }}":      "Billing",
		"{{ has_failed('fetch') }} {{ has_failed('note') }}":               "True False",
		"{{ pipe_results.fetch.message }}":                                 "no tickets",
		"{{ pipe_results.note.was_skipped }}{{ pipe_results.fetch.data }}": "True{}",
		"{{ pipe_results | join(',') }}":                                   "classify,fetch,note",
		"{{ 'classify' in pipe_results }}":                                 "True",
		"{{ params.queue }} {{ parent_params.threshold }}":                 "Misc 0.8",
		"{{ get_parent_param('threshold') }}":                              "0.8",
		"{{ get_env('HOME') }}":                                            "from HOME",
		"{{ at_path({'a': [{'b': 'deep'}]}, 'a.0.b') }}":                   "deep",
		"{% set params = 1 %}{{ params }}":                                 "1",
	} {
		out, err := render(r, pipelineScope(), source)
		if err != nil || out.Text != want {
			t.Errorf("%q = %q, %v; want %q", source, out.Text, err, want)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for source, want := range map[string][]string{
		"{{ get_pipe_result('clasify') }}":           {`"clasify" has no result`, `"classify", "fetch", "note"`, `did you mean "classify"?`},
		"{{ get_pipe_result('classify') }}":          {`has no "value"`, `"empty", "label"`},
		"{{ get_pipe_result('classify', 'empty') }}": {"is none"},
		"{{ get_pipe_result('fetch', 'x') }}":        {"it has no data"},
		"{{ has_failed('nope') }}":                   {`"nope" has no result`},
		"{{ get_parent_param('treshold') }}":         {`did you mean "threshold"?`},
		"{{ get_env('NOPE') }}":                      {`"NOPE" is not set`},
		"{{ at_path({'a': 1}, 'a') }}":               {"no dot"},
		"{{ at_path({'a': {}}, 'a.b') }}":            {"nothing at the path"},
		"{{ params.nope }}":                          {`a dict has no "nope"`},
		"{{ get_pipe_result() }}":                    {`needs the argument "pipe_id"`},
	} {
		_, err := render(New(Options{}), pipelineScope(), source)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v, want …%s…", source, err, part)
			}
		}
	}
}

func TestFailWhereverItIsPutOutFailsTheTemplate(t *testing.T) {
	for source, message := range map[string]string{
		"{{ fail() }}":                                          "",
		"{{ fail('no queue') }}":                                "no queue",
		"{{ fail(message='no queue') }}\n\n":                    "no queue",
		"a {{ fail('x') }} b":                                   "x",
		"{{ 'a' ~ fail('x') }}":                                 "x",
		"{{ [1, fail('x')] }}":                                  "x",
		"{{ {'a': fail('x')} }}":                                "x",
		"{% set y %}a{{ fail('x') }}{% endset %}{{ y }}":        "x",
		"{% macro m() %}{{ fail('x') }}{% endmacro %}{{ m() }}": "x",
		"{% for i in [1, 2] %}{{ fail('n' ~ i) }}{% endfor %}":  "n1",
		"{{ fail('x') if has_failed('fetch') else 'fine' }}":    "x",
	} {
		_, err := render(New(Options{}), pipelineScope(), source)
		var failed *api.FailError
		var placed *api.TemplateError
		if !errors.As(err, &failed) || failed.Message != message || !errors.As(err, &placed) {
			t.Errorf("%q: %v, want the failure %q with its place", source, err, message)
		}
	}
	for _, source := range []string{
		"{{ 'ok' if true else fail() }}", "{% set x = fail() %}ok", "{% set x %}{{ fail() }}{% endset %}ok", "{{ 'ok' if fail() else 'no' }}",
	} {
		if out, err := render(New(Options{}), pipelineScope(), source); err != nil || out.Text != "ok" {
			t.Errorf("%q = %q, %v; want ok, as the failure is not put out", source, out.Text, err)
		}
	}
}
