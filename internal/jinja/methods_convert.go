package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// convertMethods are the methods of strings that replace characters.
func convertMethods() []*method {
	return []*method{
		textMethod("expandtabs", []string{"tabsize"}, 0, expandTabs),
		textMethod("translate", []string{"table"}, 1, translate),
		textMethod("format_map", []string{"mapping"}, 1, func(r *run, s string, a args) (any, error) {
			return r.formatMap(s, a.values[0], false)
		}),
		question("isidentifier", isIdentifier),
		question("isprintable", func(s string) bool {
			return strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
		}),
	}
}

func expandTabs(r *run, s string, a args) (any, error) {
	size, err := a.integer(0, 8)
	if err == nil {
		err = r.width("the size of a tab", size)
	}
	if err == nil {
		err = r.growTimes(strings.Count(s, "\t")+1, max(size, 1))
	}
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, c := range s {
		switch {
		case c == '\t' && size <= 0:
		case c == '\t':
			room := size - column%size
			b.WriteString(strings.Repeat(" ", room))
			column += room
		default:
			b.WriteRune(c)
			column++
			if c == '\n' || c == '\r' {
				column = 0
			}
		}
	}
	return b.String(), r.grow(len(s))
}

// translate replaces characters by what the table has under their number: a
// string, a number, or none for nothing.
func translate(r *run, s string, a args) (any, error) {
	if err := r.tick(len(s)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, c := range s {
		v, ok, err := element(a.values[0], int64(c))
		if err != nil {
			return nil, err
		}
		if !ok {
			b.WriteRune(c)
			continue
		}
		switch to := v.(type) {
		case nil:
		case int64:
			if to < 0 || to > utf8.MaxRune {
				return nil, fmt.Errorf("%d is no character", to)
			}
			b.WriteRune(rune(to))
		case string:
			if err := r.grow(len(to)); err != nil {
				return nil, err
			}
			b.WriteString(to)
		default:
			return nil, fmt.Errorf("a character can't become %s", article(typeName(v)))
		}
	}
	return b.String(), r.grow(len(s))
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c) && !unicode.Is(unicode.Mn, c)) {
			return false
		}
	}
	return s != ""
}
