package filters

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func jsonFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "tojson", Params: []string{"indent"}}, Apply: toJSONFilter},
	}
}

func toJSONFilter(r *runtime.State, v any, a value.Args) (any, error) {
	margin, ok := value.AsText(a.At(0, nil))
	if !ok {
		indent, err := a.IntegerOrNone(0, 0)
		if err == nil {
			err = r.CheckWidth("the indent", indent)
		}
		if err != nil {
			return nil, err
		}
		margin = strings.Repeat(" ", max(indent, 0))
	}
	e := jsonEncoder{r: r, indent: margin, lines: a.At(0, nil) != nil}
	if err := e.encode(v, 0); err != nil {
		return nil, err
	}
	return value.Markup(e.b.String()), nil
}

// jsonEncoder writes JSON as Jinja2 does: keys in order, nothing but ASCII, and
// the characters that mean something in HTML as escapes.
type jsonEncoder struct {
	b      strings.Builder
	r      *runtime.State
	indent string
	lines  bool // each element on a line of its own
}

func (e *jsonEncoder) write(s string) error {
	e.b.WriteString(s)
	return e.r.Grow(len(s))
}

func (e *jsonEncoder) encode(v any, level int) error {
	if err := e.r.Step(1); err != nil {
		return err
	}
	switch x := v.(type) {
	case nil:
		return e.write("null")
	case bool:
		return e.write(strconv.FormatBool(x))
	case int64, int, *big.Int:
		s, err := value.Text(e.r.Budget, x)
		if err != nil {
			return err
		}
		return e.write(s)
	case float64:
		switch {
		case math.IsNaN(x):
			return e.write("NaN")
		case math.IsInf(x, 0):
			return e.write(strings.Replace(value.FloatText(x), "inf", "Infinity", 1))
		}
		return e.write(value.FloatText(x))
	}
	if s, ok := value.AsText(v); ok {
		return e.text(s)
	}
	if err := e.r.Enter("a value"); err != nil {
		return err
	}
	defer e.r.Leave()
	if list, ok := value.AsSequence(v); ok {
		return e.elements("[", "]", level, len(list), func(i int) error {
			return e.encode(list[i], level+1)
		})
	}
	if pairs, ok := value.PairsOf(v); ok {
		return e.object(pairs, level)
	}
	return fmt.Errorf("%s can't be written as JSON", value.WithArticle(value.TypeName(v)))
}

func (e *jsonEncoder) object(pairs []value.Pair, level int) error {
	pairs, err := e.sorted(pairs)
	if err != nil {
		return err
	}
	for i, p := range pairs {
		switch p.Key.(type) {
		case nil, bool, int64, float64:
			s := strings.NewReplacer("None", "null", "True", "true", "False", "false").Replace(value.KeyText(p.Key))
			pairs[i].Key = s
		case string:
		case value.Markup:
			pairs[i].Key = value.KeyText(p.Key)
		default:
			return fmt.Errorf("%s can't be a key in JSON", value.WithArticle(value.TypeName(p.Key)))
		}
	}
	return e.elements("{", "}", level, len(pairs), func(i int) error {
		if err := e.text(pairs[i].Key.(string)); err != nil {
			return err
		}
		if err := e.write(": "); err != nil {
			return err
		}
		return e.encode(pairs[i].Value, level+1)
	})
}

// sorted returns pairs in the order of their keys, which must have one.
func (e *jsonEncoder) sorted(pairs []value.Pair) ([]value.Pair, error) {
	all := make([]value.Keyed, len(pairs))
	for i, p := range pairs {
		all[i] = value.Keyed{Key: p.Key, Value: p.Value}
	}
	if err := value.SortKeyed(e.r.Budget, all, false); err != nil {
		return nil, err
	}
	pairs = make([]value.Pair, len(all))
	for i, k := range all {
		pairs[i] = value.Pair{Key: k.Key, Value: k.Value}
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
	if err := e.r.GrowTimes(level, len(e.indent)); err != nil {
		return err
	}
	return e.write("\n" + strings.Repeat(e.indent, level))
}

func (e *jsonEncoder) text(s string) error {
	if err := e.r.Grow(len(s) + 2); err != nil {
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
