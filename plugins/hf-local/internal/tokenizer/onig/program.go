package onig

import (
	"errors"
	"fmt"
)

// Pattern is a compiled pattern. It is safe for concurrent use.
type Pattern struct {
	program
	// first has the bytes that a match can begin with; nil if it may be empty.
	first *[256]bool
}

type program struct {
	code     []instruction
	branches int // how many instructions choose between ways
}

type op uint8

const (
	matchOne  op = iota // one character of class
	matchStar           // as many of class as possible, then fewer
	matchAll            // as many of class as possible, never fewer
	fork                // to, and if that fails other
	jump                // to
	check               // at
	around              // subs: a look-around
	commit              // subs[0], whose choices are forgotten
	done
)

type instruction struct {
	op        op
	class     *class
	to, other int
	branch    int
	at        place
	not       bool
	behind    bool
	subs      []*program
	widths    []int // of a look-behind, in characters
}

// maxCode bounds what counted repetitions grow to.
const maxCode = 20000

// Compile reads a pattern. Its error says what isn't supported.
func Compile(pattern string) (*Pattern, error) {
	n, err := parse(pattern)
	if err == nil {
		var p *Pattern
		if p, err = build(n); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
}

func build(n *node) (*Pattern, error) {
	p := &Pattern{}
	if err := p.whole(n); err != nil {
		return nil, err
	}
	if s, empty := begins(n); !empty {
		p.first = new([256]bool)
		for b := range rune(0x80) {
			p.first[b] = s.has(b)
		}
		if len(s) > 0 && s[len(s)-1] >= 0x80 {
			for b := 0x80; b < 0x100; b++ {
				p.first[b] = true
			}
		}
	}
	return p, nil
}

func (p *program) whole(n *node) error {
	if err := p.add(n); err != nil {
		return err
	}
	p.emit(instruction{op: done})
	return nil
}

func (p *program) emit(i instruction) int {
	if i.op == fork || i.op == matchStar || i.op == matchAll {
		i.branch = p.branches
		p.branches++
	}
	p.code = append(p.code, i)
	return len(p.code) - 1
}

func (p *program) add(n *node) error {
	if len(p.code) > maxCode {
		return errors.New("it is too large")
	}
	switch n.kind {
	case oneOf:
		p.emit(instruction{op: matchOne, class: n.class()})
	case assertion:
		p.emit(instruction{op: check, at: n.at})
	case sequence:
		for _, part := range n.parts {
			if err := p.add(part); err != nil {
				return err
			}
		}
	case alternatives:
		var ends []int
		for i, part := range n.parts {
			choice := -1
			if i < len(n.parts)-1 {
				choice = p.emit(instruction{op: fork, to: len(p.code) + 1})
			}
			if err := p.add(part); err != nil {
				return err
			}
			if choice >= 0 {
				ends = append(ends, p.emit(instruction{op: jump}))
				p.code[choice].other = len(p.code)
			}
		}
		for _, end := range ends {
			p.code[end].to = len(p.code)
		}
	case repetition:
		return p.repeat(n)
	case atomic:
		return p.atomic(n.parts[0])
	case look:
		return p.look(n)
	}
	return nil
}

// class returns the class of one character, made once for all that repeat it.
func (n *node) class() *class {
	if n.made == nil {
		n.made = newClass(n.set)
	}
	return n.made
}

func (p *program) repeat(n *node) error {
	body := n.parts[0]
	if n.max != 0 && empty(body) {
		return errors.New("it repeats what may be empty")
	}
	for range n.min {
		if err := p.add(body); err != nil {
			return err
		}
	}
	if n.max < 0 {
		if body.kind == oneOf && !n.lazy {
			p.emit(instruction{op: matchStar, class: body.class()})
			return nil
		}
		head := p.fork(n.lazy)
		if err := p.add(body); err != nil {
			return err
		}
		p.emit(instruction{op: jump, to: head})
		p.leave(head, n.lazy)
		return nil
	}
	var heads []int
	for range n.max - n.min {
		heads = append(heads, p.fork(n.lazy))
		if err := p.add(body); err != nil {
			return err
		}
	}
	for _, head := range heads {
		p.leave(head, n.lazy)
	}
	return nil
}

// fork chooses between what follows and what leave says.
func (p *program) fork(lazy bool) int {
	if lazy {
		return p.emit(instruction{op: fork, other: len(p.code) + 1})
	}
	return p.emit(instruction{op: fork, to: len(p.code) + 1})
}

func (p *program) leave(head int, lazy bool) {
	if lazy {
		p.code[head].to = len(p.code)
	} else {
		p.code[head].other = len(p.code)
	}
}

func (p *program) atomic(body *node) error {
	if body.kind == repetition && body.parts[0].kind == oneOf && body.max < 0 && !body.lazy {
		for range body.min {
			p.emit(instruction{op: matchOne, class: body.parts[0].class()})
		}
		p.emit(instruction{op: matchAll, class: body.parts[0].class()})
		return nil
	}
	if nested(body, false) {
		return errors.New("a possessive group that repeats what repeats itself isn't supported")
	}
	sub := &program{}
	if err := sub.whole(body); err != nil {
		return err
	}
	p.emit(instruction{op: commit, subs: []*program{sub}})
	return nil
}

func (p *program) look(n *node) error {
	i := instruction{op: around, not: n.not, behind: n.behind}
	bodies := []*node{n.parts[0]}
	if n.behind && bodies[0].kind == alternatives {
		bodies = bodies[0].parts
	}
	for _, body := range bodies {
		lo, hi := width(body)
		if hi < 0 {
			return errors.New("a look-around of any length isn't supported")
		}
		if n.behind && lo != hi {
			return errors.New("a look-behind of different lengths isn't supported")
		}
		sub := &program{}
		if err := sub.whole(body); err != nil {
			return err
		}
		i.subs, i.widths = append(i.subs, sub), append(i.widths, lo)
	}
	p.emit(i)
	return nil
}
