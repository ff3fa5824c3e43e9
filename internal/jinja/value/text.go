package value

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// Text is v as Python's str() writes it: what "{{ v }}" puts into a text.
func Text(meter *budget.Budget, v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case Markup:
		return string(x), nil
	case PipelineText:
		return string(x), nil
	case *Undefined:
		return "", nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	case bool:
		if x {
			return "True", nil
		}
		return "False", nil
	case nil:
		return "None", nil
	}
	return Repr(meter, v)
}

// Repr is v in Python's notation.
func Repr(meter *budget.Budget, v any) (string, error) {
	p := printer{limit: meter.OutputLeft(), depth: meter.Limits.Depth, run: meter}
	p.print(v)
	if p.err != nil {
		return "", p.err
	}
	return p.b.String(), meter.Grow(p.b.Len())
}

// ReprSorted is Repr with mappings in the order of their keys, without counting its
// bytes.
func ReprSorted(meter *budget.Budget, v any) (string, error) {
	p := printer{limit: meter.OutputLeft(), depth: meter.Limits.Depth, run: meter, sorted: true}
	p.print(v)
	return p.b.String(), p.err
}

// Briefly is v in Python's notation for a message or a key: cut where it is long.
func Briefly(v any) string {
	p := printer{limit: 200, depth: 8}
	p.print(v)
	s := p.b.String()
	if p.err != nil {
		s += "…"
	}
	return s
}

// printer writes values in Python's notation within its limits: values may share
// parts, so that a short template could mean a text without end.
type printer struct {
	b      strings.Builder
	limit  int
	depth  int
	run    *budget.Budget // whose steps are counted, if any
	sorted bool           // mappings in the order of their keys
	inside []any          // the lists and mappings around, to find one that contains itself
	err    error
}

func (p *printer) write(s string) {
	if p.err != nil {
		return
	}
	if p.b.Len()+len(s) > p.limit {
		p.err = fmt.Errorf("the text of a value is longer than %d bytes", p.limit)
		return
	}
	p.b.WriteString(s)
}

func (p *printer) print(v any) {
	if p.err != nil {
		return
	}
	if p.run != nil {
		if p.err = p.run.Step(1); p.err != nil {
			return
		}
	}
	switch x := v.(type) {
	case nil:
		p.write("None")
	case bool:
		if x {
			p.write("True")
		} else {
			p.write("False")
		}
	case int64:
		p.write(strconv.FormatInt(x, 10))
	case int:
		p.write(strconv.Itoa(x))
	case *big.Int:
		p.integer(x)
	case float64:
		p.write(FloatText(x))
	case string:
		p.quote(x)
	case Markup:
		p.write("Markup(")
		p.quote(string(x))
		p.write(")")
	case *Undefined:
		p.write("Undefined")
	case *FailMark:
		if p.run != nil {
			p.err = x.Err()
			return
		}
		p.write("fail()")
	case Range:
		p.span(x)
	default:
		p.nested(v)
	}
}

func (p *printer) integer(n *big.Int) {
	if n.BitLen() > MaxDigits*10/3+2 {
		p.err = fmt.Errorf("the integer has more than %d digits", MaxDigits)
		return
	}
	p.write(n.String())
}

func (p *printer) span(s Range) {
	p.write(fmt.Sprintf("range(%d, %d", s.Start, s.Stop))
	if s.Step != 1 {
		p.write(fmt.Sprintf(", %d", s.Step))
	}
	p.write(")")
}

func (p *printer) nested(v any) {
	if p.depth == 0 {
		p.err = errors.New("a value is nested too deep to be shown as text")
		return
	}
	p.depth--
	defer func() { p.depth++ }()
	if open, end, ok := brackets(v); ok {
		if slices.Contains(p.inside, v) {
			p.write(open + "..." + end)
			return
		}
		p.inside = append(p.inside, v)
		defer func() { p.inside = p.inside[:len(p.inside)-1] }()
	}
	switch x := v.(type) {
	case []any:
		p.list("[", x, "]")
		return
	case *MutableList:
		p.list("[", x.Items, "]")
		return
	case Tuple:
		p.tuple(x)
		return
	case *Group:
		p.tuple(Tuple{x.Key, x.Members})
		return
	case *DictView:
		p.list("dict_"+x.Kind+"([", x.Items, "])")
		return
	case *Namespace:
		p.write("<Namespace ")
		p.print(x.Attributes)
		p.write(">")
		return
	}
	if pairs, ok := PairsOf(v); ok {
		p.dict(pairs)
		return
	}
	p.write("<" + TypeName(v) + ">")
}

// brackets returns those of a value that can contain itself.
func brackets(v any) (open, end string, ok bool) {
	switch v.(type) {
	case *MutableList:
		return "[", "]", true
	case *Dict:
		return "{", "}", true
	}
	return "", "", false
}

func (p *printer) list(open string, items []any, end string) {
	p.write(open)
	for i, item := range items {
		if i > 0 {
			p.write(", ")
		}
		if p.print(item); p.err != nil {
			return
		}
	}
	p.write(end)
}

func (p *printer) tuple(t Tuple) {
	if len(t) == 1 {
		p.list("(", t, ",)")
		return
	}
	p.list("(", t, ")")
}

func (p *printer) dict(pairs []Pair) {
	if p.sorted {
		pairs = InOrder(pairs)
	}
	p.write("{")
	for i, pair := range pairs {
		if i > 0 {
			p.write(", ")
		}
		p.print(pair.Key)
		p.write(": ")
		if p.print(pair.Value); p.err != nil {
			return
		}
	}
	p.write("}")
}

// quote writes a string as Python's repr() does.
func (p *printer) quote(s string) {
	if len(s) > p.limit-p.b.Len() {
		p.write(s)
		return
	}
	mark := '\''
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		mark = '"'
	}
	p.b.Grow(len(s) + 2)
	p.b.WriteRune(mark)
	for i, c := range s {
		switch {
		case c == mark || c == '\\':
			p.b.WriteByte('\\')
			p.b.WriteRune(c)
		case c == '\n':
			p.b.WriteString(`\n`)
		case c == '\r':
			p.b.WriteString(`\r`)
		case c == '\t':
			p.b.WriteString(`\t`)
		case c >= ' ' && c < 0x7f:
			p.b.WriteByte(byte(c))
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&p.b, `\x%02x`, s[i])
		case c < 0x100 && !unicode.IsPrint(c):
			fmt.Fprintf(&p.b, `\x%02x`, c)
		case unicode.IsPrint(c):
			p.b.WriteRune(c)
		case c < 0x10000:
			fmt.Fprintf(&p.b, `\u%04x`, c)
		default:
			fmt.Fprintf(&p.b, `\U%08x`, c)
		}
	}
	p.b.WriteRune(mark)
}

// ASCII writes all that is not ASCII as an escape.
func ASCII(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	return b.String()
}

// FloatText is a float as Python writes it: the shortest digits that read back
// the same, with an exponent below 1e-4 and from 1e16 up.
func FloatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
