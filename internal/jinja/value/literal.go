package value

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseLiteral reads text as Python's ast.literal_eval does: a number, a string, True,
// False, None, or a list, tuple or dict of these. It reports false for anything
// else, and also for the literals that have no plain value: sets, bytes, complex
// numbers and "...".
func ParseLiteral(text string) (any, bool) {
	if !mayBeLiteral(text) {
		return nil, false
	}
	p := literalParser{s: text, i: leadingLines(text)}
	if c := ByteAt(p.s, p.i); c == ' ' || c == '\t' {
		return nil, false // Python takes it for an indented line
	}
	v, ok := p.items(false)
	if !ok {
		return nil, false
	}
	p.brackets++ // after the value line ends are blank
	end := p.i
	p.blank()
	return v, p.i == len(p.s) && !endsIndented(p.s[end:])
}

// endsIndented reports whether the last line is nothing but an indentation, which
// Python rejects.
func endsIndented(tail string) bool {
	line := strings.LastIndexAny(tail, "\r\n") + 1
	return line > 0 && line < len(tail) && strings.Trim(tail[line:], " \t") == ""
}

// leadingLines is the length of the lines at the start that are blank or comments.
func leadingLines(s string) int {
	start := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\f':
		case '\n', '\r':
			start = i + 1
		case '#':
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return start
			}
			i += end
			start = i + 1
		default:
			return start
		}
	}
	return start
}

// mayBeLiteral decides by the first character: nearly all text is rejected here.
func mayBeLiteral(text string) bool {
	if text == "" {
		return false
	}
	c := text[0]
	return IsDigit(c) || strings.IndexByte("'\"([{+-.NTFrRuU \t\n\r\f#", c) >= 0
}

// maxBrackets is Python's own limit on nested brackets.
const maxBrackets = 200

type literalParser struct {
	s        string
	i        int
	brackets int // within them line ends are blank
}

func (p *literalParser) blank() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == ' ' || c == '\t' || c == '\f':
			p.i++
		case c == '#':
			for p.i < len(p.s) && p.s[p.i] != '\n' {
				p.i++
			}
		case (c == '\n' || c == '\r') && p.brackets > 0:
			p.i++
		default:
			return
		}
	}
}

func (p *literalParser) peek() byte {
	p.blank()
	return ByteAt(p.s, p.i)
}

func (p *literalParser) skip(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.i++
	return true
}

// items reads one value, or a tuple, with or without parentheses.
func (p *literalParser) items(bracketed bool) (any, bool) {
	v, ok := p.value()
	if !ok || p.peek() != ',' {
		return v, ok
	}
	t := Tuple{v}
	for p.skip(',') {
		c := p.peek()
		if c == 0 || bracketed && c == ')' || !bracketed && (c == '\n' || c == '\r') {
			break
		}
		if v, ok = p.value(); !ok {
			return nil, false
		}
		t = append(t, v)
	}
	return t, true
}

func (p *literalParser) value() (any, bool) {
	c := p.peek()
	switch {
	case c == '-' || c == '+':
		p.i++
		return p.signed(c == '-')
	case c == '(' || c == '[' || c == '{':
		return p.bracket(c)
	case IsDigit(c) || c == '.':
		return p.number()
	case c == '\'' || c == '"':
		return p.strings()
	}
	return p.word()
}

// signed reads the number after one sign; with a second sign it is not a literal.
func (p *literalParser) signed(minus bool) (any, bool) {
	v, ok := p.unsigned()
	if !ok {
		return nil, false
	}
	v, err := SignedValue(v, minus)
	return v, err == nil
}

func (p *literalParser) unsigned() (any, bool) {
	if p.peek() != '(' {
		return p.number()
	}
	if p.brackets >= maxBrackets {
		return nil, false
	}
	p.brackets++
	p.i++
	v, ok := p.unsigned()
	ok = ok && p.skip(')')
	p.brackets--
	return v, ok
}

func (p *literalParser) bracket(open byte) (v any, ok bool) {
	if p.brackets >= maxBrackets {
		return nil, false
	}
	p.brackets++
	p.i++
	switch open {
	case '(':
		if p.skip(')') {
			v, ok = Tuple{}, true
			break
		}
		v, ok = p.items(true)
		ok = ok && p.skip(')')
	case '[':
		v, ok = p.list()
	default:
		v, ok = p.dict()
	}
	p.brackets--
	return v, ok
}

func (p *literalParser) list() (any, bool) {
	list := []any{}
	for !p.skip(']') {
		v, ok := p.value()
		if !ok || !p.skip(',') && p.peek() != ']' {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

func (p *literalParser) dict() (any, bool) {
	d := &Dict{}
	for !p.skip('}') {
		key, ok := p.value()
		if !ok || !p.skip(':') {
			return nil, false
		}
		v, ok := p.value()
		if !ok || !p.skip(',') && p.peek() != '}' || d.Put(key, v) != nil {
			return nil, false
		}
	}
	return d, true
}

func (p *literalParser) word() (any, bool) {
	end := p.i
	for c := ByteAt(p.s, end); c == '_' || IsLetter(c) || IsDigit(c); c = ByteAt(p.s, end) {
		end++
	}
	word := p.s[p.i:end]
	if c := ByteAt(p.s, end); c == '\'' || c == '"' {
		return p.strings()
	}
	if end < len(p.s) && p.s[end] >= utf8.RuneSelf {
		return nil, false
	}
	p.i = end
	switch word {
	case "None":
		return nil, true
	case "True":
		return true, true
	case "False":
		return false, true
	}
	return nil, false
}

func (p *literalParser) number() (any, bool) {
	rest := p.s[p.i:]
	size, isFloat := literalNumber(rest)
	if size == 0 {
		return nil, false
	}
	if c := ByteAt(rest, size); c == '_' || c == '.' || IsLetter(c) || IsDigit(c) || c >= utf8.RuneSelf {
		return nil, false
	}
	digits := strings.ReplaceAll(rest[:size], "_", "")
	p.i += size
	if isFloat {
		f, _ := strconv.ParseFloat(digits, 64) // beyond the range it is infinite, as in Python
		return f, true
	}
	if len(digits) > MaxDigits {
		return nil, false
	}
	if len(digits) > 1 && digits[0] == '0' {
		if BaseDigits(digits[1]) == "" {
			return int64(0), strings.Trim(digits, "0") == ""
		}
		n, ok := new(big.Int).SetString(digits, 0)
		if !ok {
			return nil, false
		}
		return Shrink(n), true
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil, false
	}
	return Shrink(n), true
}

// literalNumber is how many bytes of s are a number in Python's notation, which
// also has ".5" and "5.".
func literalNumber(s string) (size int, float bool) {
	if len(s) > 1 && s[0] == '0' {
		if digits := BaseDigits(s[1]); digits != "" {
			if n := DigitRun(s[2:], digits, true); n > 0 {
				return 2 + n, false
			}
			return 0, false
		}
	}
	n := DigitRun(s, DecimalDigits, false)
	if ByteAt(s, n) == '.' {
		fraction := DigitRun(s[n+1:], DecimalDigits, false)
		if n == 0 && fraction == 0 {
			return 0, false
		}
		n += 1 + fraction
		float = true
	}
	if ByteAt(s, n)|0x20 == 'e' {
		sign := 1
		if c := ByteAt(s, n+1); c == '+' || c == '-' {
			sign = 2
		}
		if n+sign < len(s) {
			if exponent := DigitRun(s[n+sign:], DecimalDigits, false); exponent > 0 {
				return n + sign + exponent, true
			}
		}
	}
	return n, float
}
