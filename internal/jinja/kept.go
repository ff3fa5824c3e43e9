package jinja

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// allKept reports whether the output is nothing but texts from the pipeline, and
// blanks.
func (r *run) allKept() bool {
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
// that the template wrote: that stands in it, or that it made of other values.
func (r *run) evalWritten(e expression) (v any, written bool, err error) {
	switch n := e.(type) {
	case *constant:
		return n.value, true, nil
	case *conditional:
		yes, err := r.decide(n)
		if err != nil {
			return nil, false, err
		}
		if yes {
			return r.evalWritten(n.yes)
		}
		if n.no != nil {
			return r.evalWritten(n.no)
		}
		return noElse(), false, nil
	case *logic:
		left, written, err := r.evalWritten(n.left)
		if err != nil || value.Truth(left) == n.or {
			return left, written, err
		}
		return r.evalWritten(n.right)
	case *filtered:
		input, written, err := r.evalWritten(n.input)
		if err != nil {
			return nil, false, err
		}
		v, err := r.applyFilter(n, input)
		return v, written || n.filter.Formats && !value.IsText(input), err
	}
	v, err = r.eval(e)
	return v, formats(e), err
}

// formats reports whether e puts values into a text of the template.
func formats(e expression) bool {
	switch n := e.(type) {
	case *binary:
		return n.operator == value.OpModulo && isConstant(n.left)
	case *call:
		method, ok := n.callee.(*attribute)
		return ok && isConstant(method.object)
	case *concat:
		for _, part := range n.parts {
			if isConstant(part) {
				return true
			}
		}
	}
	return false
}

func isConstant(e expression) bool { _, ok := e.(*constant); return ok }
