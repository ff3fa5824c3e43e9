package syntax

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func (p *parser) call(callee Expression) Expression {
	offset := p.current().pos
	return &Call{Pos: position.Pos(offset), Callee: callee, Arguments: p.arguments()}
}

func (p *parser) arguments() Arguments {
	var a Arguments
	p.expectOperator("(")
	p.list(")", func() {
		t := p.current()
		switch {
		case p.skipOperator("*"):
			if a.Spread != nil || a.SpreadMap != nil {
				p.fail(t.pos, errors.New("the call has more than one *list"))
			}
			a.Spread = p.expression()
		case p.skipOperator("**"):
			if a.SpreadMap != nil {
				p.fail(t.pos, errors.New("the call has more than one **mapping"))
			}
			a.SpreadMap = p.expression()
		case t.kind == nameToken && p.following().kind == operatorToken && p.following().text == "=":
			p.advance()
			p.advance()
			if slices.Contains(a.Names, t.text) {
				p.fail(t.pos, fmt.Errorf("the argument %q is given twice", t.text))
			}
			if a.SpreadMap != nil {
				p.fail(t.pos, errors.New("an argument stands behind **mapping: put it first"))
			}
			a.Names, a.Named = append(a.Names, t.text), append(a.Named, p.expression())
		default:
			if len(a.Names) > 0 || a.Spread != nil || a.SpreadMap != nil {
				p.fail(t.pos, errors.New("a plain argument stands behind a named one: put it first"))
			}
			a.Positional = append(a.Positional, p.expression())
		}
	})
	return a
}

// filters reads what may follow a value: filters, tests and, after a filter, calls.
func (p *parser) filters(value Expression) Expression {
	for p.err == nil {
		switch {
		case p.skipOperator("|"):
			value = p.filter(value)
		case p.skipName("is"):
			value = p.test(value)
		case p.isOperator("("):
			value = p.call(value)
		default:
			return value
		}
	}
	return value
}

func (p *parser) dottedName(what string) string {
	name := p.expectName(what)
	for p.skipOperator(".") {
		name += "." + p.expectName(what)
	}
	return name
}

func (p *parser) filter(input Expression) *Filtered {
	t := p.current()
	if p.isOperator("|") {
		p.unexpected(`the name of a filter: write "or" between conditions`)
	}
	name := p.dottedName("the name of a filter")
	f := &Filtered{Pos: position.Pos(t.pos), Input: input, Filter: p.lib.Filters[name]}
	if f.Filter == nil {
		p.fail(t.pos, &UnknownNameError{Kind: "filter", Name: name, Near: value.Nearest(name, p.lib.Filters)})
		return f
	}
	if p.isOperator("(") {
		f.Arguments = p.arguments()
	}
	return f
}

func (p *parser) test(operand Expression) Expression {
	negated := p.skipName("not")
	t := p.current()
	name := p.dottedName("the name of a test")
	found := p.lib.Tests[name]
	if found == nil {
		p.fail(t.pos, &UnknownNameError{Kind: "test", Name: name, Near: value.Nearest(name, p.lib.Tests)})
		return operand
	}
	n := &Tested{Pos: position.Pos(t.pos), Operand: operand, Test: found}
	switch {
	case p.isOperator("("):
		n.Arguments = p.arguments()
	case p.startsArgument():
		n.Positional = []Expression{p.postfix(p.primary())}
	}
	if negated {
		return &Negation{n}
	}
	return n
}

// startsArgument reports whether an argument without parentheses follows a test, as in
// "n is divisibleby 3".
func (p *parser) startsArgument() bool {
	t := p.current()
	switch t.kind {
	case stringToken, integerToken, floatToken:
		return true
	case operatorToken:
		return t.text == "[" || t.text == "{"
	case nameToken:
		switch t.text {
		case "else", "or", "and", "recursive":
			return false
		case "if", "is", "in", "not": // Jinja2 takes them as the argument and fails
			p.fail(t.pos, fmt.Errorf("a test stands before %q: put it in brackets, (a is b)", t.text))
			return false
		}
		return true
	}
	return false
}
