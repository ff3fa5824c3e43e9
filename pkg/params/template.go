package params

import "strings"

// templatePattern is found in the texts for which [HasTemplate] is true, by ECMA 262
// and by Go's regexp.
const templatePattern = `\{\{|\{%|\{#`

// HasTemplate reports whether there is anything for a template language in text, such
// as {{ x }}, {% if x %} or {# a comment #}. What comes of it is only known once it is
// rendered.
func HasTemplate(text string) bool {
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 || i+1 == len(text) {
			return false
		}
		switch text[i+1] {
		case '{', '%', '#':
			return true
		}
		text = text[i+1:]
	}
}
