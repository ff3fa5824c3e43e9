package onig

import (
	"errors"
	"fmt"
	"strings"
)

// class reads the rest of a [ ] class: ranges, classes within, and && for what
// both sides have.
func (p *parser) class() (set, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errors.New("classes nested too deep")
	}
	defer func() { p.depth-- }()
	not := p.skip("^")
	var whole, part set
	joined := false
	for first := true; ; first = false {
		if !p.more() {
			return nil, errors.New("a [ without ]")
		}
		if p.text[p.at] == ']' && !first {
			p.at++
			break
		}
		if p.skip("&&") {
			if joined {
				whole = intersection(whole, part)
			} else {
				whole, joined = part, true
			}
			part = nil
			continue
		}
		s, single, err := p.member()
		if err != nil {
			return nil, err
		}
		if rest := p.text[p.at:]; single && len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			p.at++
			to, ok, err := p.member()
			if err != nil {
				return nil, err
			}
			if !ok || to[0] < s[0] {
				return nil, errors.New("a range of a class ends before it begins")
			}
			s = set{s[0], to[1]}
		}
		part = union(part, s)
	}
	if joined {
		part = intersection(whole, part)
	}
	if p.fold {
		part = fold(part)
	}
	if not {
		part = complement(part)
	}
	return part, nil
}

// member reads one member of a class; single says that it is one character.
func (p *parser) member() (s set, single bool, err error) {
	switch {
	case p.skip("[:"):
		end := strings.Index(p.text[p.at:], ":]")
		if end < 0 {
			return nil, false, errors.New("[: without :]")
		}
		name := p.text[p.at : p.at+end]
		p.at += end + 2
		not := strings.HasPrefix(name, "^")
		s, ok := property(strings.TrimPrefix(name, "^"))
		if !ok {
			return nil, false, fmt.Errorf("[:%s:] isn't supported", name)
		}
		if not {
			s = complement(s)
		}
		return s, false, nil
	case p.skip("["):
		s, err := p.class()
		return s, false, err
	case p.skip(`\`):
		if !p.more() {
			return nil, false, errors.New(`a \ at the end`)
		}
		if p.skip("b") {
			return set{'\b', '\b'}, true, nil
		}
		s, err := p.escaped()
		return s, err == nil && len(s) == 2 && s[0] == s[1], err
	}
	r := p.rune()
	return set{r, r}, true, nil
}
