package jinja

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// tuple reads "a, b" or a single expression. Without conditions an "if" after
// it belongs to the tag: "for x in xs if x".
func (p *parser) tuple(conditions bool) expression {
	one := p.expression
	if !conditions {
		one = p.or
	}
	first := one()
	if !p.isOperator(",") {
		return first
	}
	items := []expression{first}
	for p.skipOperator(",") {
		if p.current().kind == tagEnd || p.isOperator(")") {
			break
		}
		items = append(items, one())
	}
	return &tupleDisplay{items}
}

func (p *parser) expression() expression {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	value := p.or()
	for p.skipName("if") {
		c := &conditional{test: p.or(), yes: value}
		if p.skipName("else") {
			c.no = p.expression()
		}
		value = c
	}
	return value
}

func (p *parser) or() expression {
	left := p.and()
	for p.skipName("or") {
		left = &logic{left: left, right: p.and(), or: true}
	}
	return left
}

func (p *parser) and() expression {
	left := p.not()
	for p.skipName("and") {
		left = &logic{left: left, right: p.not()}
	}
	return left
}

func (p *parser) not() expression {
	if !p.isName("not") {
		return p.comparison()
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	p.advance()
	return &negation{p.not()}
}

var comparisons = map[string]value.Operator{
	"==": value.OpEqual, "!=": value.OpNotEqual, "<": value.OpLess, "<=": value.OpLessEqual, ">": value.OpGreater, ">=": value.OpGreaterEqual,
}

func (p *parser) comparison() expression {
	first := p.sum()
	var c *comparison
	for {
		t := p.current()
		var op value.Operator
		switch {
		case t.kind == operatorToken && comparisons[t.text] != 0:
			op = comparisons[t.text]
		case t.kind == nameToken && t.text == "in":
			op = value.OpIn
		case t.kind == nameToken && t.text == "not" && p.following().kind == nameToken && p.following().text == "in":
			p.advance()
			op = value.OpNotIn
		case c != nil:
			return c
		default:
			return first
		}
		p.advance()
		if c == nil {
			c = &comparison{Pos: position.Pos(t.pos), first: first}
		}
		c.rest = append(c.rest, compared{op, p.sum()})
	}
}

func (p *parser) sum() expression {
	left := p.concatenation()
	for p.isOperator("+") || p.isOperator("-") {
		t := p.advance()
		op := value.OpAdd
		if t.text == "-" {
			op = value.OpSubtract
		}
		left = &binary{Pos: position.Pos(t.pos), operator: op, left: left, right: p.concatenation()}
	}
	return left
}

func (p *parser) concatenation() expression {
	first := p.product()
	if !p.isOperator("~") {
		return first
	}
	c := &concat{Pos: position.Pos(p.current().pos), parts: []expression{first}}
	for p.skipOperator("~") {
		c.parts = append(c.parts, p.product())
	}
	return c
}

func (p *parser) product() expression {
	left := p.power()
	for {
		t := p.current()
		var op value.Operator
		switch {
		case t.kind != operatorToken:
			return left
		case t.text == "*":
			op = value.OpMultiply
		case t.text == "/":
			op = value.OpDivide
		case t.text == "//":
			op = value.OpFloorDivide
		case t.text == "%":
			op = value.OpModulo
		default:
			return left
		}
		p.advance()
		left = &binary{Pos: position.Pos(t.pos), operator: op, left: left, right: p.power()}
	}
}

// power binds to the left, other than in Python: 2 ** 3 ** 2 is 64.
func (p *parser) power() expression {
	left := p.unary(true)
	for p.isOperator("**") {
		t := p.advance()
		left = &binary{Pos: position.Pos(t.pos), operator: value.OpPower, left: left, right: p.unary(true)}
	}
	return left
}

func (p *parser) unary(filters bool) expression {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var value expression
	if p.isOperator("-") || p.isOperator("+") {
		t := p.advance()
		value = &signed{Pos: position.Pos(t.pos), minus: t.text == "-", operand: p.unary(false)}
	} else {
		value = p.primary()
	}
	value = p.postfix(value)
	if filters {
		value = p.filters(value)
	}
	return value
}

func (p *parser) primary() expression {
	t := p.current()
	switch t.kind {
	case nameToken:
		p.advance()
		return p.variable(t)
	case stringToken:
		text := p.advance().text
		for p.current().kind == stringToken {
			text += p.advance().text
		}
		return &constant{position.Pos(t.pos), text}
	case integerToken, floatToken:
		p.advance()
		return &constant{position.Pos(t.pos), t.value}
	case operatorToken:
		switch t.text {
		case "(":
			p.advance()
			if p.skipOperator(")") {
				return &tupleDisplay{}
			}
			value := p.tuple(true)
			p.expectOperator(")")
			return value
		case "[":
			p.advance()
			return &listDisplay{p.items("]")}
		case "{":
			p.advance()
			return p.dict(t)
		}
	}
	p.unexpected("an expression")
	return nil
}

func (p *parser) variable(t *token) expression {
	switch t.text {
	case "true", "True":
		return &constant{position.Pos(t.pos), true}
	case "false", "False":
		return &constant{position.Pos(t.pos), false}
	case "none", "None":
		return &constant{position.Pos(t.pos), nil}
	}
	for _, m := range p.macros {
		if slices.Contains(m.parameters, t.text) {
			continue
		}
		switch t.text {
		case "caller":
			m.caller = true
		case "varargs":
			m.varargs = true
		case "kwargs":
			m.kwargs = true
		}
	}
	switch t.text {
	case "pipe_results", "params", "parent_params", "get_pipe_result", "get_parent_param":
		p.piped = true
	}
	return &variable{Pos: position.Pos(t.pos), name: t.text, global: p.lib.Globals[t.text]}
}

func (p *parser) items(end string) []expression {
	var items []expression
	for p.err == nil && !p.isOperator(end) {
		items = append(items, p.expression())
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectOperator(end)
	return items
}

func (p *parser) dict(t *token) expression {
	d := &dictDisplay{Pos: position.Pos(t.pos)}
	for p.err == nil && !p.isOperator("}") {
		d.keys = append(d.keys, p.expression())
		p.expectOperator(":")
		d.values = append(d.values, p.expression())
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectOperator("}")
	return d
}

func (p *parser) postfix(value expression) expression {
	for p.err == nil {
		t := p.current()
		switch {
		case p.skipOperator("."):
			key := p.current()
			switch key.kind {
			case nameToken:
				value = &attribute{Pos: position.Pos(key.pos), object: value, name: key.text}
			case integerToken:
				value = &subscript{Pos: position.Pos(key.pos), object: value, key: &constant{position.Pos(key.pos), key.value}}
			default:
				p.unexpected("a name or a number")
				return nil
			}
			p.advance()
		case p.skipOperator("["):
			value = p.subscript(value, t.pos)
		case p.isOperator("("):
			value = p.call(value)
		default:
			return value
		}
	}
	return value
}

func (p *parser) subscript(object expression, offset int) expression {
	var key expression
	if !p.isOperator(":") {
		key = p.expression()
	}
	if p.isOperator(":") {
		return p.slicing(object, key, offset)
	}
	if p.isOperator(",") {
		items := []expression{key}
		for p.skipOperator(",") {
			items = append(items, p.expression())
		}
		key = &tupleDisplay{items}
	}
	p.expectOperator("]")
	return &subscript{Pos: position.Pos(offset), object: object, key: key}
}

func (p *parser) slicing(object, start expression, offset int) expression {
	p.expectOperator(":")
	s := &slicing{Pos: position.Pos(offset), object: object, start: start}
	if !p.isOperator(":") && !p.isOperator("]") {
		s.stop = p.expression()
	}
	if p.skipOperator(":") && !p.isOperator("]") {
		s.step = p.expression()
	}
	p.expectOperator("]")
	return s
}

func (p *parser) call(callee expression) expression {
	offset := p.current().pos
	return &call{Pos: position.Pos(offset), callee: callee, arguments: p.arguments()}
}

func (p *parser) arguments() arguments {
	var a arguments
	p.expectOperator("(")
	for p.err == nil && !p.isOperator(")") {
		t := p.current()
		switch {
		case p.skipOperator("*"):
			if a.spread != nil || a.spreadMap != nil {
				p.fail(t.pos, errors.New("the call has more than one *list"))
			}
			a.spread = p.expression()
		case p.skipOperator("**"):
			if a.spreadMap != nil {
				p.fail(t.pos, errors.New("the call has more than one **mapping"))
			}
			a.spreadMap = p.expression()
		case t.kind == nameToken && p.following().kind == operatorToken && p.following().text == "=":
			p.advance()
			p.advance()
			if slices.Contains(a.names, t.text) {
				p.fail(t.pos, fmt.Errorf("the argument %q stands there twice", t.text))
			}
			if a.spreadMap != nil {
				p.fail(t.pos, errors.New("an argument stands behind **mapping: put it first"))
			}
			a.names, a.named = append(a.names, t.text), append(a.named, p.expression())
		default:
			if len(a.names) > 0 || a.spread != nil || a.spreadMap != nil {
				p.fail(t.pos, errors.New("a plain argument stands behind a named one: put it first"))
			}
			a.positional = append(a.positional, p.expression())
		}
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectOperator(")")
	return a
}

// filters reads what may follow a value: filters, tests and, after a filter, calls.
func (p *parser) filters(value expression) expression {
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

func (p *parser) filter(input expression) *filtered {
	t := p.current()
	if p.isOperator("|") {
		p.unexpected(`the name of a filter: write "or" between conditions`)
	}
	name := p.dottedName("the name of a filter")
	f := &filtered{Pos: position.Pos(t.pos), input: input, filter: p.lib.Filters[name]}
	if f.filter == nil {
		p.fail(t.pos, fmt.Errorf("there is no filter %q%s", name, value.DidYouMean(name, p.lib.Filters)))
		return f
	}
	if p.isOperator("(") {
		f.arguments = p.arguments()
	}
	return f
}

func (p *parser) test(operand expression) expression {
	negated := p.skipName("not")
	t := p.current()
	name := p.dottedName("the name of a test")
	found := p.lib.Tests[name]
	if found == nil {
		p.fail(t.pos, fmt.Errorf("there is no test %q%s", name, value.DidYouMean(name, p.lib.Tests)))
		return operand
	}
	n := &tested{Pos: position.Pos(t.pos), operand: operand, test: found}
	switch {
	case p.isOperator("("):
		n.arguments = p.arguments()
	case p.startsArgument():
		n.positional = []expression{p.postfix(p.primary())}
	}
	if negated {
		return &negation{n}
	}
	return n
}

// startsArgument reports whether an argument without brackets follows a test, as
// in "n is divisibleby 3".
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
		case "if", "is", "in", "not": // Jinja2 takes them for the argument, and fails
			p.fail(t.pos, fmt.Errorf("a test stands before %q: put it in brackets, (a is b)", t.text))
			return false
		}
		return true
	}
	return false
}
