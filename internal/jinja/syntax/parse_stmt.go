package syntax

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// statements reads up to one of the tags in ends, including its name, or to the end of
// the source if ends is empty.
func (p *parser) statements(opener string, ends ...string) (body []Statement, end string) {
	for {
		t := p.current()
		switch t.kind {
		case endOfSource:
			if len(ends) > 0 {
				p.fail(t.pos, fmt.Errorf("the %s block has no end: add %q", opener, "{% "+ends[len(ends)-1]+" %}"))
			}
			return body, ""
		case dataToken:
			p.advance()
			body = append(body, &TextOutput{t.text})
		case printBegin:
			p.advance()
			body = append(body, &Output{Pos: position.Pos(p.current().pos), Value: p.tuple(true)})
			p.expectEnd()
		case blockBegin:
			p.advance()
			offset := p.current().pos
			name := p.expectName("the name of a tag")
			if slices.Contains(ends, name) {
				return body, name
			}
			if p.err == nil {
				body = append(body, p.statement(name, offset, opener, ends)...)
			}
		default:
			p.unexpected("text or a tag")
		}
	}
}

// body reads a block's inside and its end tag, which has nothing but its name.
func (p *parser) body(opener, end string) []Statement {
	body, _ := p.statements(opener, end)
	return body
}

func (p *parser) statement(name string, offset int, opener string, ends []string) []Statement {
	if p.depth >= maxNesting {
		p.fail(offset, fmt.Errorf("blocks are nested deeper than %d levels", maxNesting))
		return nil
	}
	p.depth++
	defer p.leave()
	place := position.Pos(offset)
	switch name {
	case "if":
		return []Statement{p.ifStatement()}
	case "for":
		return []Statement{p.forStatement(place)}
	case "set":
		return []Statement{p.setStatement(place)}
	case "print":
		return p.printStatement(place)
	case "macro":
		return []Statement{p.macroStatement(place)}
	case "call":
		return []Statement{p.callStatement(place)}
	case "filter":
		f := &FilterStatement{Pos: place, Filters: []*Filtered{p.filter(nil)}}
		for p.skipOperator("|") {
			f.Filters = append(f.Filters, p.filter(nil))
		}
		p.expectBody()
		f.Body = p.body(name, "endfilter")
		p.expectEnd()
		return []Statement{f}
	case "with":
		return []Statement{p.withStatement()}
	case "block":
		return []Statement{p.blockStatement(offset)}
	case "autoescape":
		// Output is never escaped, but blocks and macros inside return escaped
		// text.
		a := &AutoescapeStatement{Value: p.expression()}
		p.expectBody()
		a.Body = p.body(name, "endautoescape")
		p.expectEnd()
		return []Statement{a}
	case "include", "import", "from", "extends":
		p.fail(offset, fmt.Errorf("a template can't load another one: write its text in the place of %q", name))
		return nil
	}
	p.fail(offset, unknownTag(name, opener, ends))
	return nil
}

func unknownTag(name, opener string, ends []string) error {
	if len(ends) > 0 {
		return &UnknownNameError{Kind: "tag", Name: name, Reason: fmt.Sprintf(" here: the %s block goes on with %s", opener, strings.Join(ends, " or "))}
	}
	if strings.HasPrefix(name, "end") || name == "else" || name == "elif" {
		return fmt.Errorf("there is no block here that %q could belong to", name)
	}
	return &UnknownNameError{Kind: "tag", Name: name, Near: value.Nearest(name, tagNames())}
}

func tagNames() map[string]bool {
	return map[string]bool{
		"if": true, "for": true, "set": true, "print": true, "macro": true, "call": true,
		"filter": true, "with": true, "block": true, "raw": true, "autoescape": true,
	}
}

func (p *parser) ifStatement() Statement {
	n := &IfStatement{}
	for {
		test := p.tuple(false)
		p.expectBody()
		body, end := p.statements("if", "elif", "else", "endif")
		n.Branches = append(n.Branches, branch{test, body})
		switch end {
		case "elif":
			continue
		case "else":
			p.expectBody()
			n.Otherwise = p.body("if", "endif")
		}
		p.expectEnd()
		return n
	}
}

func (p *parser) forStatement(place position.Pos) Statement {
	p.loops++
	defer func() { p.loops-- }()
	n := &ForStatement{Pos: place, Target: p.target(false)}
	p.keepLoop(n.Target)
	if !p.skipName("in") {
		p.unexpected(`"in"`)
	}
	n.Items = p.tuple(false)
	if p.skipName("if") {
		n.Test = p.expression()
	}
	n.Recursive = p.skipName("recursive")
	p.expectBody()
	body, end := p.statements("for", "else", "endfor")
	n.Body = body
	if end == "else" {
		p.expectBody()
		n.Otherwise = p.body("for", "endfor")
	}
	p.expectEnd()
	return n
}

func (p *parser) setStatement(place position.Pos) Statement {
	to := p.target(true)
	p.keepLoop(to)
	if p.skipOperator("=") {
		n := &Assignment{Pos: place, Target: to, Value: p.tuple(true)}
		p.expectEnd()
		return n
	}
	n := &BlockAssignment{Pos: place, Target: to}
	for p.skipOperator("|") {
		n.Filters = append(n.Filters, p.filter(nil))
	}
	p.expectBody()
	n.Body = p.body("set", "endset")
	p.expectEnd()
	return n
}

func (p *parser) printStatement(place position.Pos) []Statement {
	var outputs []Statement
	for p.err == nil && p.current().kind != tagEnd {
		outputs = append(outputs, &Output{Pos: place, Value: p.expression()})
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectEnd()
	return outputs
}

func (p *parser) macroStatement(place position.Pos) Statement {
	m := &MacroStatement{Pos: place, Name: p.newName("the name of the macro")}
	p.signature(m)
	p.expectBody()
	p.macroBody(m, "macro", "endmacro")
	p.skipName(m.Name)
	p.expectEnd()
	return m
}

func (p *parser) macroBody(m *MacroStatement, opener, end string) {
	p.macros = append(p.macros, m)
	m.Body = p.body(opener, end)
	p.macros = p.macros[:len(p.macros)-1]
}

func (p *parser) signature(m *MacroStatement) {
	p.expectOperator("(")
	for p.err == nil && (!p.isOperator(")") || len(m.Parameters) > 0) {
		t := p.current()
		name := p.newName("a parameter")
		if slices.Contains(m.Parameters, name) {
			p.fail(t.pos, fmt.Errorf("the parameter %q is there twice", name))
		}
		var value Expression
		if p.skipOperator("=") {
			value = p.expression()
		} else if name == "caller" {
			p.fail(t.pos, errors.New(`the parameter "caller" needs a default: not every call has a call block around it`))
		} else if len(m.Defaults) > 0 && m.Defaults[len(m.Defaults)-1] != nil {
			p.fail(t.pos, fmt.Errorf("the parameter %q without default stands behind one with a default", name))
		}
		m.Parameters, m.Defaults = append(m.Parameters, name), append(m.Defaults, value)
		if !p.skipOperator(",") {
			break
		}
	}
	p.expectOperator(")")
}

func (p *parser) callStatement(place position.Pos) Statement {
	m := &MacroStatement{Pos: place, Name: "caller"}
	if p.isOperator("(") {
		p.signature(m)
	}
	offset := p.current().pos
	called, ok := p.expression().(*Call)
	if !ok {
		p.fail(offset, errors.New("a call block needs a call: {% call name() %}"))
		return nil
	}
	p.expectBody()
	p.macroBody(m, "call", "endcall")
	p.expectEnd()
	return &CallStatement{Pos: place, Call: called, Macro: m}
}

func (p *parser) withStatement() Statement {
	n := &WithStatement{}
	for p.err == nil && p.current().kind != tagEnd {
		if len(n.Names) > 0 {
			p.expectOperator(",")
		}
		n.Names = append(n.Names, p.target(false))
		p.expectOperator("=")
		n.Values = append(n.Values, p.expression())
	}
	p.expectBody()
	n.Body = p.body("with", "endwith")
	p.expectEnd()
	return n
}

func (p *parser) blockStatement(position int) Statement {
	name := p.expectName("the name of the block")
	if p.blocks[name] != nil {
		p.fail(position, fmt.Errorf("the block %q is there twice", name))
	}
	if p.blocks == nil {
		p.blocks = map[string]*BlockStatement{}
	}
	n := &BlockStatement{Name: name, Scoped: p.skipName("scoped")}
	p.blocks[name] = n
	if p.isName("required") {
		p.unexpected("end of tag: only a template that extends another could fill a required block")
	}
	p.expectBody()
	n.Body = p.body("block", "endblock")
	p.skipName(name)
	p.expectEnd()
	return n
}

// keepLoop rejects assignments to the variable loop where a for statement has it.
func (p *parser) keepLoop(to Target) {
	for _, inner := range to.Tuple {
		p.keepLoop(inner)
	}
	if p.loops > 0 && to.Name == "loop" && to.Attribute == "" {
		p.fail(int(to.Pos), errors.New(`"loop" can't be assigned to within a for block: take another name`))
	}
}

// target reads what is assigned to: "a", "a, b", "(a, (b, c))" and, where
// attributes are allowed, "namespace.a".
func (p *parser) target(attributes bool) Target {
	first := p.oneTarget(attributes)
	if !p.isOperator(",") {
		return first
	}
	list := Target{Pos: first.Pos, IsTuple: true, Tuple: []Target{first}}
	for p.skipOperator(",") {
		if t := p.current(); t.kind == tagEnd || p.isOperator(")") || p.isOperator("=") || p.isName("in") {
			break
		}
		list.Tuple = append(list.Tuple, p.oneTarget(attributes))
	}
	return list
}

// newName reads a name that is being defined.
func (p *parser) newName(what string) string {
	t := p.current()
	name := p.expectName(what)
	switch name {
	case "true", "True", "false", "False", "none", "None":
		p.fail(t.pos, fmt.Errorf("%q can't be assigned to", name))
	}
	return name
}

func (p *parser) oneTarget(attributes bool) Target {
	t := p.current()
	if p.isOperator("(") {
		if !p.enter() {
			return Target{}
		}
		defer p.leave()
		p.advance()
		inner := p.target(attributes)
		p.expectOperator(")")
		return inner
	}
	name := p.newName("a name to assign to")
	to := Target{Pos: position.Pos(t.pos), Name: name}
	if attributes && p.skipOperator(".") {
		to.Attribute = p.expectName("an attribute")
	}
	return to
}
