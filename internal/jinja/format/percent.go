package format

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Percent is Python's format % values. If the format is escaped text, the values are
// escaped.
func Percent(meter *budget.Budget, pattern, values any) (any, error) {
	format, _ := value.AsText(pattern)
	_, escape := pattern.(value.Markup)
	p := percent{meter: meter, rest: format, mapping: values, escape: escape}
	switch v := values.(type) {
	case value.Tuple:
		p.values = v
	default:
		p.values = []any{values}
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	if p.used < len(p.values) && !p.named {
		if subscriptable(values) {
			return value.KeepMarkup(pattern, p.b.String()), nil // to Python, names could be looked up in them
		}
		return nil, errors.New("the format has fewer places than there are values")
	}
	return value.KeepMarkup(pattern, p.b.String()), nil
}

// subscriptable reports whether Python could look a name up in v.
func subscriptable(v any) bool {
	switch v.(type) {
	case []any, *value.MutableList, value.Range, *value.Undefined:
		return true
	}
	return value.IsMapping(v)
}

type percent struct {
	meter   *budget.Budget
	b       strings.Builder
	rest    string
	values  []any
	used    int
	mapping any
	named   bool
	escape  bool
}

func (p *percent) run() error {
	for {
		i := strings.IndexByte(p.rest, '%')
		if i < 0 {
			p.b.WriteString(p.rest)
			return p.meter.Grow(len(p.rest))
		}
		p.b.WriteString(p.rest[:i])
		if err := p.meter.Grow(i + 1); err != nil {
			return err
		}
		p.rest = p.rest[i+1:]
		if err := p.place(); err != nil {
			return err
		}
	}
}

// place formats one value: %[(name)][flags][width][.precision]verb
func (p *percent) place() error {
	if rest, escaped := strings.CutPrefix(p.rest, "%"); escaped {
		p.rest = rest
		p.b.WriteByte('%')
		return nil
	}
	var v any
	given := false
	if strings.HasPrefix(p.rest, "(") {
		end := closing(p.rest, '(', ')')
		if end < 0 {
			return errors.New("the name of a place in the format has no end")
		}
		name := p.rest[1:end]
		p.rest = p.rest[end+1:]
		if !value.IsMapping(p.mapping) {
			return errors.New("a format with names takes a mapping")
		}
		val, ok, err := value.Member(p.mapping, name)
		if err != nil {
			return err
		}
		if !ok {
			return position.Errorf("the format needs %s, which is not given", position.Quote{Text: name})
		}
		v, given, p.named = val, true, true
	}
	spec := formatSpec{precision: -1, fill: ' '}
	flags := len(p.rest) - len(strings.TrimLeft(p.rest, "-+ #0"))
	left := false
	for _, flag := range p.rest[:flags] {
		switch flag {
		case '-':
			left = true
		case '+':
			spec.sign = '+'
		case ' ':
			if spec.sign == 0 {
				spec.sign = ' '
			}
		case '#':
			spec.alternate = true
		case '0':
			spec.zero = true
		}
	}
	p.rest = p.rest[flags:]
	width, _, err := p.size()
	if err != nil {
		return err
	}
	if width < 0 {
		left, width = true, -width
	}
	spec.width = width
	if strings.HasPrefix(p.rest, ".") {
		p.rest = p.rest[1:]
		if spec.precision, _, err = p.size(); err != nil {
			return err
		}
		spec.precision = max(spec.precision, 0)
	}
	if c := value.ByteAt(p.rest, 0); c == 'h' || c == 'l' || c == 'L' { // sizes in C: Python skips one
		p.rest = p.rest[1:]
	}
	verb, size := utf8.DecodeRuneInString(p.rest)
	if size == 0 {
		return errors.New("the format ends within a place")
	}
	p.rest = p.rest[size:]
	if !given {
		if v, err = p.value(); err != nil {
			return err
		}
	}
	if left {
		spec.align, spec.zero = '<', false
	}
	return p.format(v, verb, spec)
}

func (p *percent) value() (any, error) {
	if p.used >= len(p.values) || p.named {
		return nil, errors.New("the format has more places than there are values")
	}
	p.used++
	return p.values[p.used-1], nil
}

// size reads a width or a precision, which "*" takes from the values.
func (p *percent) size() (n int, given bool, err error) {
	if strings.HasPrefix(p.rest, "*") {
		p.rest = p.rest[1:]
		v, err := p.value()
		if err != nil {
			return 0, false, err
		}
		n, ok := value.AsInt(v)
		if !ok {
			return 0, false, errors.New("a width in a format is an integer")
		}
		if n < -maxFormatWidth || n > maxFormatWidth {
			return 0, false, fmt.Errorf("a width in a format is more than %d", maxFormatWidth)
		}
		return int(n), true, nil
	}
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, value.DecimalDigits))
	n, err = formatSize(p.rest[:digits])
	p.rest = p.rest[digits:]
	return n, digits > 0, err
}

// maxFormatWidth bounds width and precision within formats.
const maxFormatWidth = 10_000

func formatSize(digits string) (int, error) {
	if digits == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxFormatWidth {
		return 0, fmt.Errorf("a width in a format is more than %d", maxFormatWidth)
	}
	return n, nil
}

func (p *percent) format(v any, verb rune, spec formatSpec) error {
	var s string
	var err error
	switch verb {
	case 's', 'r', 'a':
		spec.zero = false
		if verb == 's' {
			s, err = value.Text(p.meter, v)
		} else {
			s, err = value.Repr(p.meter, v)
			if verb == 'a' {
				s = value.ASCII(s)
			}
		}
		if _, safe := v.(value.Markup); p.escape && !(safe && verb == 's') {
			s = value.EscapeHTML(s)
		}
		if spec.precision >= 0 {
			s = value.FirstRunes(s, spec.precision)
		}
		s = spec.aligned('>').pad(s, "")
	case 'c':
		spec.zero = false
		s, err = oneCharacter(v)
		s = spec.aligned('>').pad(s, "")
	case 'd', 'i', 'u', 'x', 'X', 'o':
		if verb == 'i' || verb == 'u' {
			verb = 'd'
		}
		s, err = p.integer(v, verb, spec)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		var f float64
		if f, err = value.AsFloat(v); err == nil {
			spec.verb = byte(verb)
			s = spec.float(f)
		}
	default:
		err = position.Errorf("%s is not a letter for a place in a format", position.Quote{Text: string(verb)})
	}
	if err != nil {
		return err
	}
	p.b.WriteString(s)
	return p.meter.Grow(len(s))
}

func (p *percent) integer(v any, verb rune, spec formatSpec) (string, error) {
	n := value.Number(v)
	if f, ok := n.(float64); ok {
		if verb != 'd' || math.IsInf(f, 0) || math.IsNaN(f) {
			return "", fmt.Errorf("%%%c takes an integer", verb)
		}
		whole, _ := value.TruncateFloat(f)
		n = whole
	}
	i := value.AsBigInt(n)
	if i == nil {
		return "", fmt.Errorf("%%%c takes a number, not %s", verb, value.WithArticle(value.TypeName(v)))
	}
	spec.verb = byte(verb)
	return spec.integer(i)
}

// oneCharacter is one character, given as such or as its number.
func oneCharacter(v any) (string, error) {
	if s, ok := value.AsText(v); ok && utf8.RuneCountInString(s) == 1 {
		return s, nil
	}
	if n, ok := value.AsInt(v); ok && n >= 0 && n <= utf8.MaxRune {
		return string(rune(n)), nil
	}
	return "", errors.New("%c takes one character or its number")
}
