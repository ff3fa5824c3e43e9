package jinja_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestMisusesAreCallsThatNeverWork(t *testing.T) {
	language := jinja.New(jinja.Options{})
	for source, want := range map[string]string{
		"{{ 'Re: x' | replace('Re: ') }}":           `1:14 replace needs the argument "new" certain`,
		"{{ get_env('A', 'B') }}":                   "1:4 get_env takes at most one argument, not 2 certain",
		"{{ 'a'.startswith() }}":                    `1:8 startswith needs the argument "prefix" certain`,
		"{{ 'a' if x else 'b'.upper(1) }}":          "1:22 upper takes no arguments, not 1",
		"{{ 'a' is divisibleby }}":                  `1:11 divisibleby needs the argument "num" certain`,
		"{% filter replace('a') %}a{% endfilter %}": `1:11 replace needs the argument "new" certain`,
		"{{ 'a' | truncate(lenght=3) }}":            `1:10 truncate takes no argument "lenght": did you mean "length"? certain`,
		"{{ 'Re: x' | replace('Re: ', '') }}":       "",
		"{{ 'Re: x' | replace(*['Re: ', '']) }}":    "",
		"{{ {'a': 1}.get('a', 2) }}":                "",
		"{{ 'a b'.split() }}{{ [1].index(1) }}":     "",
		"{{ x.own_method(1, 2, 3) if x else '' }}":  "",
	} {
		t.Run(source, func(t *testing.T) {
			parsed, err := language.Parse(source)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range jinja.Misuses(parsed) {
				text := fmt.Sprintf("%d:%d %s", m.Line, m.Column, m.Err)
				if m.Certain {
					text += " certain"
					if _, err := parsed.Render(context.Background(), api.Scope{}); err == nil {
						t.Error("it can be rendered")
					}
				}
				got = append(got, text)
			}
			if strings.Join(got, "; ") != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestComparisonsAreOfResultsWithWhatIsWrittenDown(t *testing.T) {
	language := jinja.New(jinja.Options{})
	for source, want := range map[string]string{
		"{{ get_pipe_result('c', 'confidence') >= '0.8' }}": "1:42 c confidence >= 0.8 true",
		"{{ 80 < get_pipe_result('c', 'confidence') }}":     "1:4 c confidence > 80 true",
		"{{ 0.1 < get_pipe_result('c', 'k') <= 0.5 }}":      "1:4 c k > 0.1 true; 1:39 c k <= 0.5 false",
		"{{ x and get_pipe_result('c', 'k') == 'a' }}":      "1:39 c k == a false",
		"{{ get_pipe_result('c', 'k') | float >= '0.8' }}":  "",
		"{{ get_pipe_result('c', 'k') * 100 >= 80 }}":       "",
		"{{ get_pipe_result('c', 'k') in ['a'] }}":          "",
		"{{ get_pipe_result('c', 'k') == none }}":           "",
	} {
		parsed, err := language.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range jinja.Comparisons(parsed) {
			got = append(got, fmt.Sprintf("%d:%d %s %s %s %v %v", c.Line, c.Column, c.Step, c.Key, c.Operator, c.Value, c.Certain))
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}
