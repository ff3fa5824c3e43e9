package eval

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func (r *run) evalCall(n *syntax.Call) (any, error) {
	callee, err := r.eval(n.Callee)
	if err != nil {
		return nil, err
	}
	given, err := r.charged(&n.Arguments)
	if err != nil {
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

func (r *run) evalFiltered(n *syntax.Filtered) (any, error) {
	input, err := r.eval(n.Input)
	if err != nil {
		return nil, err
	}
	return r.applyFilter(n, input)
}

func (r *run) applyFilter(n *syntax.Filtered, input any) (any, error) {
	given, err := r.charged(&n.Arguments)
	if err != nil {
		return nil, n.Wrap(err)
	}
	v, err := n.Filter.Call(&r.State, input, given)
	return r.Changeable(v), n.Wrap(err)
}

func (r *run) evalTested(n *syntax.Tested) (any, error) {
	operand, err := r.eval(n.Operand)
	if err != nil {
		return nil, err
	}
	given, err := r.charged(&n.Arguments)
	if err != nil {
		return nil, n.Wrap(err)
	}
	holds, err := n.Test.Call(&r.State, operand, given)
	return holds, n.Wrap(err)
}

// charged evaluates the arguments of a call, and counts the call as a step.
func (r *run) charged(a *syntax.Arguments) (value.CallArgs, error) {
	g, err := r.given(a)
	if err == nil {
		err = r.Step(1)
	}
	return g, err
}

// given evaluates the arguments of a call.
func (r *run) given(a *syntax.Arguments) (value.CallArgs, error) {
	var g value.CallArgs
	if len(a.Positional) > 0 {
		values, err := r.evalAll(a.Positional)
		if err != nil {
			return g, err
		}
		g.Positional = values
	}
	for i, name := range a.Names {
		v, err := r.eval(a.Named[i])
		if err != nil {
			return g, err
		}
		g.Named = append(g.Named, value.NamedValue{Name: name, Value: v})
	}
	if a.Spread == nil && a.SpreadMap == nil {
		return g, nil
	}
	return g, r.spreadInto(a, &g)
}

func (r *run) spreadInto(a *syntax.Arguments, g *value.CallArgs) error {
	if a.Spread != nil {
		v, err := r.eval(a.Spread)
		if err != nil {
			return err
		}
		more, err := value.Elements(r.Budget, v)
		if err != nil {
			return err
		}
		g.Positional = append(g.Positional, more...)
	}
	if a.SpreadMap != nil {
		v, err := r.eval(a.SpreadMap)
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
				return position.Errorf("the argument %s is given twice", position.Quote{Text: name})
			}
			g.Named = append(g.Named, value.NamedValue{Name: name, Value: p.Value})
		}
	}
	return nil
}
