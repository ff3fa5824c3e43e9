package eval

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// onlyPipelineText reports whether the output is nothing but texts from the pipeline
// and white space.
func (r *run) onlyPipelineText() bool {
	some := false
	for _, chunk := range r.chunks {
		switch x := chunk.(type) {
		case value.PipelineText:
			some = true
		case string:
			if strings.TrimFunc(x, value.IsSpace) != "" {
				return false
			}
		default:
			return false
		}
	}
	return some
}

// evalWritten evaluates e and reports whether the value, if it is a text, is one
// that the template wrote: one in its source, or one that it made of other values.
func (r *run) evalWritten(e syntax.Expression) (v any, written bool, err error) {
	switch n := e.(type) {
	case *syntax.Constant:
		return n.Value, true, nil
	case *syntax.Conditional:
		yes, err := r.decide(n)
		if err != nil {
			return nil, false, err
		}
		if yes {
			return r.evalWritten(n.Yes)
		}
		if n.No != nil {
			return r.evalWritten(n.No)
		}
		return noElse(), false, nil
	case *syntax.Logic:
		left, written, err := r.evalWritten(n.Left)
		if err != nil || value.Truth(left) == n.Or {
			return left, written, err
		}
		return r.evalWritten(n.Right)
	case *syntax.Filtered:
		input, written, err := r.evalWritten(n.Input)
		if err != nil {
			return nil, false, err
		}
		v, err := r.applyFilter(n, input)
		return v, written || n.Filter.Formats && !value.IsText(input), err
	}
	v, err = r.eval(e)
	return v, formats(e), err
}

// formats reports whether e puts values into a text of the template's source.
func formats(e syntax.Expression) bool {
	switch n := e.(type) {
	case *syntax.Binary:
		return n.Operator == value.OpModulo && isConstant(n.Left)
	case *syntax.Call:
		method, ok := n.Callee.(*syntax.Attribute)
		return ok && isConstant(method.Object)
	case *syntax.Concat:
		for _, part := range n.Parts {
			if isConstant(part) {
				return true
			}
		}
	}
	return false
}

func isConstant(e syntax.Expression) bool { _, ok := e.(*syntax.Constant); return ok }
