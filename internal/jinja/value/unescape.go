package value

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape reads the escapes of a Python string. Unknown ones stay as they are;
// a hexadecimal one that is cut short makes the string invalid. Names of characters (\N{…})
// are not known here.
func Unescape(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case '\n':
		case '\\', '\'', '"':
			b.WriteByte(c)
		case 'a':
			b.WriteByte('\a')
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'v':
			b.WriteByte('\v')
		case 'x', 'u', 'U':
			size := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
			if i+size >= len(s) {
				return "", false
			}
			code, err := strconv.ParseUint(s[i+1:i+1+size], 16, 32)
			if err != nil || code > utf8.MaxRune {
				return "", false
			}
			i += size
			if utf16.IsSurrogate(rune(code)) {
				// Python keeps the halves apart; as one character they are what
				// tojson meant by them.
				low, ok := lowSurrogate(s[i+1:])
				if !ok {
					return "", false
				}
				code = uint64(utf16.DecodeRune(rune(code), low))
				i += len(`\uXXXX`)
			}
			b.WriteRune(rune(code))
		case 'N':
			return "", false
		case '0', '1', '2', '3', '4', '5', '6', '7':
			code := rune(c - '0')
			for n := 1; n < 3 && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '7'; n++ {
				i++
				code = code*8 + rune(s[i]-'0')
			}
			b.WriteRune(code)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// lowSurrogate reads the second half of a character that is written as two.
func lowSurrogate(s string) (rune, bool) {
	if len(s) < len(`\uXXXX`) || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(code), err == nil && code >= 0xdc00 && code <= 0xdfff
}
