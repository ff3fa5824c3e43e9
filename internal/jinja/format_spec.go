package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatSpec is how one value is laid out: Python's format specification, of
// which the places of a % format are a part.
type formatSpec struct {
	fill      rune
	align     rune // '<', '>', '^' or '=', 0: as the value's type has it
	sign      byte // '+' or ' ': what stands before a positive number
	alternate bool
	zero      bool
	width     int
	group     byte // ',' or '_' between groups of digits
	precision int  // below zero: none
	verb      byte // 0: none
}

// parseSpec reads [[fill]align][sign][#][0][width][group][.precision][verb].
func parseSpec(s string) (formatSpec, error) {
	spec := formatSpec{fill: ' ', precision: -1}
	wrong := fmt.Errorf("%q is no format", s)
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); size > 0 && strings.ContainsRune("<>^=", second) && second != utf8.RuneError {
		spec.fill, spec.align = first, second
		s = s[size+1:]
	} else if size > 0 && strings.ContainsRune("<>^=", first) {
		spec.align = first
		s = s[1:]
	}
	if c := byteAt(s, 0); c == '+' || c == '-' || c == ' ' {
		if c != '-' {
			spec.sign = c
		}
		s = s[1:]
	}
	if s, spec.alternate = cut(s, '#'); true {
		s, spec.zero = cut(s, '0')
	}
	digits := len(s) - len(strings.TrimLeft(s, decimalDigits))
	var err error
	if spec.width, err = formatSize(s[:digits]); err != nil {
		return spec, err
	}
	s = s[digits:]
	if c := byteAt(s, 0); c == ',' || c == '_' {
		spec.group = c
		s = s[1:]
	}
	if byteAt(s, 0) == '.' {
		digits := len(s) - 1 - len(strings.TrimLeft(s[1:], decimalDigits))
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
	spec.verb = byteAt(s, 0)
	return spec, nil
}

func cut(s string, c byte) (string, bool) {
	if byteAt(s, 0) == c {
		return s[1:], true
	}
	return s, false
}

// format lays a value out.
func (r *run) formatValue(v any, spec formatSpec) (string, error) {
	n := number(v)
	if n == nil {
		s, ok := asText(v)
		if !ok {
			return "", fmt.Errorf("%s takes no format", article(typeName(v)))
		}
		return spec.text(s)
	}
	if f, ok := n.(float64); ok {
		switch spec.verb {
		case 0, 'e', 'E', 'f', 'F', 'g', 'G', 'n', '%':
			return spec.float(f), nil
		}
		return "", fmt.Errorf("%q is no format for a float", spec.verb)
	}
	switch spec.verb {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := float(n)
		return spec.float(f), err
	case 'c':
		s, err := character1(v)
		return spec.pad(s, ""), err
	case 0, 'd', 'n', 'x', 'X', 'o', 'b':
		if spec.precision >= 0 {
			return "", errors.New("an integer takes no precision")
		}
		return spec.integer(whole(n))
	}
	return "", fmt.Errorf("%q is no format for an integer", spec.verb)
}

func (s formatSpec) text(text string) (string, error) {
	if s.verb != 0 && s.verb != 's' {
		return "", fmt.Errorf("%q is no format for a string", s.verb)
	}
	if s.sign != 0 || s.alternate || s.group != 0 || s.align == '=' {
		return "", errors.New("a string takes no format for numbers")
	}
	if s.precision >= 0 {
		text = firstRunes(text, s.precision)
	}
	if s.align == 0 {
		s.align = '<'
	}
	if s.zero && s.fill == ' ' {
		s.fill = '0'
	}
	s.zero = false
	return s.pad(text, ""), nil
}

func (s formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign != 0:
		return string(s.sign)
	}
	return ""
}

func (s formatSpec) integer(n *big.Int) (string, error) {
	if n.BitLen() > maxIntegerBits/4 {
		return "", fmt.Errorf("the integer has more than %d digits", maxDigits)
	}
	base, prefix := 10, ""
	switch s.verb {
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.verb)
	case 'o':
		base, prefix = 8, "0o"
	case 'b':
		base, prefix = 2, "0b"
	}
	digits := new(big.Int).Abs(n).Text(base)
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	size := 3
	if base != 10 {
		size = 4
	}
	sign := s.signOf(n.Sign() < 0)
	if s.alternate && base != 10 {
		sign += prefix
	}
	return s.pad(s.grouped(digits, size), sign), nil
}

func (s formatSpec) grouped(digits string, size int) string {
	if s.group == 0 {
		return digits
	}
	for i := len(digits) - size; i > 0; i -= size {
		digits = digits[:i] + string(s.group) + digits[i:]
	}
	return digits
}

func (s formatSpec) float(f float64) string {
	sign := s.signOf(math.Signbit(f) && !math.IsNaN(f))
	f = math.Abs(f)
	digits := s.digits(f)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		digits = strings.ToLower(floatText(f))
		if s.verb == 'E' || s.verb == 'F' || s.verb == 'G' {
			digits = strings.ToUpper(digits)
		}
		if s.verb == '%' {
			digits += "%"
		}
		return s.pad(digits, sign)
	}
	if s.group != 0 {
		end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' })
		if end < 0 {
			end = len(digits)
		}
		digits = s.grouped(digits[:end], 3) + digits[end:]
	}
	return s.pad(digits, sign)
}

func (s formatSpec) digits(f float64) string {
	precision := s.precision
	if precision < 0 {
		precision = 6
	}
	switch s.verb {
	case 'e', 'f':
		return strconv.FormatFloat(f, s.verb, precision, 64)
	case 'E', 'F':
		return strings.ToUpper(strconv.FormatFloat(f, s.verb|0x20, precision, 64))
	case '%':
		return strconv.FormatFloat(f*100, 'f', precision, 64) + "%"
	case 'g', 'n':
		return strconv.FormatFloat(f, 'g', max(precision, 1), 64)
	case 'G':
		return strings.ToUpper(strconv.FormatFloat(f, 'g', max(precision, 1), 64))
	}
	if s.precision < 0 {
		return floatText(f)
	}
	digits := strconv.FormatFloat(f, 'g', max(precision, 1), 64)
	if strings.Trim(digits, decimalDigits) == "" {
		digits += ".0"
		if len(digits)-2 >= max(precision, 1) && precision > 0 {
			digits = strconv.FormatFloat(f, 'e', max(precision, 1)-1, 64)
		}
	}
	return digits
}

// pad fills up to the width, between sign and digits for '='.
func (s formatSpec) pad(text, sign string) string {
	align, fill := s.align, s.fill
	if s.zero {
		if fill == ' ' {
			fill = '0'
		}
		if align == 0 || align == '>' && s.fill == ' ' {
			align = '='
		}
	}
	room := s.width - utf8.RuneCountInString(text) - len(sign)
	if room <= 0 {
		return sign + text
	}
	filled := func(n int) string { return strings.Repeat(string(fill), n) }
	switch align {
	case '<':
		return sign + text + filled(room)
	case '^':
		return filled(room/2) + sign + text + filled(room-room/2)
	case '=':
		return sign + filled(room) + text
	}
	return filled(room) + sign + text
}
