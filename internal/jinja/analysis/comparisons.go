package analysis

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

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

// mirrored are the operators with their operands exchanged.
var mirrored = map[value.Operator]value.Operator{
	value.OpEqual: value.OpEqual, value.OpNotEqual: value.OpNotEqual,
	value.OpLess: value.OpGreater, value.OpLessEqual: value.OpGreaterEqual, value.OpGreater: value.OpLess, value.OpGreaterEqual: value.OpLessEqual,
}

func (w *walker) compare(left syntax.Expression, op value.Operator, right syntax.Expression) {
	back, ok := mirrored[op]
	if !ok {
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
