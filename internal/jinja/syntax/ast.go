package syntax

import (
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Nodes are immutable: all state of a rendering is in package eval.
type (
	// Expression is a node that has a value.
	Expression interface{ expressionNode() }
	// Statement is a node that outputs something or sets names.
	Statement interface{ statementNode() }
)

type (
	// Constant is a value that is written down.
	Constant struct {
		position.Pos
		Value any
	}

	// Variable is a name.
	Variable struct {
		position.Pos
		Name   string
		Global any // the function of that name, if there is one
	}

	// ListDisplay is [a, b].
	ListDisplay struct{ Items []Expression }
	// TupleDisplay is (a, b).
	TupleDisplay struct{ Items []Expression }
	// DictDisplay is {a: b}.
	DictDisplay struct {
		position.Pos
		Keys, Values []Expression
	}

	// Conditional is "yes if test else no"; No may be nil.
	Conditional struct{ Test, Yes, No Expression }
	// Logic is "left and right", or with Or "left or right".
	Logic struct {
		Left, Right Expression
		Or          bool
	}
	// Negation is "not operand".
	Negation struct{ Operand Expression }
	// Concat is a ~ b ~ c.
	Concat struct {
		position.Pos
		Parts []Expression
	}
	// Comparison is a chain such as a < b <= c.
	Comparison struct {
		position.Pos
		First Expression
		Rest  []compared
	}
	compared struct {
		Operator value.Operator
		Operand  Expression
	}
	// Signed is +operand or -operand.
	Signed struct {
		position.Pos
		Minus   bool
		Operand Expression
	}
	// Binary is an operation on two values.
	Binary struct {
		position.Pos
		Operator    value.Operator
		Left, Right Expression
	}

	// Attribute is object.name.
	Attribute struct {
		position.Pos
		Object Expression
		Name   string
	}
	// Subscript is object[key].
	Subscript struct {
		position.Pos
		Object, Key Expression
	}
	// Slicing is object[start:stop:step]; what is left out is nil.
	Slicing struct {
		position.Pos
		Object, Start, Stop, Step Expression
	}

	// Arguments are those of a call, a filter or a test.
	Arguments struct {
		Positional []Expression
		Names      []string
		Named      []Expression
		Spread     Expression // *args
		SpreadMap  Expression // **kwargs
	}
	// Call is callee(arguments).
	Call struct {
		position.Pos
		Callee Expression
		Arguments
	}
	// Filtered is "input | filter(arguments)".
	Filtered struct {
		position.Pos
		Input  Expression
		Filter *runtime.Filter
		Arguments
	}
	// Tested is "operand is test(arguments)".
	Tested struct {
		position.Pos
		Operand Expression
		Test    *runtime.Test
		Arguments
	}
)

type (
	// TextOutput is the text between tags.
	TextOutput struct{ Text string }
	// Output is {{ value }}.
	Output struct {
		position.Pos
		Value Expression
	}
	// IfStatement is if, elif and else.
	IfStatement struct {
		Branches  []branch
		Otherwise []Statement
	}
	branch struct {
		Test Expression
		Body []Statement
	}
	// ForStatement is for … in, with its own condition and else.
	ForStatement struct {
		position.Pos
		Target    Target
		Items     Expression
		Test      Expression
		Recursive bool
		Body      []Statement
		Otherwise []Statement
	}
	// Assignment is {% set target = value %}.
	Assignment struct {
		position.Pos
		Target Target
		Value  Expression
	}
	// BlockAssignment is {% set target %}body{% endset %}.
	BlockAssignment struct {
		position.Pos
		Target  Target
		Filters []*Filtered
		Body    []Statement
	}
	// FilterStatement outputs its body, filtered.
	FilterStatement struct {
		position.Pos
		Filters []*Filtered
		Body    []Statement
	}
	// WithStatement sets names for its body.
	WithStatement struct {
		Names  []Target
		Values []Expression
		Body   []Statement
	}
	// AutoescapeStatement turns escaping in its body on or off.
	AutoescapeStatement struct {
		Value Expression
		Body  []Statement
	}
	// BlockStatement is a block, which self.name() outputs once more.
	BlockStatement struct {
		Name   string
		Scoped bool
		Body   []Statement
	}
	// MacroStatement defines a macro, or the caller of a call block.
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
	// CallStatement is a call block: it calls a macro with its body as the caller.
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

// BodyOf is the body of the branch with that number, or that of else.
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
