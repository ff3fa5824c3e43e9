package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// expression is a node that has a value, statement one that puts something out
// or sets names. Both are immutable: all state of a rendering is in the run.
type (
	expression interface{ expressionNode() }
	statement  interface{ statementNode() }
)

type (
	constant struct {
		position.Pos
		value any
	}

	variable struct {
		position.Pos
		name   string
		global any // the function of that name, if there is one
	}

	listDisplay  struct{ items []expression }
	tupleDisplay struct{ items []expression }
	dictDisplay  struct {
		position.Pos
		keys, values []expression
	}

	conditional struct{ test, yes, no expression }
	logic       struct {
		left, right expression
		or          bool
	}
	negation struct{ operand expression }
	concat   struct {
		position.Pos
		parts []expression
	}
	comparison struct {
		position.Pos
		first expression
		rest  []compared
	}
	compared struct {
		operator value.Operator
		operand  expression
	}
	signed struct {
		position.Pos
		minus   bool
		operand expression
	}
	binary struct {
		position.Pos
		operator    value.Operator
		left, right expression
	}

	attribute struct {
		position.Pos
		object expression
		name   string
	}
	subscript struct {
		position.Pos
		object, key expression
	}
	slicing struct {
		position.Pos
		object, start, stop, step expression
	}

	arguments struct {
		positional []expression
		names      []string
		named      []expression
		spread     expression // *args
		spreadMap  expression // **kwargs
	}
	call struct {
		position.Pos
		callee expression
		arguments
	}
	filtered struct {
		position.Pos
		input  expression
		filter *runtime.Filter
		arguments
	}
	tested struct {
		position.Pos
		operand expression
		test    *runtime.Test
		arguments
	}
)

type (
	textOutput struct{ text string }
	output     struct {
		position.Pos
		value expression
	}
	ifStatement struct {
		branches  []branch
		otherwise []statement
	}
	branch struct {
		test expression
		body []statement
	}
	forStatement struct {
		position.Pos
		target    target
		items     expression
		test      expression
		recursive bool
		body      []statement
		otherwise []statement
	}
	assignment struct {
		position.Pos
		target target
		value  expression
	}
	blockAssignment struct {
		position.Pos
		target  target
		filters []*filtered
		body    []statement
	}
	filterStatement struct {
		position.Pos
		filters []*filtered
		body    []statement
	}
	withStatement struct {
		names  []target
		values []expression
		body   []statement
	}
	autoescapeStatement struct {
		value expression
		body  []statement
	}
	blockStatement struct {
		name   string
		scoped bool
		body   []statement
	}
	macroStatement struct {
		position.Pos
		name       string
		parameters []string
		defaults   []expression // aligned with parameters; nil: none
		body       []statement
		caller     bool // the body uses the name
		varargs    bool
		kwargs     bool
	}
	callStatement struct {
		position.Pos
		call  *call
		macro *macroStatement
	}
)

// target is what an assignment sets: a name, an attribute of a namespace, or
// several targets that the value is unpacked into.
type target struct {
	position.Pos
	name      string
	attribute string
	tuple     []target
	isTuple   bool
}

func (*constant) expressionNode() {}

func (*variable) expressionNode() {}

func (*listDisplay) expressionNode() {}

func (*tupleDisplay) expressionNode() {}

func (*dictDisplay) expressionNode() {}

func (*conditional) expressionNode() {}

func (*logic) expressionNode() {}

func (*negation) expressionNode() {}

func (*concat) expressionNode() {}

func (*comparison) expressionNode() {}

func (*signed) expressionNode() {}

func (*binary) expressionNode() {}

func (*attribute) expressionNode() {}

func (*subscript) expressionNode() {}

func (*slicing) expressionNode() {}

func (*call) expressionNode() {}

func (*filtered) expressionNode() {}

func (*tested) expressionNode() {}

func (*textOutput) statementNode() {}

func (*output) statementNode() {}

func (*ifStatement) statementNode() {}

func (*forStatement) statementNode() {}

func (*assignment) statementNode() {}

func (*blockAssignment) statementNode() {}

func (*filterStatement) statementNode() {}

func (*withStatement) statementNode() {}

func (*autoescapeStatement) statementNode() {}

func (*blockStatement) statementNode() {}

func (*macroStatement) statementNode() {}

func (*callStatement) statementNode() {}
