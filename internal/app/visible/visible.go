package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is a text of others for a line that people read: what would steer their
// terminal, break the line, or change the direction or the look of what stands
// around it is shown as an escape such as \x1b or \u202e.
func Line(text string) string { return visible(text, false) }

// Lines is like [Line] for what may have several lines and tabs.
func Lines(text string) string { return visible(text, true) }

func visible(text string, lines bool) string {
	unseen := func(r rune) bool { return steers(r) && !(lines && (r == '\n' || r == '\t')) }
	if !strings.ContainsFunc(text, unseen) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[at])
		case !unseen(r):
			b.WriteString(text[at : at+size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r <= unicode.MaxLatin1:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		at += size
	}
	return b.String()
}

// steers is true for the control characters C0, DEL and C1, the separators of lines
// and paragraphs, and what changes the direction of a text or hides in it. What
// belongs to words and emoji stays: joiners, soft hyphens, signs before numbers.
func steers(r rune) bool {
	const softHyphen, nonJoiner, joiner = '\u00ad', '\u200c', '\u200d'
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r == softHyphen, r == nonJoiner, r == joiner, unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Value makes the texts within a value visible, and the names of its fields.
func Value(value any) any {
	switch v := value.(type) {
	case string:
		return Line(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = Value(one)
		}
		return list
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, one := range v {
			fields[Line(name)] = Value(one)
		}
		return fields
	}
	return value
}
