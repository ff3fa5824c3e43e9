package syntax

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// tag reads the inside of a tag up to its end mark. Within brackets the end mark
// is two operators: "{{ {'a': {}} }}".
func (l *lexer) tag(begin int, end string) {
	var open []byte
	for l.err == nil {
		l.skipSpace()
		if l.pos >= len(l.source) {
			l.fail(begin, "the tag has no end: add %q", end)
			return
		}
		if len(open) == 0 && l.endOfTag(end) {
			return
		}
		switch c := l.source[l.pos]; {
		case c == '\'' || c == '"':
			l.stringLiteral(c)
		case value.IsDigit(c):
			l.number()
		case c == '_' || value.IsLetter(c) || c >= utf8.RuneSelf:
			l.name()
		default:
			open = l.operator(open)
		}
	}
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.source) {
		c, size := utf8.DecodeRuneInString(l.source[l.pos:])
		if !value.IsSpace(c) {
			return
		}
		l.pos += size
	}
}

func (l *lexer) endOfTag(end string) bool {
	rest := l.source[l.pos:]
	sign := rest[0]
	if sign != '-' && (sign != '+' || end != "%}") {
		sign = 0
	} else {
		rest = rest[1:]
	}
	if !strings.HasPrefix(rest, end) {
		return false
	}
	l.emit(tagEnd, end, l.pos)
	l.pos = len(l.source) - len(rest) + len(end)
	if end == "%}" || sign == '-' {
		l.afterTag(sign)
	}
	return true
}

func (l *lexer) name() {
	start := l.pos
	for l.pos < len(l.source) {
		c, size := utf8.DecodeRuneInString(l.source[l.pos:])
		if !value.StartsIdentifier(c) && (l.pos == start || !value.ContinuesIdentifier(c)) {
			break
		}
		l.pos += size
	}
	if l.pos == start {
		c, _ := utf8.DecodeRuneInString(l.source[start:])
		l.fail(start, "unexpected character %q", c)
		return
	}
	l.emit(nameToken, l.source[start:l.pos], start)
}

var operators = [...]string{"**", "//", "==", "!=", "<=", ">="}

// foreign are the operators of other languages, by their first character.
var foreign = map[byte]string{'&': "and", '!': "not", '?': "a if condition else b"}

func (l *lexer) operator(open []byte) []byte {
	rest := l.source[l.pos:]
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.emit(operatorToken, op, l.pos)
			l.pos += len(op)
			return open
		}
	}
	c := rest[0]
	switch c {
	case '(':
		open = append(open, ')')
	case '[':
		open = append(open, ']')
	case '{':
		open = append(open, '}')
	case ')', ']', '}':
		if len(open) == 0 {
			l.fail(l.pos, "unexpected %q", c)
			return open
		}
		if want := open[len(open)-1]; want != c {
			l.fail(l.pos, "unexpected %q, expected %q", c, want)
			return open
		}
		open = open[:len(open)-1]
	default:
		if strings.IndexByte("+-*/%~<>=.,:|;", c) < 0 {
			if instead := foreign[c]; instead != "" {
				l.fail(l.pos, "unexpected %q: write %q", c, instead)
			}
			l.fail(l.pos, "unexpected character %q", c)
			return open
		}
	}
	l.emit(operatorToken, rest[:1], l.pos)
	l.pos++
	return open
}

func (l *lexer) number() {
	start := l.pos
	rest := l.source[start:]
	afterDot := start > 0 && l.source[start-1] == '.'
	size, float := numberLength(rest, !afterDot)
	digits := strings.ReplaceAll(rest[:size], "_", "")
	l.pos += size
	t := token{kind: integerToken, text: rest[:size], pos: start}
	if float {
		t.kind = floatToken
		t.value, _ = strconv.ParseFloat(digits, 64) // beyond the range it is infinite, as in Python
	} else {
		if len(digits) > value.MaxDigits {
			l.fail(start, "the number has more than %d digits", value.MaxDigits)
			return
		}
		base := 10
		if size > 1 && !value.IsDigit(digits[1]) {
			base = 0
		}
		n, ok := new(big.Int).SetString(digits, base)
		if !ok {
			l.fail(start, "%q is not a number", digits)
			return
		}
		t.value = value.Shrink(n)
	}
	l.tokens = append(l.tokens, t)
}

// numberLength is how many bytes of s are one number. As in Jinja2 a decimal
// integer has no leading zero: "012" is two tokens, which the grammar doesn't allow.
func numberLength(s string, floats bool) (length int, float bool) {
	if len(s) > 1 && s[0] == '0' {
		if digits := value.BaseDigits(s[1]); digits != "" {
			if n := value.DigitRun(s[2:], digits, true); n > 0 {
				return 2 + n, false
			}
		}
	}
	n := value.DigitRun(s, value.DecimalDigits, false)
	whole := n
	if floats {
		if value.ByteAt(s, n) == '.' {
			if fraction := value.DigitRun(s[n+1:], value.DecimalDigits, false); fraction > 0 {
				n += 1 + fraction
			}
		}
		if e := value.ByteAt(s, n) | 0x20; e == 'e' {
			sign := 1
			if c := value.ByteAt(s, n+1); c == '+' || c == '-' {
				sign = 2
			}
			if n+sign < len(s) {
				if exponent := value.DigitRun(s[n+sign:], value.DecimalDigits, false); exponent > 0 {
					n += sign + exponent
				}
			}
		}
		if n > whole {
			return n, true
		}
	}
	if s[0] == '0' {
		return value.DigitRun(s, "0", false), false
	}
	return whole, false
}

func (l *lexer) stringLiteral(quote byte) {
	start := l.pos
	end := start + 1
	escaped := false
	for end < len(l.source) && l.source[end] != quote {
		if l.source[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	if end >= len(l.source) {
		l.fail(start, "the string has no end: add %c", quote)
		return
	}
	text := l.source[start+1 : end]
	if escaped {
		plain, ok := value.Unescape(text)
		if !ok {
			l.fail(start, `the string has an escape that is not complete: write a backslash as \\`)
			return
		}
		text = plain
	}
	l.emit(stringToken, text, start)
	l.pos = end + 1
}
