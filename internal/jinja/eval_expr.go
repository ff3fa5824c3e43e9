package jinja

import (
	"errors"
	"fmt"
	"strings"
)

func (n *constant) eval(*run) (any, error) { return n.value, nil }

func (n *variable) eval(r *run) (any, error) {
	if err := r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	if v, ok := r.frame.get(n.name); ok {
		return v, nil
	}
	switch n.name {
	case "pipe_results":
		return n.read(r, results(r.scope.Results()))
	case "params":
		return n.read(r, r.scope.Params())
	case "parent_params":
		return n.read(r, r.scope.ParentParams())
	}
	if v, ok := r.variables[n.name]; ok {
		return n.read(r, v)
	}
	if n.name == "self" && r.blocks != nil {
		return &blocks{r.blocks}, nil
	}
	if n.global != nil {
		return n.global, nil
	}
	return &undefined{
		what: fmt.Sprintf("%q is undefined", n.name),
		near: func() string { return r.otherName(n.name) },
		at:   n.pos, told: true,
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
	for name := range r.variables {
		known[name] = true
	}
	for name := range r.lib.globals {
		known[name] = true
	}
	return nearest(name, known)
}

// read is a value of the scope under this name.
func (n *variable) read(r *run, v any) (any, error) {
	v, err := r.read(n.name, v)
	return v, n.fault(err)
}

func (r *run) evalAll(nodes []expression) ([]any, error) {
	values := make([]any, len(nodes))
	for i, n := range nodes {
		v, err := n.eval(r)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (n *listDisplay) eval(r *run) (any, error) {
	items, err := r.evalAll(n.items)
	return r.own(items), err
}

func (n *tupleDisplay) eval(r *run) (any, error) {
	items, err := r.evalAll(n.items)
	return tuple(items), err
}

func (n *dictDisplay) eval(r *run) (any, error) {
	d := &Dict{pairs: make([]pair, 0, len(n.keys))}
	for i := range n.keys {
		key, err := n.keys[i].eval(r)
		if err != nil {
			return nil, err
		}
		value, err := n.values[i].eval(r)
		if err != nil {
			return nil, err
		}
		if err := d.set(key, value); err != nil {
			return nil, n.fault(err)
		}
	}
	return d, nil
}

func (n *conditional) eval(r *run) (any, error) {
	yes, err := n.decide(r)
	if err != nil {
		return nil, err
	}
	if yes {
		return n.yes.eval(r)
	}
	if n.no == nil {
		return n.missing(), nil
	}
	return n.no.eval(r)
}

// decide reports which of the two it is.
func (n *conditional) decide(r *run) (yes bool, err error) {
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
	v, err := e.eval(r)
	return err == nil && truth(v), err
}

// choice is the one that was made at a node.
func (r *run) choice(node any) (option int, made bool) {
	if r.chosen != nil {
		option, made = r.chosen[node]
	}
	return option, made
}

func (n *conditional) missing() *undefined {
	return &undefined{what: `the condition is false and there is no "else"`}
}

func (n *logic) eval(r *run) (any, error) {
	left, err := n.left.eval(r)
	if err != nil || truth(left) == n.or {
		return left, err
	}
	return n.right.eval(r)
}

func (n *negation) eval(r *run) (any, error) {
	v, err := n.operand.eval(r)
	return !truth(v), err
}

func (n *concat) eval(r *run) (any, error) {
	parts, err := r.evalAll(n.parts) // all of them first: one may change another
	if err != nil {
		return nil, err
	}
	if r.autoescape {
		v, err := r.joinEscaped("", parts, func(v any) (any, error) { return v, nil })
		return v, n.fault(err)
	}
	var b strings.Builder
	for _, v := range parts {
		s, err := r.text(v)
		if err == nil {
			err = r.grow(len(s))
		}
		if err != nil {
			return nil, n.fault(err)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (n *comparison) eval(r *run) (any, error) {
	left, err := n.first.eval(r)
	if err != nil {
		return nil, err
	}
	for _, c := range n.rest {
		right, err := c.operand.eval(r)
		if err != nil {
			return nil, err
		}
		holds, err := r.compare(c.operator, left, right)
		if err != nil {
			return nil, n.fault(err)
		}
		if !holds {
			return false, nil
		}
		left = right
	}
	return true, nil
}

func (n *signed) eval(r *run) (any, error) {
	v, err := n.operand.eval(r)
	if err != nil {
		return nil, err
	}
	v, err = signedValue(v, n.minus)
	return v, n.fault(err)
}

func (n *binary) eval(r *run) (any, error) {
	left, err := n.left.eval(r)
	if err != nil {
		return nil, err
	}
	right, err := n.right.eval(r)
	if err != nil {
		return nil, err
	}
	if err = r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	v, err := r.binary(n.operator, left, right)
	return v, n.fault(err)
}

func (n *attribute) eval(r *run) (any, error) {
	object, err := n.object.eval(r)
	if err != nil {
		return nil, err
	}
	if err = r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	v, err := r.attribute(object, n.name)
	return tell(v, n.pos), n.fault(err)
}

func (n *subscript) eval(r *run) (any, error) {
	object, err := n.object.eval(r)
	if err != nil {
		return nil, err
	}
	key, err := n.key.eval(r)
	if err != nil {
		return nil, err
	}
	if err = r.tick(1); err == nil {
		err = r.look(object)
	}
	if err != nil {
		return nil, n.fault(err)
	}
	v, err := r.subscript(object, key)
	return tell(v, n.pos), n.fault(err)
}

func (n *slicing) eval(r *run) (any, error) {
	var parts [4]any
	for i, e := range [...]expression{n.object, n.start, n.stop, n.step} {
		if e == nil {
			continue
		}
		v, err := e.eval(r)
		if err != nil {
			return nil, err
		}
		parts[i] = v
	}
	v, err := r.slice(parts[0], parts[1], parts[2], parts[3])
	return v, n.fault(err)
}

func (n *call) eval(r *run) (any, error) {
	callee, err := n.callee.eval(r)
	if err != nil {
		return nil, err
	}
	given, err := n.given(r)
	if err != nil {
		return nil, n.fault(err)
	}
	if err = r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	v, err := r.call(callee, given)
	return r.own(v), n.fault(err)
}

func (r *run) call(callee any, given given) (any, error) {
	switch f := callee.(type) {
	case *function:
		a, err := f.bind(given)
		if err != nil {
			return nil, err
		}
		return f.apply(r, a)
	case *boundMethod:
		a, err := f.method.bind(given)
		if err == nil {
			err = r.look(f.self)
		}
		if err != nil {
			return nil, err
		}
		return f.method.apply(r, f.self, a)
	case *macro:
		return f.call(r, given)
	case *loop:
		return f.recurse(r, given)
	case *undefined:
		return nil, f.error()
	}
	return nil, fmt.Errorf("%s can't be called", article(typeName(callee)))
}

func (n *filtered) eval(r *run) (any, error) {
	input, err := n.input.eval(r)
	if err != nil {
		return nil, err
	}
	return n.apply(r, input)
}

func (n *filtered) apply(r *run, input any) (any, error) {
	given, err := n.given(r)
	if err != nil {
		return nil, n.fault(err)
	}
	if err = r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	v, err := n.filter.use(r, input, given)
	return r.own(v), n.fault(err)
}

func (n *tested) eval(r *run) (any, error) {
	operand, err := n.operand.eval(r)
	if err != nil {
		return nil, err
	}
	given, err := n.given(r)
	if err != nil {
		return nil, n.fault(err)
	}
	if err = r.tick(1); err != nil {
		return nil, n.fault(err)
	}
	holds, err := n.test.use(r, operand, given)
	return holds, n.fault(err)
}

// given evaluates the arguments of a call.
func (a *arguments) given(r *run) (given, error) {
	var g given
	if len(a.positional) > 0 {
		values, err := r.evalAll(a.positional)
		if err != nil {
			return g, err
		}
		g.positional = values
	}
	for i, name := range a.names {
		v, err := a.named[i].eval(r)
		if err != nil {
			return g, err
		}
		g.named = append(g.named, namedValue{name, v})
	}
	if a.spread == nil && a.spreadMap == nil {
		return g, nil
	}
	return g, a.spreadInto(r, &g)
}

func (a *arguments) spreadInto(r *run, g *given) error {
	if a.spread != nil {
		v, err := a.spread.eval(r)
		if err != nil {
			return err
		}
		more, err := r.elements(v)
		if err != nil {
			return err
		}
		g.positional = append(g.positional, more...)
	}
	if a.spreadMap != nil {
		v, err := a.spreadMap.eval(r)
		if err != nil {
			return err
		}
		pairs, ok := pairsOf(v)
		if !ok {
			return fmt.Errorf("%s can't be spread into named arguments", article(typeName(v)))
		}
		for _, p := range pairs {
			name, ok := asText(p.key)
			if !ok {
				return errors.New("the names of arguments are strings")
			}
			if _, twice := g.byName(name); twice {
				return fmt.Errorf("the argument %q is given twice", name)
			}
			g.named = append(g.named, namedValue{name, p.val})
		}
	}
	return nil
}
