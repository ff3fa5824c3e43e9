package value

import (
	"strings"
)

// strings reads one string or several that follow each other: 'a' "b" is 'ab'.
func (p *literalParser) strings() (any, bool) {
	var b strings.Builder
	for first := true; ; first = false {
		p.blank()
		raw, size, ok := stringPrefix(p.s[p.i:])
		if !ok {
			if first {
				return nil, false
			}
			return b.String(), true
		}
		p.i += size
		s, ok := p.oneString(raw)
		if !ok {
			return nil, false
		}
		b.WriteString(s)
	}
}

// stringPrefix matches r or u, or nothing, before a quotation mark.
func stringPrefix(s string) (raw bool, size int, ok bool) {
	if c := ByteAt(s, 0) | 0x20; c == 'r' || c == 'u' {
		raw, size = c == 'r', 1
	}
	c := ByteAt(s, size)
	return raw, size, c == '\'' || c == '"'
}

func (p *literalParser) oneString(raw bool) (string, bool) {
	quote := p.s[p.i : p.i+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.s[p.i:], triple) {
		quote = triple
	}
	start := p.i + len(quote)
	escaped := false
	for end := start; end < len(p.s); end++ {
		switch c := p.s[end]; {
		case strings.HasPrefix(p.s[end:], quote):
			p.i = end + len(quote)
			if raw || !escaped {
				return p.s[start:end], true
			}
			return Unescape(p.s[start:end])
		case c == '\\':
			escaped = true
			end++
		case c == 0, (c == '\n' || c == '\r') && len(quote) == 1:
			return "", false
		}
	}
	return "", false
}
