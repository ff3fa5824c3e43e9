package jinja

import "strings"

// kept is a text that came from the pipeline: a ticket's, a result's, a param's.
// It has the type that it was given there. Other than in Jinja2 it is not read as
// a literal: a ticket about "12345" or "None" must not turn into a number or into
// nothing. What a template writes is read, as in "['{{ label }}']", and so is what
// it formats.
type kept string

// allKept reports whether the output is nothing but texts from the pipeline, and
// blanks.
func (r *run) allKept() bool {
	some := false
	for _, chunk := range r.chunks {
		switch x := chunk.(type) {
		case kept:
			some = true
		case string:
			if strings.TrimFunc(x, isSpace) != "" {
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
		if err != nil || truth(left) == n.or {
			return left, written, err
		}
		return r.evalWritten(n.right)
	case *filtered:
		input, written, err := r.evalWritten(n.input)
		if err != nil {
			return nil, false, err
		}
		v, err := r.applyFilter(n, input)
		return v, written || n.filter.formats && !isText(input), err
	}
	v, err = r.eval(e)
	return v, formats(e), err
}

// formats reports whether e puts values into a text of the template.
func formats(e expression) bool {
	switch n := e.(type) {
	case *binary:
		return n.operator == opModulo && isConstant(n.left)
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
