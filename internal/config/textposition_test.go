package config

import (
	"strings"
	"testing"
)

// In each text the X is what is looked for, and in each source as well.
func TestATemplateIsFoundInEveryFormOfYAMLText(t *testing.T) {
	for name, source := range map[string]string{
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
			s := Source{"x.yml", []byte(source)}
			found := &Reporter{}
			root := readFile(s, found)
			if root == nil {
				t.Fatal(found.List)
			}
			a := newAtlas()
			a.lines[s.Name] = splitLines(s.Data)
			a.record("", root.at, root)
			want := offsetPosition(s, strings.Index(source, "X"))
			for path, p := range a.places {
				i := strings.Index(p.text, "X")
				if i < 0 {
					continue
				}
				line := strings.Count(p.text[:i], "\n") + 1
				column := len([]rune(p.text[strings.LastIndex(p.text[:i], "\n")+1:i])) + 1
				if got := a.inside(path, line, column); got != want {
					t.Errorf("%s of %q: %d:%d stands at %v, want %v", path, p.text, line, column, got, want)
				}
			}
		})
	}
}
