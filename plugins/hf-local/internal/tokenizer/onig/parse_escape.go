package onig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func (p *parser) escape() (*node, error) {
	if !p.more() {
		return nil, errors.New(`a \ at the end`)
	}
	switch p.text[p.at] {
	case 'A':
		p.at++
		return where(textBegin), nil
	case 'z':
		p.at++
		return where(textEnd), nil
	case 'Z':
		p.at++
		return where(textEndOrLine), nil
	case 'b':
		p.at++
		return where(wordEdge), nil
	case 'B':
		p.at++
		return where(noWordEdge), nil
	}
	switch {
	case p.skip("w"), p.skip("p{Word}"):
		return p.one(freeWord()), nil
	case p.skip("W"), p.skip("P{Word}"):
		return p.one(complement(freeWord())), nil
	}
	s, err := p.escaped()
	if err != nil {
		return nil, err
	}
	return p.one(s), nil
}

// escaped reads what follows a backslash, as it is understood within a class.
func (p *parser) escaped() (set, error) {
	r := p.rune()
	switch r {
	case 'd':
		return category("Nd"), nil
	case 'D':
		return complement(category("Nd")), nil
	case 'w':
		return fromTable(word), nil
	case 'W':
		return complement(fromTable(word)), nil
	case 's':
		return fromTable(space), nil
	case 'S':
		return complement(fromTable(space)), nil
	case 'h':
		return set{'0', '9', 'A', 'F', 'a', 'f'}, nil
	case 'H':
		return complement(set{'0', '9', 'A', 'F', 'a', 'f'}), nil
	case 'p', 'P':
		return p.property(r == 'P')
	case 't':
		r = '\t'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 'f':
		r = '\f'
	case 'v':
		r = '\v'
	case 'a':
		r = '\a'
	case 'e':
		r = 0x1B
	case 'x':
		if p.skip("{") {
			end := strings.IndexByte(p.text[p.at:], '}')
			if end < 0 {
				return nil, errors.New(`\x{ without }`)
			}
			return p.number(end, 1)
		}
		n := 0
		for n < 2 && p.at+n < len(p.text) && isHex(p.text[p.at+n]) {
			n++
		}
		return p.number(n, 0)
	case 'u':
		return p.number(4, 0)
	default:
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return nil, fmt.Errorf(`\%c isn't supported`, r)
		}
	}
	return set{r, r}, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number reads n hexadecimal digits, and skips some characters after them.
func (p *parser) number(n, after int) (set, error) {
	if p.at+n > len(p.text) {
		return nil, errors.New("a character number is cut off")
	}
	v, err := strconv.ParseUint(p.text[p.at:p.at+n], 16, 32)
	if err != nil || v > last {
		return nil, fmt.Errorf("%q is not a character number", p.text[p.at:p.at+n])
	}
	p.at += n + after
	return set{rune(v), rune(v)}, nil
}

func (p *parser) property(not bool) (set, error) {
	if !p.skip("{") {
		return nil, errors.New(`\p without {`)
	}
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return nil, errors.New(`\p{ without }`)
	}
	name := p.text[p.at : p.at+end]
	p.at += end + 1
	if strings.HasPrefix(name, "^") {
		name, not = name[1:], !not
	}
	s, ok := property(name)
	if !ok {
		return nil, fmt.Errorf(`\p{%s} isn't supported`, name)
	}
	if not {
		s = complement(s)
	}
	return s, nil
}
