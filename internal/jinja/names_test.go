package jinja_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/jinja"
)

func TestNamesTellsWhatATemplateUses(t *testing.T) {
	for source, want := range map[string]string{
		"no template": "",
		"{{ get_pipe_result('a', 'b')[0]['c'] }}":          "1:4 get_pipe_result(a@20, b@25) broken certain known",
		"{{ get_pipe_result(pipe_id='a', data_key='b') }}": "1:4 get_pipe_result(a@28, b@42) broken certain known",
		"{{ get_pipe_result('a', data_key='b') }}":         "1:4 get_pipe_result(a@20, b@34) broken certain known",
		"{{ nope }}":                 "1:4 nope broken certain",
		"{{ has_failed(x) }}":        "1:4 has_failed() broken certain known; 1:15 x certain",
		"{{ ticket.id }}":            "1:4 ticket.id broken certain",
		"a\n  {{ ticket['id'] }}":    "2:6 ticket.id broken certain",
		"{{ nope }} and {{ now() }}": "1:4 nope certain; 1:19 now() broken certain",
		"{{ a if b else c.d }}":      "1:9 b certain; 1:4 a; 1:16 c.d broken",
		"{{ a and b or c }}":         "1:4 a certain; 1:10 b; 1:15 c",
		"{% if a %}{{ b }}{% elif c %}{% else %}{{ d }}{% endif %}":  "1:7 a certain; 1:14 b; 1:26 c; 1:43 d",
		"{% for x, y in z %}{{ x.a }}{{ loop.index }}{% endfor %}":   "1:16 z certain; 1:23 x.a broken known; 1:32 loop.index broken known",
		"{% set x = y %}{{ x }}":                                     "1:12 y certain; 1:19 x certain known",
		"{{ x | default(1) }}{{ x.a }}":                              "1:4 x certain known; 1:24 x.a broken certain known",
		"{{ x.a if x is defined }}":                                  "1:11 x certain known; 1:4 x.a broken known",
		"{% macro m(p) %}{{ p.a }}{{ q }}{% endmacro %}{{ m(1) }}":   "1:20 p.a broken known; 1:29 q; 1:50 m() broken certain known",
		"{{ [params.a, {'k': parent_params}, 1 < v < w] | map(f) }}": "1:5 params.a broken certain known; 1:21 parent_params certain known; 1:41 v certain; 1:45 w; 1:54 f certain",
		"{% raw %}{{ x }}{% endraw %}{# y #}":                        "",
		"{% with x = y %}{{ x }}{% endwith %}{{ z[1:n] }}":           "1:13 y certain; 1:20 x certain known; 1:40 z broken certain; 1:44 n certain",
	} {
		t.Run(source, func(t *testing.T) {
			parsed, err := jinja.New(jinja.Options{}).Parse(source)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range jinja.Names(parsed) {
				text := fmt.Sprintf("%d:%d %s", n.Line, n.Column, n.Name)
				if n.Attribute != "" {
					text += "." + n.Attribute
				}
				if n.Call {
					var args []string
					for _, arg := range n.Args {
						if arg.Line > 0 {
							arg.Text += fmt.Sprintf("@%d", arg.Column)
						}
						args = append(args, arg.Text)
					}
					text += "(" + strings.Join(args, ", ") + ")"
				}
				for _, mark := range []struct {
					set  bool
					word string
				}{{n.Broken, " broken"}, {n.Certain, " certain"}, {n.Known, " known"}} {
					if mark.set {
						text += mark.word
					}
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
