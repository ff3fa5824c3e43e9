package syntax

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// tuple reads "a, b" or a single expression. Without conditions an "if" after
// it belongs to the tag: "for x in xs if x".
func (p *parser) tuple(conditions bool) Expression {
	one := p.expression
	if !conditions {
		one = p.or
	}
	first := one()
	if !p.isOperator(",") {
		return first
	}
	items := []Expression{first}
	for p.skipOperator(",") {
		if p.current().kind == tagEnd || p.isOperator(")") {
			break
		}
		items = append(items, one())
	}
	return &TupleDisplay{items}
}

func (p *parser) expression() Expression {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	value := p.or()
	for p.skipName("if") {
		c := &Conditional{Test: p.or(), Yes: value}
		if p.skipName("else") {
			c.No = p.expression()
		}
		value = c
	}
	return value
}

func (p *parser) or() Expression {
	left := p.and()
	for p.skipName("or") {
		left = &Logic{Left: left, Right: p.and(), Or: true}
	}
	return left
}

func (p *parser) and() Expression {
	left := p.not()
	for p.skipName("and") {
		left = &Logic{Left: left, Right: p.not()}
	}
	return left
}

func (p *parser) not() Expression {
	if !p.isName("not") {
		return p.comparison()
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	p.advance()
	return &Negation{p.not()}
}

var comparisons = map[string]value.Operator{
	"==": value.OpEqual, "!=": value.OpNotEqual, "<": value.OpLess, "<=": value.OpLessEqual, ">": value.OpGreater, ">=": value.OpGreaterEqual,
}

func (p *parser) comparison() Expression {
	first := p.sum()
	var c *Comparison
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
			c = &Comparison{Pos: position.Pos(t.pos), First: first}
		}
		c.Rest = append(c.Rest, compared{op, p.sum()})
	}
}

func (p *parser) sum() Expression {
	left := p.concatenation()
	for p.isOperator("+") || p.isOperator("-") {
		t := p.advance()
		op := value.OpAdd
		if t.text == "-" {
			op = value.OpSubtract
		}
		left = &Binary{Pos: position.Pos(t.pos), Operator: op, Left: left, Right: p.concatenation()}
	}
	return left
}

func (p *parser) concatenation() Expression {
	first := p.product()
	if !p.isOperator("~") {
		return first
	}
	c := &Concat{Pos: position.Pos(p.current().pos), Parts: []Expression{first}}
	for p.skipOperator("~") {
		c.Parts = append(c.Parts, p.product())
	}
	return c
}

func (p *parser) product() Expression {
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
		left = &Binary{Pos: position.Pos(t.pos), Operator: op, Left: left, Right: p.power()}
	}
}

// power binds to the left, unlike in Python: 2 ** 3 ** 2 is 64.
func (p *parser) power() Expression {
	left := p.unary(true)
	for p.isOperator("**") {
		t := p.advance()
		left = &Binary{Pos: position.Pos(t.pos), Operator: value.OpPower, Left: left, Right: p.unary(true)}
	}
	return left
}

func (p *parser) unary(filters bool) Expression {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var value Expression
	if p.isOperator("-") || p.isOperator("+") {
		t := p.advance()
		value = &Signed{Pos: position.Pos(t.pos), Minus: t.text == "-", Operand: p.unary(false)}
	} else {
		value = p.primary()
	}
	value = p.postfix(value)
	if filters {
		value = p.filters(value)
	}
	return value
}

func (p *parser) primary() Expression {
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
		return &Constant{position.Pos(t.pos), text}
	case integerToken, floatToken:
		p.advance()
		return &Constant{position.Pos(t.pos), t.value}
	case operatorToken:
		switch t.text {
		case "(":
			p.advance()
			if p.skipOperator(")") {
				return &TupleDisplay{}
			}
			value := p.tuple(true)
			p.expectOperator(")")
			return value
		case "[":
			p.advance()
			return &ListDisplay{p.items("]")}
		case "{":
			p.advance()
			return p.dict(t)
		}
	}
	p.unexpected("an expression")
	return nil
}

func (p *parser) variable(t *token) Expression {
	switch t.text {
	case "true", "True":
		return &Constant{position.Pos(t.pos), true}
	case "false", "False":
		return &Constant{position.Pos(t.pos), false}
	case "none", "None":
		return &Constant{position.Pos(t.pos), nil}
	}
	for _, m := range p.macros {
		if slices.Contains(m.Parameters, t.text) {
			continue
		}
		switch t.text {
		case "caller":
			m.Caller = true
		case "varargs":
			m.Varargs = true
		case "kwargs":
			m.Kwargs = true
		}
	}
	switch t.text {
	case "pipe_results", "params", "parent_params", "get_pipe_result", "get_parent_param":
		p.piped = true
	}
	return &Variable{Pos: position.Pos(t.pos), Name: t.text, Global: p.lib.Globals[t.text]}
}

// list reads what stands between commas, up to and including the end.
func (p *parser) list(end string, item func()) {
	for p.err == nil && !p.isOperator(end) {
		item()
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectOperator(end)
}

func (p *parser) items(end string) []Expression {
	var items []Expression
	p.list(end, func() { items = append(items, p.expression()) })
	return items
}

func (p *parser) dict(t *token) Expression {
	d := &DictDisplay{Pos: position.Pos(t.pos)}
	p.list("}", func() {
		d.Keys = append(d.Keys, p.expression())
		p.expectOperator(":")
		d.Values = append(d.Values, p.expression())
	})
	return d
}

func (p *parser) postfix(value Expression) Expression {
	for p.err == nil {
		t := p.current()
		switch {
		case p.skipOperator("."):
			key := p.current()
			switch key.kind {
			case nameToken:
				value = &Attribute{Pos: position.Pos(key.pos), Object: value, Name: key.text}
			case integerToken:
				value = &Subscript{Pos: position.Pos(key.pos), Object: value, Key: &Constant{position.Pos(key.pos), key.value}}
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

func (p *parser) subscript(object Expression, offset int) Expression {
	var key Expression
	if !p.isOperator(":") {
		key = p.expression()
	}
	if p.isOperator(":") {
		return p.slicing(object, key, offset)
	}
	if p.isOperator(",") {
		items := []Expression{key}
		for p.skipOperator(",") {
			items = append(items, p.expression())
		}
		key = &TupleDisplay{items}
	}
	p.expectOperator("]")
	return &Subscript{Pos: position.Pos(offset), Object: object, Key: key}
}

func (p *parser) slicing(object, start Expression, offset int) Expression {
	p.expectOperator(":")
	s := &Slicing{Pos: position.Pos(offset), Object: object, Start: start}
	if !p.isOperator(":") && !p.isOperator("]") {
		s.Stop = p.expression()
	}
	if p.skipOperator(":") && !p.isOperator("]") {
		s.Step = p.expression()
	}
	p.expectOperator("]")
	return s
}
