package format

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// formatSpec is how one value is laid out: Python's format specification, of
// which the places of a % format are a part.
type formatSpec struct {
	fill      rune
	align     rune // '<', '>', '^' or '=', 0: as the value's type has it
	sign      byte // '+', '-' or ' ', 0: none given
	positive  bool // no minus before a zero
	alternate bool
	zero      bool // zeros fill up numbers, between sign and digits
	width     int
	group     byte // ',' or '_' between groups of digits
	precision int  // negative: none
	verb      byte // 0: none
}

// parseSpec reads [[fill]align][sign][z][#][0][width][group][.precision][verb].
func parseSpec(s string) (formatSpec, error) {
	spec := formatSpec{fill: ' ', precision: -1}
	wrong := position.Errorf("%s is not a format", position.Quote{Text: s})
	first, size := utf8.DecodeRuneInString(s)
	filled := false
	if second, _ := utf8.DecodeRuneInString(s[size:]); size > 0 && strings.ContainsRune("<>^=", second) && second != utf8.RuneError {
		spec.fill, spec.align, filled = first, second, true
		s = s[size+1:]
	} else if size > 0 && strings.ContainsRune("<>^=", first) {
		spec.align = first
		s = s[1:]
	}
	if c := value.ByteAt(s, 0); c == '+' || c == '-' || c == ' ' {
		spec.sign = c
		s = s[1:]
	}
	s, spec.positive = strings.CutPrefix(s, "z")
	s, spec.alternate = strings.CutPrefix(s, "#")
	if !filled {
		s, spec.zero = strings.CutPrefix(s, "0")
	}
	digits := len(s) - len(strings.TrimLeft(s, value.DecimalDigits))
	var err error
	if spec.width, err = formatSize(s[:digits]); err != nil {
		return spec, err
	}
	s = s[digits:]
	if c := value.ByteAt(s, 0); c == ',' || c == '_' {
		spec.group = c
		s = s[1:]
	}
	if value.ByteAt(s, 0) == '.' {
		digits := len(s) - 1 - len(strings.TrimLeft(s[1:], value.DecimalDigits))
		if digits == 0 {
			return spec, wrong
		}
		if spec.precision, err = formatSize(s[1 : 1+digits]); err != nil {
			return spec, err
		}
		s = s[1+digits:]
	}
	if len(s) > 1 {
		return spec, wrong
	}
	spec.verb = value.ByteAt(s, 0)
	return spec, spec.checkGroup()
}

// checkGroup rejects separators where the rest of the specification has no place for them.
func (s formatSpec) checkGroup() error {
	verbs := "defgEFG%"
	if s.group == '_' {
		verbs += "boxX"
	}
	if s.group != 0 && s.verb != 0 && strings.IndexByte(verbs, s.verb) < 0 {
		return position.Errorf("%s between groups of digits does not go with %s", position.Quote{Text: string(s.group)}, position.Quote{Text: string(s.verb)})
	}
	return nil
}

// formatValue lays a value out.
func formatValue(meter *budget.Budget, v any, spec formatSpec) (string, error) {
	n := value.Number(v)
	if n == nil {
		s, ok := value.AsText(v)
		if !ok {
			return "", fmt.Errorf("%s takes no format", value.WithArticle(value.TypeName(v)))
		}
		return spec.text(s)
	}
	if f, ok := n.(float64); ok {
		switch spec.verb {
		case 0, 'e', 'E', 'f', 'F', 'g', 'G', 'n', '%':
			return spec.float(f), nil
		}
		return "", position.Errorf("%s is not a format for a float", position.Quote{Text: string(spec.verb)})
	}
	switch spec.verb {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := value.ToFloat(n)
		return spec.float(f), err
	}
	if spec.precision >= 0 || spec.positive {
		return "", errors.New("an integer takes no precision and no z")
	}
	switch spec.verb {
	case 'c':
		if spec.sign != 0 || spec.alternate {
			return "", errors.New("a character takes no sign and no #")
		}
		s, err := oneCharacter(v)
		return spec.aligned('>').pad(s, ""), err
	case 0, 'd', 'n', 'x', 'X', 'o', 'b':
		return spec.integer(value.AsBigInt(n))
	}
	return "", position.Errorf("%s is not a format for an integer", position.Quote{Text: string(spec.verb)})
}

// aligned is s with its alignment and its fill set: otherwise is the alignment of
// the type's values.
func (s formatSpec) aligned(otherwise rune) formatSpec {
	if s.zero {
		s.fill = '0'
		if s.align == 0 && otherwise == '>' {
			s.align = '='
		}
	}
	if s.align == 0 {
		s.align = otherwise
	}
	return s
}

func (s formatSpec) text(text string) (string, error) {
	if s.verb != 0 && s.verb != 's' {
		return "", position.Errorf("%s is not a format for a string", position.Quote{Text: string(s.verb)})
	}
	if s.sign != 0 || s.positive || s.alternate || s.group != 0 || s.align == '=' {
		return "", errors.New("a string takes no format for numbers")
	}
	if s.precision >= 0 {
		text = value.FirstRunes(text, s.precision)
	}
	return s.aligned('<').pad(text, ""), nil
}

func (s formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == '+' || s.sign == ' ':
		return string(s.sign)
	}
	return ""
}

// integer writes n, with zeros up to the precision, which only a % format has.
func (s formatSpec) integer(n *big.Int) (string, error) {
	if n.BitLen() > value.MaxIntegerBits/4 {
		return "", fmt.Errorf("the integer has more than %d digits", value.MaxDigits)
	}
	base, prefix, size := 10, "", 3
	switch s.verb {
	case 'x', 'X':
		base, prefix, size = 16, "0"+string(s.verb), 4
	case 'o':
		base, prefix, size = 8, "0o", 4
	case 'b':
		base, prefix, size = 2, "0b", 4
	}
	digits := new(big.Int).Abs(n).Text(base)
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	digits = strings.Repeat("0", max(s.precision-len(digits), 0)) + digits
	sign := s.signOf(n.Sign() < 0)
	if s.alternate {
		sign += prefix
	}
	return s.aligned('>').number(sign, digits, "", size), nil
}

// number lays out a sign, the digits before the point and what follows, with
// separators between groups of size digits. Zeros for padding are grouped, too.
func (s formatSpec) number(sign, digits, rest string, size int) string {
	if s.group == 0 {
		return s.pad(digits+rest, sign)
	}
	if s.fill == '0' && s.align == '=' {
		n := len(digits)
		for n+(n-1)/size < s.width-len(sign)-len(rest) {
			n++
		}
		digits = strings.Repeat("0", n-len(digits)) + digits
	}
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%size == 0 {
			b.WriteByte(s.group)
		}
		b.WriteByte(digits[i])
	}
	return s.pad(b.String()+rest, sign)
}

func (s formatSpec) float(f float64) string {
	s = s.aligned('>')
	negative := math.Signbit(f) && !math.IsNaN(f)
	f = math.Abs(f)
	digits := s.digits(f)
	if negative && s.positive && strings.Trim(digits, "0.%") == "" {
		negative = false
	}
	sign := s.signOf(negative)
	if s.verb == 'E' || s.verb == 'F' || s.verb == 'G' {
		digits = strings.ToUpper(digits)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return s.pad(digits, sign)
	}
	end := len(digits) - len(strings.TrimLeft(digits, value.DecimalDigits))
	return s.number(sign, digits[:end], digits[end:], 3)
}

func (s formatSpec) digits(f float64) string {
	precision := s.precision
	if precision < 0 {
		precision = 6
	}
	digits, percent := "", ""
	if s.verb == '%' {
		f, percent = f*100, "%"
	}
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return value.FloatText(f) + percent
	case s.verb == '%' || s.verb|0x20 == 'f':
		digits = strconv.FormatFloat(f, 'f', precision, 64)
	case s.verb|0x20 == 'e':
		digits = strconv.FormatFloat(f, 'e', precision, 64)
	case s.verb != 0:
		return s.general(f, precision, false)
	case s.precision >= 0:
		return s.general(f, precision, true)
	default:
		digits = value.FloatText(f)
	}
	if s.alternate && !strings.Contains(digits, ".") {
		end := len(digits) - len(strings.TrimLeft(digits, value.DecimalDigits))
		digits = digits[:end] + "." + digits[end:]
	}
	return digits + percent
}

// general writes up to precision digits, with an exponent if the number is too large or
// too small for them. Without a verb, as with point, it shows that it is a float.
func (s formatSpec) general(f float64, precision int, point bool) string {
	precision = max(precision, 1)
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', precision-1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	if !s.alternate {
		digits = digits[:1] + strings.TrimRight(digits[1:], "0")
	}
	before, _ := strconv.Atoi(exponent)
	before++ // digits before the point
	most := precision
	if point {
		most--
	}
	fraction := ""
	switch {
	case before <= -4 || before > most:
		digits, fraction, exponent = digits[:1], digits[1:], "e"+exponent
		point = false
	case before <= 0:
		digits, fraction, exponent = "0", strings.Repeat("0", -before)+digits, ""
	case len(digits) <= before:
		digits, exponent = digits+strings.Repeat("0", before-len(digits)), ""
	default:
		digits, fraction, exponent = digits[:before], digits[before:], ""
	}
	if fraction == "" && point {
		fraction = "0"
	}
	if fraction != "" || s.alternate {
		digits += "."
	}
	return digits + fraction + exponent
}

// pad fills up to the width, between sign and digits for '='.
func (s formatSpec) pad(text, sign string) string {
	room := s.width - utf8.RuneCountInString(text) - len(sign)
	if room <= 0 {
		return sign + text
	}
	filled := func(n int) string { return strings.Repeat(string(s.fill), n) }
	switch s.align {
	case '<':
		return sign + text + filled(room)
	case '^':
		return filled(room/2) + sign + text + filled(room-room/2)
	case '=':
		return sign + filled(room) + text
	}
	return filled(room) + sign + text
}
