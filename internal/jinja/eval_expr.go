package jinja

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// eval is the value of an expression.
func (r *run) eval(n expression) (any, error) {
	switch n := n.(type) {
	case *constant:
		return n.value, nil
	case *variable:
		return r.evalVariable(n)
	case *listDisplay:
		return r.evalListDisplay(n)
	case *tupleDisplay:
		return r.evalTupleDisplay(n)
	case *dictDisplay:
		return r.evalDictDisplay(n)
	case *conditional:
		return r.evalConditional(n)
	case *logic:
		return r.evalLogic(n)
	case *negation:
		return r.evalNegation(n)
	case *concat:
		return r.evalConcat(n)
	case *comparison:
		return r.evalComparison(n)
	case *signed:
		return r.evalSigned(n)
	case *binary:
		return r.evalBinary(n)
	case *attribute:
		return r.evalAttribute(n)
	case *subscript:
		return r.evalSubscript(n)
	case *slicing:
		return r.evalSlicing(n)
	case *call:
		return r.evalCall(n)
	case *filtered:
		return r.evalFiltered(n)
	case *tested:
		return r.evalTested(n)
	}
	return nil, fmt.Errorf("there is no value of %T", n)
}

func (r *run) evalVariable(n *variable) (any, error) {
	if err := r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	if v, ok := r.frame.get(n.name); ok {
		return v, nil
	}
	switch n.name {
	case "pipe_results":
		return r.readVariable(n, runtime.Results(r.Scope.Results()))
	case "params":
		return r.readVariable(n, r.Scope.Params())
	case "parent_params":
		return r.readVariable(n, r.Scope.ParentParams())
	}
	if v, ok := r.Variables[n.name]; ok {
		return r.readVariable(n, v)
	}
	if n.name == "self" && r.blocks != nil {
		return &blocks{r, r.blocks}, nil
	}
	if n.global != nil {
		return n.global, nil
	}
	return &value.Undefined{
		What: fmt.Sprintf("%q is undefined", n.name),
		Near: func() string { return r.otherName(n.name) },
		At:   n.Pos, Located: true,
	}, nil
}

// formerNames are names that examples of Open Ticket AI show and no version has, with
// what to write instead.
var formerNames = map[string]string{
	"env":         "get_env('NAME') reads the environment",
	"pipe_result": "get_pipe_result('id', 'key') reads what a step before yielded",
	"ticket":      "get_pipe_result('id', 'key') reads what a step before yielded",
	"context":     "get_pipe_result, get_parent_param and params read what is around a pipe",
	"now":         "templates have no clock",
}

// otherName is what a message about a missing variable ends in.
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

// read is a value of the scope under this name.
func (r *run) readVariable(n *variable, v any) (any, error) {
	v, err := r.ReadScope(n.name, v)
	return v, n.Wrap(err)
}

func (r *run) evalAll(nodes []expression) ([]any, error) {
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

func (r *run) evalListDisplay(n *listDisplay) (any, error) {
	items, err := r.evalAll(n.items)
	return r.Changeable(items), err
}

func (r *run) evalTupleDisplay(n *tupleDisplay) (any, error) {
	items, err := r.evalAll(n.items)
	return value.Tuple(items), err
}

func (r *run) evalDictDisplay(n *dictDisplay) (any, error) {
	d := value.NewDict(len(n.keys))
	for i := range n.keys {
		key, err := r.eval(n.keys[i])
		if err != nil {
			return nil, err
		}
		val, err := r.eval(n.values[i])
		if err != nil {
			return nil, err
		}
		if err := d.Put(key, val); err != nil {
			return nil, n.Wrap(err)
		}
	}
	return d, nil
}

func (r *run) evalConditional(n *conditional) (any, error) {
	yes, err := r.decide(n)
	if err != nil {
		return nil, err
	}
	if yes {
		return r.eval(n.yes)
	}
	if n.no == nil {
		return noElse(), nil
	}
	return r.eval(n.no)
}

// decide reports which of the two it is.
func (r *run) decide(n *conditional) (yes bool, err error) {
	if option, made := r.choice(n); made {
		return option == 0, nil
	}
	return r.test(n.test)
}

// decided is the key of a choice how a test, or a part of it, comes out: 0 is true.
type decided struct{ test expression }

// test reports whether a condition holds.
func (r *run) test(e expression) (bool, error) {
	if r.chosen != nil {
		if option, made := r.chosen[decided{e}]; made {
			return option == 0, nil
		}
		switch e := e.(type) {
		case *logic:
			left, err := r.test(e.left)
			if err != nil || left == e.or {
				return left, err
			}
			return r.test(e.right)
		case *negation:
			holds, err := r.test(e.operand)
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

func (r *run) evalLogic(n *logic) (any, error) {
	left, err := r.eval(n.left)
	if err != nil || value.Truth(left) == n.or {
		return left, err
	}
	return r.eval(n.right)
}

func (r *run) evalNegation(n *negation) (any, error) {
	v, err := r.eval(n.operand)
	return !value.Truth(v), err
}

func (r *run) evalConcat(n *concat) (any, error) {
	parts, err := r.evalAll(n.parts) // all of them first: one may change another
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

func (r *run) evalComparison(n *comparison) (any, error) {
	left, err := r.eval(n.first)
	if err != nil {
		return nil, err
	}
	for _, c := range n.rest {
		right, err := r.eval(c.operand)
		if err != nil {
			return nil, err
		}
		holds, err := value.Compare(r.Budget, c.operator, left, right)
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

func (r *run) evalSigned(n *signed) (any, error) {
	v, err := r.eval(n.operand)
	if err != nil {
		return nil, err
	}
	v, err = value.SignedValue(v, n.minus)
	return v, n.Wrap(err)
}

func (r *run) evalBinary(n *binary) (any, error) {
	left, err := r.eval(n.left)
	if err != nil {
		return nil, err
	}
	right, err := r.eval(n.right)
	if err != nil {
		return nil, err
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.Binary(n.operator, left, right)
	return v, n.Wrap(err)
}

func (r *run) evalAttribute(n *attribute) (any, error) {
	object, err := r.eval(n.object)
	if err != nil {
		return nil, err
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.Attribute(object, n.name)
	return value.LocateUndefined(v, n.Pos), n.Wrap(err)
}

func (r *run) evalSubscript(n *subscript) (any, error) {
	object, err := r.eval(n.object)
	if err != nil {
		return nil, err
	}
	key, err := r.eval(n.key)
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

func (r *run) evalSlicing(n *slicing) (any, error) {
	var parts [4]any
	for i, e := range [...]expression{n.object, n.start, n.stop, n.step} {
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

func (r *run) evalCall(n *call) (any, error) {
	callee, err := r.eval(n.callee)
	if err != nil {
		return nil, err
	}
	given, err := r.given(&n.arguments)
	if err != nil {
		return nil, n.Wrap(err)
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := r.call(callee, given)
	return r.Changeable(v), n.Wrap(err)
}

func (r *run) call(callee any, given value.CallArgs) (any, error) {
	switch f := callee.(type) {
	case *runtime.Function:
		a, err := f.Bind(given)
		if err != nil {
			return nil, err
		}
		return f.Apply(&r.State, a)
	case *runtime.BoundMethod:
		a, err := f.Method.Bind(given)
		if err == nil {
			err = value.CountRead(r.Budget, f.Self)
		}
		if err != nil {
			return nil, err
		}
		return f.Method.Apply(&r.State, f.Self, a)
	case *macro:
		return f.call(r, given)
	case *loop:
		return f.recurse(r, given)
	case *value.Undefined:
		return nil, f.Err()
	}
	return nil, fmt.Errorf("%s can't be called", value.WithArticle(value.TypeName(callee)))
}

func (r *run) evalFiltered(n *filtered) (any, error) {
	input, err := r.eval(n.input)
	if err != nil {
		return nil, err
	}
	return r.applyFilter(n, input)
}

func (r *run) applyFilter(n *filtered, input any) (any, error) {
	given, err := r.given(&n.arguments)
	if err != nil {
		return nil, n.Wrap(err)
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	v, err := n.filter.Call(&r.State, input, given)
	return r.Changeable(v), n.Wrap(err)
}

func (r *run) evalTested(n *tested) (any, error) {
	operand, err := r.eval(n.operand)
	if err != nil {
		return nil, err
	}
	given, err := r.given(&n.arguments)
	if err != nil {
		return nil, n.Wrap(err)
	}
	if err = r.Step(1); err != nil {
		return nil, n.Wrap(err)
	}
	holds, err := n.test.Call(&r.State, operand, given)
	return holds, n.Wrap(err)
}

// given evaluates the arguments of a call.
func (r *run) given(a *arguments) (value.CallArgs, error) {
	var g value.CallArgs
	if len(a.positional) > 0 {
		values, err := r.evalAll(a.positional)
		if err != nil {
			return g, err
		}
		g.Positional = values
	}
	for i, name := range a.names {
		v, err := r.eval(a.named[i])
		if err != nil {
			return g, err
		}
		g.Named = append(g.Named, value.NamedValue{Name: name, Value: v})
	}
	if a.spread == nil && a.spreadMap == nil {
		return g, nil
	}
	return g, r.spreadInto(a, &g)
}

func (r *run) spreadInto(a *arguments, g *value.CallArgs) error {
	if a.spread != nil {
		v, err := r.eval(a.spread)
		if err != nil {
			return err
		}
		more, err := value.Elements(r.Budget, v)
		if err != nil {
			return err
		}
		g.Positional = append(g.Positional, more...)
	}
	if a.spreadMap != nil {
		v, err := r.eval(a.spreadMap)
		if err != nil {
			return err
		}
		pairs, ok := value.PairsOf(v)
		if !ok {
			return fmt.Errorf("%s can't be spread into named arguments", value.WithArticle(value.TypeName(v)))
		}
		for _, p := range pairs {
			name, ok := value.AsText(p.Key)
			if !ok {
				return errors.New("the names of arguments are strings")
			}
			if _, twice := g.ByName(name); twice {
				return fmt.Errorf("the argument %q is given twice", name)
			}
			g.Named = append(g.Named, value.NamedValue{Name: name, Value: p.Value})
		}
	}
	return nil
}
