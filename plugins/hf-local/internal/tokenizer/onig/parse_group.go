package onig

import (
	"errors"
	"fmt"
	"strings"
)

// group reads the rest of a group. It returns nil for options that hold for what
// follows, which it sets.
func (p *parser) group() (*node, error) {
	fold, dots, free := p.fold, p.dots, p.free
	whole := &node{kind: sequence}
	switch {
	case !p.skip("?"):
	case p.skip(":"):
	case p.skip("#"):
		end := strings.IndexByte(p.text[p.at:], ')')
		if end < 0 {
			return nil, errors.New("(?# without )")
		}
		p.at += end + 1
		return nil, nil
	case p.skip("="):
		whole = &node{kind: look}
	case p.skip("!"):
		whole = &node{kind: look, not: true}
	case p.skip("<="):
		whole = &node{kind: look, behind: true}
	case p.skip("<!"):
		whole = &node{kind: look, behind: true, not: true}
	case p.skip(">"):
		whole = &node{kind: atomic}
	case p.skip("<"), p.skip("P<"), p.skip("'"):
		end := strings.IndexAny(p.text[p.at:], ">'")
		if end < 0 {
			return nil, errors.New("the name of a group without end")
		}
		p.at += end + 1
	default:
		rest, err := p.options()
		if err != nil {
			return nil, err
		}
		if !rest {
			// (?i)abc|def: in Ruby the options hold for all alternatives that follow.
			n, err := p.alternatives()
			p.fold, p.dots, p.free = fold, dots, free
			return n, err
		}
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.skip(")") {
		return nil, errors.New("a ( without )")
	}
	p.fold, p.dots, p.free = fold, dots, free
	whole.parts = []*node{n}
	return whole, nil
}

// options reads imx-imx and the : or ) after it, and says which of both it was.
func (p *parser) options() (group bool, err error) {
	on := true
	for p.more() {
		switch r := p.rune(); r {
		case '-':
			on = false
		case 'i':
			p.fold = on
		case 'm':
			p.dots = on
		case 'x':
			p.free = on
		case ':':
			return true, nil
		case ')':
			return false, nil
		default:
			return false, fmt.Errorf("(?%c isn't supported", r)
		}
	}
	return false, errors.New("a ( without )")
}
