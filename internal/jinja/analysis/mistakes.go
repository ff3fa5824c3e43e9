package analysis

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Misuse is a call of a filter, test, function or method with arguments that it
// never takes, whatever it is called on.
type Misuse struct {
	Line, Column int
	Message      string
	// Certain is true if the place is reached whenever the template is rendered.
	Certain bool
}

// Misuses lists them for a template that a Renderer parsed.
func Misuses(parsed api.Template) []Misuse { return walk(parsed).misuses }

// Comparison compares a step's result with a literal text, number or bool.
type Comparison struct {
	Step, Key    string
	Operator     string // of the result with the value, such as <=
	Value        any
	Line, Column int // of the value
	Certain      bool
}

// Ordered is true if the order counts, so that values of two kinds are an error.
func (c Comparison) Ordered() bool {
	return slices.Contains([]string{"<", "<=", ">", ">="}, c.Operator)
}

// Comparisons lists them for a template that a Renderer parsed.
func Comparisons(parsed api.Template) []Comparison { return walk(parsed).comparisons }

// misuse records arguments that none of the possible signatures takes.
func (w *walker) misuse(at position.Pos, a syntax.Arguments, signatures ...*runtime.Signature) {
	if a.Spread != nil || a.SpreadMap != nil || len(signatures) == 0 {
		return
	}
	g := value.CallArgs{Positional: make([]any, len(a.Positional))}
	for _, name := range a.Names {
		g.Named = append(g.Named, value.NamedValue{Name: name})
	}
	var first error
	for _, s := range signatures {
		_, err := s.Bind(g)
		if err == nil {
			return
		}
		if first == nil {
			first = err
		}
	}
	line, column := w.place(at)
	w.misuses = append(w.misuses, Misuse{line, column, first.Error(), w.certain})
}

func (w *walker) misuseOfCall(e *syntax.Call) {
	switch callee := e.Callee.(type) {
	case *syntax.Variable:
		if f, ok := callee.Global.(*runtime.Function); ok {
			w.misuse(callee.Pos, e.Arguments, &f.Signature)
		}
	case *syntax.Attribute:
		var all []*runtime.Signature
		for _, methods := range w.methods {
			if m := methods[callee.Name]; m != nil {
				all = append(all, &m.Signature)
			}
		}
		w.misuse(callee.Pos, e.Arguments, all...)
	}
}

var mirrored = map[value.Operator]value.Operator{
	value.OpEqual: value.OpEqual, value.OpNotEqual: value.OpNotEqual,
	value.OpLess: value.OpGreater, value.OpLessEqual: value.OpGreaterEqual, value.OpGreater: value.OpLess, value.OpGreaterEqual: value.OpLessEqual,
}

func (w *walker) compare(left syntax.Expression, op value.Operator, right syntax.Expression) {
	back, comparable := mirrored[op]
	if !comparable {
		return
	}
	if _, ok := left.(*syntax.Constant); ok {
		left, right, op = right, left, back
	}
	val, isConstant := right.(*syntax.Constant)
	result, isCall := left.(*syntax.Call)
	if !isConstant || !isCall || val.Value == nil {
		return
	}
	if v, ok := result.Callee.(*syntax.Variable); !ok || v.Name != "get_pipe_result" || v.Global == nil {
		return
	}
	args := w.args(result.Arguments)
	if len(args) != 2 || args[0].Text == "" || args[1].Text == "" {
		return
	}
	line, column := w.place(val.Pos)
	w.comparisons = append(w.comparisons, Comparison{args[0].Text, args[1].Text, op.String(), val.Value, line, column, w.certain})
}
