package jinja

// expression is a node that has a value, statement one that puts something out
// or sets names. Both are immutable: all state of a rendering is in the run.
type (
	expression interface{ expressionNode() }
	statement  interface{ statementNode() }
)

// pos is a byte offset in the source, embedded where an error can arise.
type pos int

func (p pos) fault(err error) error { return at(int(p), err) }

type (
	constant struct {
		pos
		value any
	}

	variable struct {
		pos
		name   string
		global any // the function of that name, if there is one
	}

	listDisplay  struct{ items []expression }
	tupleDisplay struct{ items []expression }
	dictDisplay  struct {
		pos
		keys, values []expression
	}

	conditional struct{ test, yes, no expression }
	logic       struct {
		left, right expression
		or          bool
	}
	negation struct{ operand expression }
	concat   struct {
		pos
		parts []expression
	}
	comparison struct {
		pos
		first expression
		rest  []compared
	}
	compared struct {
		operator operator
		operand  expression
	}
	signed struct {
		pos
		minus   bool
		operand expression
	}
	binary struct {
		pos
		operator    operator
		left, right expression
	}

	attribute struct {
		pos
		object expression
		name   string
	}
	subscript struct {
		pos
		object, key expression
	}
	slicing struct {
		pos
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
		pos
		callee expression
		arguments
	}
	filtered struct {
		pos
		input  expression
		filter *filter
		arguments
	}
	tested struct {
		pos
		operand expression
		test    *test
		arguments
	}
)

type (
	textOutput struct{ text string }
	output     struct {
		pos
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
		pos
		target    target
		items     expression
		test      expression
		recursive bool
		body      []statement
		otherwise []statement
	}
	assignment struct {
		pos
		target target
		value  expression
	}
	blockAssignment struct {
		pos
		target  target
		filters []*filtered
		body    []statement
	}
	filterStatement struct {
		pos
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
		pos
		name       string
		parameters []string
		defaults   []expression // aligned with parameters; nil: none
		body       []statement
		caller     bool // the body uses the name
		varargs    bool
		kwargs     bool
	}
	callStatement struct {
		pos
		call  *call
		macro *macroStatement
	}
)

// target is what an assignment sets: a name, an attribute of a namespace, or
// several targets that the value is unpacked into.
type target struct {
	pos
	name      string
	attribute string
	tuple     []target
	isTuple   bool
}

type operator byte

const (
	opAdd operator = iota
	opSubtract
	opMultiply
	opDivide
	opFloorDivide
	opModulo
	opPower
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
	opNotIn
)

func (o operator) String() string {
	return [...]string{"+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in"}[o]
}

func (*constant) expressionNode()     {}
func (*variable) expressionNode()     {}
func (*listDisplay) expressionNode()  {}
func (*tupleDisplay) expressionNode() {}
func (*dictDisplay) expressionNode()  {}
func (*conditional) expressionNode()  {}
func (*logic) expressionNode()        {}
func (*negation) expressionNode()     {}
func (*concat) expressionNode()       {}
func (*comparison) expressionNode()   {}
func (*signed) expressionNode()       {}
func (*binary) expressionNode()       {}
func (*attribute) expressionNode()    {}
func (*subscript) expressionNode()    {}
func (*slicing) expressionNode()      {}
func (*call) expressionNode()         {}
func (*filtered) expressionNode()     {}
func (*tested) expressionNode()       {}

func (*textOutput) statementNode()          {}
func (*output) statementNode()              {}
func (*ifStatement) statementNode()         {}
func (*forStatement) statementNode()        {}
func (*assignment) statementNode()          {}
func (*blockAssignment) statementNode()     {}
func (*filterStatement) statementNode()     {}
func (*withStatement) statementNode()       {}
func (*autoescapeStatement) statementNode() {}
func (*blockStatement) statementNode()      {}
func (*macroStatement) statementNode()      {}
func (*callStatement) statementNode()       {}
