package params

import "strings"

// templatePattern is found in the texts for which [HasTemplate] is true, by ECMA 262
// and by Go's regexp.
const templatePattern = `\{\{|\{%|\{#`

// HasTemplate reports whether text contains {{, {% or {#, and so a template: an
// expression, a statement or a comment. Its value is only known when it is rendered.
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
