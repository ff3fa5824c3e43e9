package eval

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// eval is the value of an expression.
func (r *run) eval(n syntax.Expression) (any, error) {
	switch n := n.(type) {
	case *syntax.Constant:
		return n.Value, nil
	case *syntax.Variable:
		return r.evalVariable(n)
	case *syntax.ListDisplay:
		return r.evalListDisplay(n)
	case *syntax.TupleDisplay:
		return r.evalTupleDisplay(n)
	case *syntax.DictDisplay:
		return r.evalDictDisplay(n)
	case *syntax.Conditional:
		return r.evalConditional(n)
	case *syntax.Logic:
		return r.evalLogic(n)
	case *syntax.Negation:
		return r.evalNegation(n)
	case *syntax.Concat:
		return r.evalConcat(n)
	case *syntax.Comparison:
		return r.evalComparison(n)
	case *syntax.Signed:
		return r.evalSigned(n)
	case *syntax.Binary:
		return r.evalBinary(n)
	case *syntax.Attribute:
		return r.evalAttribute(n)
	case *syntax.Subscript:
		return r.evalSubscript(n)
	case *syntax.Slicing:
		return r.evalSlicing(n)
	case *syntax.Call:
		return r.evalCall(n)
	case *syntax.Filtered:
		return r.evalFiltered(n)
	case *syntax.Tested:
		return r.evalTested(n)
	}
	return nil, fmt.Errorf("there is no value of %T", n)
}

func (r *run) evalVariable(n *syntax.Variable) (any, error) {
	if err := r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	if v, ok := r.frame.get(n.Name); ok {
		return v, nil
	}
	switch n.Name {
	case "pipe_results":
		return r.readVariable(n, runtime.Results(r.Scope.Results()))
	case "params":
		return r.readVariable(n, r.Scope.Params())
	case "parent_params":
		return r.readVariable(n, r.Scope.ParentParams())
	}
	if v, ok := r.Variables[n.Name]; ok {
		return r.readVariable(n, v)
	}
	if n.Name == "self" && r.blocks != nil {
		return &blocks{r, r.blocks}, nil
	}
	if n.Global != nil {
		return n.Global, nil
	}
	return &value.Undefined{
		What: fmt.Sprintf("%q is undefined", n.Name),
		Near: func() string { return r.otherName(n.Name) },
		At:   n.Pos, Located: true,
	}, nil
}

// formerNames are names in examples of Open Ticket AI that no version has, with what to
// write instead.
var formerNames = map[string]string{
	"env":         "get_env('NAME') reads the environment",
	"pipe_result": "get_pipe_result('id', 'key') reads what a step before yielded",
	"ticket":      "get_pipe_result('id', 'key') reads what a step before yielded",
	"context":     "get_pipe_result, get_parent_param and params read what is around a pipe",
	"now":         "templates have no clock",
}

// otherName is the end of a message about a missing variable.
func (r *run) otherName(name string) string {
	if instead := formerNames[name]; instead != "" {
		return ": " + instead
	}
	known := map[string]bool{"pipe_results": true, "params": true, "parent_params": true}
	for f := r.frame; f != nil; f = f.up {
		for _, name := range f.names {
			known[name] = true
		}
	}
	for name := range r.Variables {
		known[name] = true
	}
	for name := range r.Library.Globals {
		known[name] = true
	}
	return value.DidYouMean(name, known)
}

// readVariable is a value of the scope by the name of the variable.
func (r *run) readVariable(n *syntax.Variable, v any) (any, error) {
	v, err := r.ReadScope(n.Name, v)
	return v, n.Wrap(err)
}

func (r *run) evalAll(nodes []syntax.Expression) ([]any, error) {
	values := make([]any, len(nodes))
	for i, n := range nodes {
		v, err := r.eval(n)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (r *run) evalListDisplay(n *syntax.ListDisplay) (any, error) {
	items, err := r.evalAll(n.Items)
	return r.Changeable(items), err
}

func (r *run) evalTupleDisplay(n *syntax.TupleDisplay) (any, error) {
	items, err := r.evalAll(n.Items)
	return value.Tuple(items), err
}

func (r *run) evalDictDisplay(n *syntax.DictDisplay) (any, error) {
	d := value.NewDict(len(n.Keys))
	for i := range n.Keys {
		key, err := r.eval(n.Keys[i])
		if err != nil {
			return nil, err
		}
		val, err := r.eval(n.Values[i])
		if err != nil {
			return nil, err
		}
		if err := d.Put(key, val); err != nil {
			return nil, n.Wrap(err)
		}
	}
	return d, nil
}

func (r *run) evalConditional(n *syntax.Conditional) (any, error) {
	yes, err := r.decide(n)
	if err != nil {
		return nil, err
	}
	if yes {
		return r.eval(n.Yes)
	}
	if n.No == nil {
		return noElse(), nil
	}
	return r.eval(n.No)
}

// decide reports whether it is the first of the two.
func (r *run) decide(n *syntax.Conditional) (yes bool, err error) {
	if option, made := r.choice(n); made {
		return option == 0, nil
	}
	return r.test(n.Test)
}

// Condition is the key of the choice how a condition, or a part of one, comes out: 0 is
// true.
type Condition struct{ Test syntax.Expression }

// test reports whether a condition holds.
func (r *run) test(e syntax.Expression) (bool, error) {
	if r.chosen != nil {
		if option, made := r.chosen[Condition{e}]; made {
			return option == 0, nil
		}
		switch e := e.(type) {
		case *syntax.Logic:
			left, err := r.test(e.Left)
			if err != nil || left == e.Or {
				return left, err
			}
			return r.test(e.Right)
		case *syntax.Negation:
			holds, err := r.test(e.Operand)
			return !holds, err
		}
	}
	v, err := r.eval(e)
	return err == nil && value.Truth(v), err
}

// choice is the one that was made at a node.
func (r *run) choice(node any) (option int, made bool) {
	if r.chosen != nil {
		option, made = r.chosen[node]
	}
	return option, made
}

func noElse() *value.Undefined {
	return &value.Undefined{What: `the condition is false and there is no "else"`}
}

func (r *run) evalLogic(n *syntax.Logic) (any, error) {
	left, err := r.eval(n.Left)
	if err != nil || value.Truth(left) == n.Or {
		return left, err
	}
	return r.eval(n.Right)
}

func (r *run) evalNegation(n *syntax.Negation) (any, error) {
	v, err := r.eval(n.Operand)
	return !value.Truth(v), err
}

func (r *run) evalConcat(n *syntax.Concat) (any, error) {
	parts, err := r.evalAll(n.Parts) // all before the first is joined: one may change another
	if err != nil {
		return nil, err
	}
	if r.Autoescape {
		v, err := value.JoinEscaped(r.Budget, "", parts, func(v any) (any, error) { return v, nil })
		return v, n.Wrap(err)
	}
	var b strings.Builder
	for _, v := range parts {
		s, err := value.Text(r.Budget, v)
		if err == nil {
			err = r.Grow(len(s))
		}
		if err != nil {
			return nil, n.Wrap(err)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (r *run) evalComparison(n *syntax.Comparison) (any, error) {
	left, err := r.eval(n.First)
	if err != nil {
		return nil, err
	}
	for _, c := range n.Rest {
		right, err := r.eval(c.Operand)
		if err != nil {
			return nil, err
		}
		holds, err := value.Compare(r.Budget, c.Operator, left, right)
		if err != nil {
			return nil, n.Wrap(err)
		}
		if !holds {
			return false, nil
		}
		left = right
	}
	return true, nil
}

func (r *run) evalSigned(n *syntax.Signed) (any, error) {
	v, err := r.eval(n.Operand)
	if err != nil {
		return nil, err
	}
	v, err = value.SignedValue(v, n.Minus)
	return v, n.Wrap(err)
}

func (r *run) evalBinary(n *syntax.Binary) (any, error) {
	left, err := r.eval(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := r.eval(n.Right)
	if err != nil {
		return nil, err
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.Binary(n.Operator, left, right)
	return v, n.Wrap(err)
}

func (r *run) evalAttribute(n *syntax.Attribute) (any, error) {
	object, err := r.eval(n.Object)
	if err != nil {
		return nil, err
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.Attribute(object, n.Name)
	return value.LocateUndefined(v, n.Pos), n.Wrap(err)
}

func (r *run) evalSubscript(n *syntax.Subscript) (any, error) {
	object, err := r.eval(n.Object)
	if err != nil {
		return nil, err
	}
	key, err := r.eval(n.Key)
	if err != nil {
		return nil, err
	}
	if err = r.Step(1); err == nil {
		err = value.CountRead(r.Budget, object)
	}
	if err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.Subscript(object, key)
	return value.LocateUndefined(v, n.Pos), n.Wrap(err)
}

func (r *run) evalSlicing(n *syntax.Slicing) (any, error) {
	var parts [4]any
	for i, e := range [...]syntax.Expression{n.Object, n.Start, n.Stop, n.Step} {
		if e == nil {
			continue
		}
		v, err := r.eval(e)
		if err != nil {
			return nil, err
		}
		parts[i] = v
	}
	v, err := r.Slice(parts[0], parts[1], parts[2], parts[3])
	return v, n.Wrap(err)
}
