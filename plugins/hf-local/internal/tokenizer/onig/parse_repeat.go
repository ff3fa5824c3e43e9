package onig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxRepeat is what Oniguruma allows.
const maxRepeat = 100000

// repeated reads the repetitions after n.
func (p *parser) repeated(n *node) (*node, error) {
	for p.more() {
		lo, hi, counted := 0, -1, false
		switch p.text[p.at] {
		case '*':
			p.at++
		case '+':
			p.at++
			lo = 1
		case '?':
			p.at++
			hi = 1
		case '{':
			var ok bool
			if lo, hi, ok = p.counts(); !ok {
				return n, nil
			}
			counted = true
		default:
			return n, nil
		}
		if n.kind == assertion || n.kind == look {
			return nil, errors.New("a condition is repeated")
		}
		if hi >= 0 && lo > hi || lo > maxRepeat || hi > maxRepeat {
			return nil, fmt.Errorf("it repeats {%d,%d}", lo, hi)
		}
		n = &node{kind: repetition, parts: []*node{n}, min: lo, max: hi}
		switch {
		case p.skip("?"):
			n.lazy = true
		// In Ruby's syntax a{1,2}+ repeats the repetition.
		case !counted && p.skip("+"):
			n = &node{kind: atomic, parts: []*node{n}}
		}
	}
	return n, nil
}

// counts reads {n}, {n,}, {,m} or {n,m}; without being one of these, { is itself.
func (p *parser) counts() (lo, hi int, ok bool) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return 0, 0, false
	}
	inside := p.text[p.at+1 : p.at+end]
	first, second, comma := strings.Cut(inside, ",")
	if first == "" && second == "" {
		return 0, 0, false
	}
	parse := func(s string, missing int) int {
		if s == "" {
			return missing
		}
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			ok = false
		}
		return int(n)
	}
	ok = true
	lo, hi = parse(first, 0), parse(second, -1)
	if !comma {
		hi = lo
	}
	if ok {
		p.at += end + 1
	}
	return lo, hi, ok
}
