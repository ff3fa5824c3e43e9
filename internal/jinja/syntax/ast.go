package syntax

import (
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// expression is a node that has a value, statement one that puts something out
// or sets names. Both are immutable: all state of a rendering is in the run.
type (
	Expression interface{ expressionNode() }
	Statement  interface{ statementNode() }
)

type (
	Constant struct {
		position.Pos
		Value any
	}

	Variable struct {
		position.Pos
		Name   string
		Global any // the function of that name, if there is one
	}

	ListDisplay  struct{ Items []Expression }
	TupleDisplay struct{ Items []Expression }
	DictDisplay  struct {
		position.Pos
		Keys, Values []Expression
	}

	Conditional struct{ Test, Yes, No Expression }
	Logic       struct {
		Left, Right Expression
		Or          bool
	}
	Negation struct{ Operand Expression }
	Concat   struct {
		position.Pos
		Parts []Expression
	}
	Comparison struct {
		position.Pos
		First Expression
		Rest  []compared
	}
	compared struct {
		Operator value.Operator
		Operand  Expression
	}
	Signed struct {
		position.Pos
		Minus   bool
		Operand Expression
	}
	Binary struct {
		position.Pos
		Operator    value.Operator
		Left, Right Expression
	}

	Attribute struct {
		position.Pos
		Object Expression
		Name   string
	}
	Subscript struct {
		position.Pos
		Object, Key Expression
	}
	Slicing struct {
		position.Pos
		Object, Start, Stop, Step Expression
	}

	Arguments struct {
		Positional []Expression
		Names      []string
		Named      []Expression
		Spread     Expression // *args
		SpreadMap  Expression // **kwargs
	}
	Call struct {
		position.Pos
		Callee Expression
		Arguments
	}
	Filtered struct {
		position.Pos
		Input  Expression
		Filter *runtime.Filter
		Arguments
	}
	Tested struct {
		position.Pos
		Operand Expression
		Test    *runtime.Test
		Arguments
	}
)

type (
	TextOutput struct{ Text string }
	Output     struct {
		position.Pos
		Value Expression
	}
	IfStatement struct {
		Branches  []branch
		Otherwise []Statement
	}
	branch struct {
		Test Expression
		Body []Statement
	}
	ForStatement struct {
		position.Pos
		Target    Target
		Items     Expression
		Test      Expression
		Recursive bool
		Body      []Statement
		Otherwise []Statement
	}
	Assignment struct {
		position.Pos
		Target Target
		Value  Expression
	}
	BlockAssignment struct {
		position.Pos
		Target  Target
		Filters []*Filtered
		Body    []Statement
	}
	FilterStatement struct {
		position.Pos
		Filters []*Filtered
		Body    []Statement
	}
	WithStatement struct {
		Names  []Target
		Values []Expression
		Body   []Statement
	}
	AutoescapeStatement struct {
		Value Expression
		Body  []Statement
	}
	BlockStatement struct {
		Name   string
		Scoped bool
		Body   []Statement
	}
	MacroStatement struct {
		position.Pos
		Name       string
		Parameters []string
		Defaults   []Expression // aligned with parameters; nil: none
		Body       []Statement
		Caller     bool // the body uses the name
		Varargs    bool
		Kwargs     bool
	}
	CallStatement struct {
		position.Pos
		Call  *Call
		Macro *MacroStatement
	}
)

// Target is what an assignment sets: a name, an attribute of a namespace, or
// several targets that the value is unpacked into.
type Target struct {
	position.Pos
	Name      string
	Attribute string
	Tuple     []Target
	IsTuple   bool
}

func (*Constant) expressionNode() {}

func (*Variable) expressionNode() {}

func (*ListDisplay) expressionNode() {}

func (*TupleDisplay) expressionNode() {}

func (*DictDisplay) expressionNode() {}

func (*Conditional) expressionNode() {}

func (*Logic) expressionNode() {}

func (*Negation) expressionNode() {}

func (*Concat) expressionNode() {}

func (*Comparison) expressionNode() {}

func (*Signed) expressionNode() {}

func (*Binary) expressionNode() {}

func (*Attribute) expressionNode() {}

func (*Subscript) expressionNode() {}

func (*Slicing) expressionNode() {}

func (*Call) expressionNode() {}

func (*Filtered) expressionNode() {}

func (*Tested) expressionNode() {}

func (*TextOutput) statementNode() {}

func (*Output) statementNode() {}

func (*IfStatement) statementNode() {}

func (*ForStatement) statementNode() {}

func (*Assignment) statementNode() {}

func (*BlockAssignment) statementNode() {}

func (*FilterStatement) statementNode() {}

func (*WithStatement) statementNode() {}

func (*AutoescapeStatement) statementNode() {}

func (*BlockStatement) statementNode() {}

func (*MacroStatement) statementNode() {}

func (*CallStatement) statementNode() {}

// BodyOf is the body of a branch, or of what is done otherwise.
func (n *IfStatement) BodyOf(option int) []Statement {
	if option < len(n.Branches) {
		return n.Branches[option].Body
	}
	return n.Otherwise
}

// Names returns the names that a target sets.
func (t Target) Names() []string {
	if !t.IsTuple {
		return []string{t.Name}
	}
	var names []string
	for _, part := range t.Tuple {
		names = append(names, part.Names()...)
	}
	return names
}
