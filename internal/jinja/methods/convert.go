package methods

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/format"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// convertMethods are the methods of strings that replace characters.
func convertMethods() []*runtime.Method {
	return []*runtime.Method{
		textMethod("expandtabs", []string{"tabsize"}, 0, expandTabs),
		textMethod("translate", []string{"table"}, 1, translate),
		textMethod("maketrans", []string{"from", "to", "without"}, 1, makeTable),
		textMethod("format_map", []string{"mapping"}, 1, func(r *runtime.State, s string, a value.Args) (any, error) {
			return format.BraceMap(r.Budget, s, a.Values[0], false)
		}),
		question("isidentifier", value.IsIdentifier),
		question("isprintable", func(s string) bool {
			return strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
		}),
	}
}

func expandTabs(r *runtime.State, s string, a value.Args) (any, error) {
	size, err := a.Integer(0, 8)
	if err == nil {
		err = r.CheckWidth("the size of a tab", size)
	}
	if err == nil {
		err = r.GrowTimes(strings.Count(s, "\t")+1, max(size, 1))
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
	return b.String(), r.Grow(len(s))
}

// translate replaces characters by what the table has for their number: a string, a
// number, or none to remove them.
func translate(r *runtime.State, s string, a value.Args) (any, error) {
	if !value.IsMapping(a.Values[0]) && !value.IsText(a.Values[0]) {
		if _, list := value.AsSequence(a.Values[0]); !list {
			return nil, fmt.Errorf("translate takes a mapping, not %s", value.WithArticle(value.TypeName(a.Values[0])))
		}
	}
	if err := r.Step(len(s)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, c := range s {
		v, ok, err := value.Element(a.Values[0], int64(c))
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
				return nil, position.Errorf("%s is not a character", position.Quote{Text: strconv.FormatInt(to, 10), Bare: true})
			}
			b.WriteRune(rune(to))
		case string:
			if err := r.Grow(len(to)); err != nil {
				return nil, err
			}
			b.WriteString(to)
		default:
			return nil, fmt.Errorf("a character can't become %s", value.WithArticle(value.TypeName(v)))
		}
	}
	return b.String(), r.Grow(len(s))
}

// makeTable makes a table for translate from a mapping of characters, or from two texts
// whose characters correspond and a third one with characters to remove.
func makeTable(r *runtime.State, _ string, a value.Args) (any, error) {
	table := &value.Dict{}
	if pairs, ok := value.PairsOf(a.Values[0]); ok && len(a.Values) == 1 {
		for _, p := range pairs {
			key := p.Key
			if s, text := value.AsText(key); text {
				c, size := utf8.DecodeRuneInString(s)
				if size == 0 || size != len(s) {
					return nil, position.Errorf("the key %s is more than one character", position.Quote{Text: s})
				}
				key = int64(c)
			}
			if err := table.Put(key, p.Value); err != nil {
				return nil, err
			}
		}
		return table, r.Step(len(pairs))
	}
	var texts [3]string
	for i := range a.Values {
		s, err := a.Text(i, "")
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	from, to := []rune(texts[0]), []rune(texts[1])
	if len(from) != len(to) || len(a.Values) == 1 {
		return nil, errors.New("maketrans takes one mapping, or two strings of one length")
	}
	for i := range from {
		if err := table.Put(int64(from[i]), int64(to[i])); err != nil {
			return nil, err
		}
	}
	for _, c := range texts[2] {
		if err := table.Put(int64(c), nil); err != nil {
			return nil, err
		}
	}
	return table, r.Step(len(texts[0]) + len(texts[2]))
}
