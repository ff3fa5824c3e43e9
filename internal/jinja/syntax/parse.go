package syntax

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

const (
	maxNesting    = 60  // statements within statements, in the source
	maxExpression = 200 // expressions within expressions, in the source
)

// parser turns tokens into nodes by recursive descent, one function per level of
// Jinja2's grammar. After the first error it stays at the end of the source, so
// that every loop ends.
type parser struct {
	tokens []token
	next   int
	lib    *runtime.Library
	depth  int
	err    error

	macros []*MacroStatement // those around the current token
	loops  int               // how many for statements are around it
	blocks map[string]*BlockStatement
	piped  bool // the template reads something of the pipeline
}

// Parse reads a normalized source. The names of filters, tests and functions are looked
// up in lib. An error is a [position.Error].
func Parse(source string, lib *runtime.Library) (t Template, err error) {
	tokens, err := lex(source)
	if err != nil {
		return t, err
	}
	p := &parser{tokens: tokens, lib: lib}
	body, _ := p.statements("")
	return Template{Source: source, Body: body, Blocks: p.blocks, Mutates: changes(tokens), ReadsPipeline: p.piped}, p.err
}

func (p *parser) current() *token { return &p.tokens[p.next] }

func (p *parser) advance() *token {
	t := &p.tokens[p.next]
	if p.next < len(p.tokens)-1 {
		p.next++
	}
	return t
}

func (p *parser) following() *token { return &p.tokens[min(p.next+1, len(p.tokens)-1)] }

// fail keeps the first error and moves to the end.
func (p *parser) fail(offset int, err error) {
	if p.err == nil {
		p.err = position.At(offset, err)
	}
	p.next = len(p.tokens) - 1
}

func (p *parser) unexpected(expected string) {
	t := p.current()
	p.fail(t.pos, fmt.Errorf("unexpected %s, expected %s", t.describe(), expected))
}

func (p *parser) isOperator(text string) bool {
	t := p.current()
	return t.kind == operatorToken && t.text == text
}

func (p *parser) isName(text string) bool {
	t := p.current()
	return t.kind == nameToken && t.text == text
}

func (p *parser) skipOperator(text string) bool {
	if p.isOperator(text) {
		p.next++
		return true
	}
	return false
}

func (p *parser) skipName(text string) bool {
	if p.isName(text) {
		p.next++
		return true
	}
	return false
}

func (p *parser) expectOperator(text string) {
	if !p.skipOperator(text) {
		p.unexpected(`"` + text + `"`)
	}
}

func (p *parser) expectName(what string) string {
	if p.current().kind != nameToken {
		p.unexpected(what)
		return ""
	}
	return p.advance().text
}

// expectBody reads the end of a tag that opens a body; as in Python a colon may
// precede it.
func (p *parser) expectBody() {
	p.skipOperator(":")
	p.expectEnd()
}

func (p *parser) expectEnd() {
	if p.current().kind != tagEnd {
		p.unexpected("end of tag")
		return
	}
	p.advance()
}

// enter counts a level of nesting and reports whether it is still allowed.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxExpression {
		p.fail(p.current().pos, errors.New("the expression is nested too deep"))
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }
