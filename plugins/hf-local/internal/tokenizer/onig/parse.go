package onig

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// node is a part of a pattern.
type node struct {
	kind     kind
	set      set     // one character of it
	made     *class  // of set
	parts    []*node // of a sequence, of alternatives, or the one that is repeated or looked for
	min, max int     // of a repetition; max -1: without bound
	lazy     bool
	behind   bool // of a look-around
	not      bool
	at       place
}

type kind uint8

const (
	oneOf kind = iota
	sequence
	alternatives
	repetition
	atomic // what matched isn't given back
	look
	assertion
)

// place is a condition on where the text stands.
type place uint8

const (
	textBegin place = iota
	textEnd
	textEndOrLine // before a last line end, too
	lineBegin
	lineEnd
	wordEdge
	noWordEdge
)

// maxNesting bounds how deep groups may be nested.
const maxNesting = 100

type parser struct {
	text  string
	at    int
	depth int
	fold  bool // (?i)
	dots  bool // (?m): . is any character, as Ruby has it
	free  bool // (?x)
}

func parse(pattern string) (*node, error) {
	if !utf8.ValidString(pattern) {
		return nil, errors.New("it isn't UTF-8")
	}
	p := &parser{text: pattern}
	n, err := p.alternatives()
	if err == nil && p.at < len(p.text) {
		err = errors.New("a ) without (")
	}
	return n, err
}

func (p *parser) more() bool { return p.at < len(p.text) }

func (p *parser) skip(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) rune() rune {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	return r
}

func (p *parser) alternatives() (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errors.New("groups nested too deep")
	}
	defer func() { p.depth-- }()
	all := &node{kind: alternatives}
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		all.parts = append(all.parts, n)
		if !p.skip("|") {
			break
		}
	}
	if len(all.parts) == 1 {
		return all.parts[0], nil
	}
	return all, nil
}

func (p *parser) sequence() (*node, error) {
	all := &node{kind: sequence}
	for p.more() && p.text[p.at] != '|' && p.text[p.at] != ')' {
		if p.free && p.comment() {
			continue
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		if n, err = p.repeated(n); err != nil {
			return nil, err
		}
		all.parts = append(all.parts, n)
	}
	return all, nil
}

// comment skips white space or a comment of the extended form.
func (p *parser) comment() bool {
	switch p.text[p.at] {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		p.at++
		return true
	case '#':
		for p.more() && p.text[p.at] != '\n' {
			p.at++
		}
		return true
	}
	return false
}

func (p *parser) one(s set) *node {
	if p.fold {
		s = fold(s)
	}
	return &node{kind: oneOf, set: s}
}

func where(at place) *node { return &node{kind: assertion, at: at} }

func (p *parser) atom() (*node, error) {
	switch r := p.rune(); r {
	case '(':
		return p.group()
	case '[':
		s, err := p.class()
		if err != nil {
			return nil, err
		}
		return p.one(s), nil
	case '.':
		if p.dots {
			return &node{kind: oneOf, set: set{0, last}}, nil
		}
		return &node{kind: oneOf, set: complement(set{'\n', '\n'})}, nil
	case '^':
		return where(lineBegin), nil
	case '$':
		return where(lineEnd), nil
	case '*', '+', '?':
		return nil, fmt.Errorf("%q repeats nothing", r)
	case '\\':
		return p.escape()
	default:
		if p.fold && unfoldable(r) {
			return nil, fmt.Errorf("(?i) with %q isn't supported", r)
		}
		return p.one(set{r, r}), nil
	}
}

// unfoldable reports whether the other case of r may be several characters, as SS is
// of ß.
func unfoldable(r rune) bool {
	switch {
	case r == 0xDF, r == 0x149, r == 0x1F0, r == 0x390, r == 0x3B0, r == 0x587, r == 'İ',
		0x1E96 <= r && r <= 0x1E9E, 0x1F50 <= r && r <= 0x1FFC, 0xFB00 <= r && r <= 0xFB17:
		return true
	}
	return false
}
