package jinja

import (
	"errors"
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
		textMethod("maketrans", []string{"from", "to", "without"}, 1, makeTable),
		textMethod("format_map", []string{"mapping"}, 1, func(r *state, s string, a args) (any, error) {
			return r.formatMap(s, a.values[0], false)
		}),
		question("isidentifier", isIdentifier),
		question("isprintable", func(s string) bool {
			return strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
		}),
	}
}

func expandTabs(r *state, s string, a args) (any, error) {
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
func translate(r *state, s string, a args) (any, error) {
	if !isMapping(a.values[0]) && !isText(a.values[0]) {
		if _, list := asSequence(a.values[0]); !list {
			return nil, fmt.Errorf("translate takes a mapping, not %s", article(typeName(a.values[0])))
		}
	}
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

// makeTable makes a table for translate: of a mapping of characters, or of two texts
// of which each character becomes its counterpart, and one whose characters vanish.
func makeTable(r *state, _ string, a args) (any, error) {
	table := &Dict{}
	if pairs, ok := pairsOf(a.values[0]); ok && len(a.values) == 1 {
		for _, p := range pairs {
			key := p.key
			if s, text := asText(key); text {
				c, size := utf8.DecodeRuneInString(s)
				if size == 0 || size != len(s) {
					return nil, fmt.Errorf("the key %q is more than one character", s)
				}
				key = int64(c)
			}
			if err := table.set(key, p.val); err != nil {
				return nil, err
			}
		}
		return table, r.tick(len(pairs))
	}
	var texts [3]string
	for i := range a.values {
		s, err := a.text(i, "")
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	from, to := []rune(texts[0]), []rune(texts[1])
	if len(from) != len(to) || len(a.values) == 1 {
		return nil, errors.New("maketrans takes one mapping, or two strings of one length")
	}
	for i := range from {
		if err := table.set(int64(from[i]), int64(to[i])); err != nil {
			return nil, err
		}
	}
	for _, c := range texts[2] {
		if err := table.set(int64(c), nil); err != nil {
			return nil, err
		}
	}
	return table, r.tick(len(texts[0]) + len(texts[2]))
}

func startsIdentifier(c rune) bool {
	if c < utf8.RuneSelf {
		return c == '_' || isLetter(byte(c))
	}
	return unicode.In(c, unicode.L, unicode.Nl, unicode.Other_ID_Start)
}

// continuesIdentifier holds for what may stand in an identifier, but not first.
func continuesIdentifier(c rune) bool {
	if c < utf8.RuneSelf {
		return isDigit(byte(c))
	}
	return unicode.In(c, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Other_ID_Continue)
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if !startsIdentifier(c) && (i == 0 || !continuesIdentifier(c)) {
			return false
		}
	}
	return s != ""
}
