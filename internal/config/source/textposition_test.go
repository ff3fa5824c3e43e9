package source

import (
	"strings"
	"testing"
)

// In each text the X is what is looked for, and in each source as well.
func TestATemplateIsFoundInEveryFormOfYAMLText(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                         "a: some X text\n",
		"plain over two lines":          "a: some\n   more X text\n",
		"plain after a blank line":      "a: some\n\n   more\n   X text\n",
		"single quotes":                 "a: 'it''s X text'\n",
		"single quotes, two lines":      "a: 'it''s  \n\n\n    ''X text'\n",
		"double quotes":                 `a: "tab\t quote\" \u00fc X"` + "\n",
		"double quotes, two lines":      "a: \"some  \n   more X\"\n",
		"double quotes, escaped end":    "a: \"some \\\n   more\\n X\"\n",
		"double quotes, X after \\n":    "a: \"one\\nX\"\n",
		"literal":                       "a: |\n  one\n\n    two X\n",
		"literal, with an indentation":  "a:\n  b: |2-\n      one\n      two X\n",
		"folded, with an indentation":   "a:\n  b: >1+\n     one\n   two X\n\n",
		"literal, clipped, blank first": "a: |\n\n\n    X one\n\n\n",
		"literal, kept":                 "a: |+\n\n  one\n  X two\n\n",
		"literal, list item":            "a:\n- |-\n  one\n  ü X\n",
		"folded":                        "a: >\n  one\n  two X three\n",
		"folded, blank lines":           "a: >\n  one\n\n\n  two\n  X three\n",
		"folded, more indented":         "a: >-\n  one\n    two\n    X\n  three\n",
		"folded, first word":            "a: >\n  X one\n",
		"umlauts before":                "'äöü': 'äöü X'\n",
		"in brackets":                   "a: [b, \"c X\"]\n",
		"windows line ends":             "a: |\r\n  one\r\n  two X\r\n",
		"line ends of an old Mac":       "a: |\r  one\r  two X\r",
		"all of YAML's line ends":       "b: 1\u0085c: 2\u2028a: |\u2029  one\n  two X\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := File{"x.yml", []byte(text)}
			diags := &Reporter{}
			doc := Parse(f, diags)
			if doc == nil {
				t.Fatal(diags.List)
			}
			want := OffsetPosition(f, strings.Index(text, "X"))
			found := 0
			walk(Expand(f.Name, doc.Content[0], diags), func(n *Node) {
				i := strings.Index(n.Text, "X")
				if i < 0 {
					return
				}
				found++
				line := strings.Count(n.Text[:i], "\n") + 1
				column := len([]rune(n.Text[strings.LastIndex(n.Text[:i], "\n")+1:i])) + 1
				if got := TextPosition(Lines(f.Data), n, line, column); got != want {
					t.Errorf("in %q: %d:%d stands at %v, want %v", n.Text, line, column, got, want)
				}
			})
			if found != 1 {
				t.Errorf("%d texts have the X", found)
			}
		})
	}
}

func walk(n *Node, visit func(*Node)) {
	visit(n)
	for _, p := range n.Pairs {
		walk(p.Value, visit)
	}
	for _, item := range n.Items {
		walk(item, visit)
	}
}
