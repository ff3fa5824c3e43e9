package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

func jsonFilters() []*filter {
	return []*filter{
		{signature: signature{name: "tojson", params: []string{"indent"}}, apply: toJSONFilter},
	}
}

func toJSONFilter(r *state, v any, a args) (any, error) {
	margin, ok := asText(a.at(0, nil))
	if !ok {
		indent, err := a.integerOrNone(0, 0)
		if err == nil {
			err = r.width("the indent", indent)
		}
		if err != nil {
			return nil, err
		}
		margin = strings.Repeat(" ", max(indent, 0))
	}
	e := jsonEncoder{r: r, indent: margin, lines: a.at(0, nil) != nil}
	if err := e.encode(v, 0); err != nil {
		return nil, err
	}
	return markup(e.b.String()), nil
}

// jsonEncoder writes JSON as Jinja2 does: keys in order, nothing but ASCII, and
// the characters that mean something in HTML as escapes.
type jsonEncoder struct {
	b      strings.Builder
	r      *state
	indent string
	lines  bool // each element in a line of its own
}

func (e *jsonEncoder) write(s string) error {
	e.b.WriteString(s)
	return e.r.grow(len(s))
}

func (e *jsonEncoder) encode(v any, level int) error {
	if err := e.r.tick(1); err != nil {
		return err
	}
	switch x := v.(type) {
	case nil:
		return e.write("null")
	case bool:
		return e.write(strconv.FormatBool(x))
	case int64, int, *big.Int:
		s, err := e.r.text(x)
		if err != nil {
			return err
		}
		return e.write(s)
	case float64:
		switch {
		case math.IsNaN(x):
			return e.write("NaN")
		case math.IsInf(x, 0):
			return e.write(strings.Replace(floatText(x), "inf", "Infinity", 1))
		}
		return e.write(floatText(x))
	}
	if s, ok := asText(v); ok {
		return e.text(s)
	}
	if err := e.r.enter("a value"); err != nil {
		return err
	}
	defer e.r.leave()
	if list, ok := asSequence(v); ok {
		return e.elements("[", "]", level, len(list), func(i int) error {
			return e.encode(list[i], level+1)
		})
	}
	if pairs, ok := pairsOf(v); ok {
		return e.object(pairs, level)
	}
	return fmt.Errorf("%s can't be written as JSON", article(typeName(v)))
}

func (e *jsonEncoder) object(pairs []pair, level int) error {
	pairs, err := e.sorted(pairs)
	if err != nil {
		return err
	}
	for i, p := range pairs {
		switch p.key.(type) {
		case nil, bool, int64, float64:
			s := strings.NewReplacer("None", "null", "True", "true", "False", "false").Replace(keyText(p.key))
			pairs[i].key = s
		case string:
		case markup:
			pairs[i].key = keyText(p.key)
		default:
			return fmt.Errorf("%s can't be a key in JSON", article(typeName(p.key)))
		}
	}
	return e.elements("{", "}", level, len(pairs), func(i int) error {
		if err := e.text(pairs[i].key.(string)); err != nil {
			return err
		}
		if err := e.write(": "); err != nil {
			return err
		}
		return e.encode(pairs[i].val, level+1)
	})
}

// sorted are pairs in the order of their keys, which must have one.
func (e *jsonEncoder) sorted(pairs []pair) ([]pair, error) {
	all := make([]keyed, len(pairs))
	for i, p := range pairs {
		all[i] = keyed{p.key, p.val}
	}
	if err := e.r.sortKeyed(all, false); err != nil {
		return nil, err
	}
	pairs = make([]pair, len(all))
	for i, k := range all {
		pairs[i] = pair{key: k.key, val: k.value}
	}
	return pairs, nil
}

func (e *jsonEncoder) elements(open, end string, level, n int, each func(int) error) error {
	if n == 0 {
		return e.write(open + end)
	}
	if err := e.write(open); err != nil {
		return err
	}
	for i := range n {
		separator := ""
		if i > 0 {
			separator = ", "
			if e.lines {
				separator = ","
			}
		}
		if err := e.write(separator); err != nil {
			return err
		}
		if err := e.newLine(level + 1); err != nil {
			return err
		}
		if err := each(i); err != nil {
			return err
		}
	}
	if err := e.newLine(level); err != nil {
		return err
	}
	return e.write(end)
}

func (e *jsonEncoder) newLine(level int) error {
	if !e.lines {
		return nil
	}
	if err := e.r.growTimes(level, len(e.indent)); err != nil {
		return err
	}
	return e.write("\n" + strings.Repeat(e.indent, level))
}

func (e *jsonEncoder) text(s string) error {
	if err := e.r.grow(len(s) + 2); err != nil {
		return err
	}
	b := &e.b
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\f':
			b.WriteString(`\f`)
		case c < ' ' || c == '<' || c == '>' || c == '&' || c == '\'' || c >= utf8.RuneSelf && c < 0x10000:
			fmt.Fprintf(b, `\u%04x`, c)
		case c >= 0x10000:
			c -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+(c>>10), 0xdc00+(c&0x3ff))
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return nil
}
