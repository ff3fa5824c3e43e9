package eval

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// macro is a macro statement together with the names around it.
type macro struct {
	*syntax.MacroStatement
	around *frame
}

func (r *run) execMacroStatement(n *syntax.MacroStatement) error {
	r.frame.retain()
	r.frame.set(n.Name, &macro{n, r.frame})
	return nil
}

func (r *run) execCallStatement(n *syntax.CallStatement) error {
	callee, err := r.eval(n.Call.Callee)
	if err != nil {
		return err
	}
	g, err := r.given(&n.Call.Arguments)
	if err != nil {
		return n.Wrap(err)
	}
	r.frame.retain()
	g.Named = append(g.Named, value.NamedValue{Name: "caller", Value: &macro{n.Macro, r.frame}})
	v, err := r.call(callee, g)
	if err != nil {
		return n.Wrap(err)
	}
	return n.Wrap(r.put(v))
}

func (m *macro) call(r *run, g value.CallArgs) (any, error) {
	if err := r.Enter("a macro"); err != nil {
		return nil, err
	}
	defer r.Leave()
	inner := &frame{up: m.around}
	if err := m.bind(r, inner, g); err != nil {
		return nil, err
	}
	chunks, err := r.capture(inner, m.Body)
	if err != nil {
		return nil, err
	}
	v, err := r.concat(chunks)
	if err == nil && r.Autoescape {
		return value.MarkupOf(r.Budget, v)
	}
	return v, err
}

// bind sets the macro's parameters, its rest arguments and its caller.
func (m *macro) bind(r *run, inner *frame, g value.CallArgs) error {
	extra := []any(nil)
	if len(g.Positional) > len(m.Parameters) {
		if !m.Varargs {
			return fmt.Errorf("the macro %s takes at most %s, not %d", m.Name, runtime.ArgumentCount(len(m.Parameters)), len(g.Positional))
		}
		extra = g.Positional[len(m.Parameters):]
	}
	used := 0
	outer := r.frame
	for i, name := range m.Parameters {
		v, named := g.ByName(name)
		switch {
		case i < len(g.Positional):
			v = g.Positional[i]
		case named:
			used++
		case m.Defaults[i] != nil:
			var err error
			r.frame = inner
			v, err = r.eval(m.Defaults[i])
			r.frame = outer
			if err != nil {
				return err
			}
		default:
			v = &value.Undefined{What: fmt.Sprintf("the parameter %q of the macro %s was not given", name, m.Name)}
		}
		inner.set(name, v)
	}
	caller, called := g.ByName("caller")
	if m.Caller {
		if !called {
			caller = &value.Undefined{What: fmt.Sprintf("the macro %s was not called by a call block", m.Name)}
		}
		inner.set("caller", caller)
	}
	if m.Varargs {
		inner.set("varargs", value.Tuple(extra))
	}
	return m.bindRest(inner, g, used)
}

// bindRest handles the named arguments for which there is no parameter.
func (m *macro) bindRest(inner *frame, g value.CallArgs, used int) error {
	rest := &value.Dict{}
	for _, n := range g.Named {
		if n.Name == "caller" && m.Caller || m.takes(n.Name, len(g.Positional)) {
			continue
		}
		if !m.Kwargs {
			return position.Errorf("the macro %s takes no argument %s", m.Name, position.Quote{Text: n.Name})
		}
		if err := rest.Put(n.Name, n.Value); err != nil {
			return err
		}
	}
	if m.Kwargs {
		inner.set("kwargs", rest)
	}
	return nil
}

// takes reports whether name is a parameter that no positional argument set.
func (m *macro) takes(name string, positional int) bool {
	for i, p := range m.Parameters {
		if p == name {
			return i >= positional
		}
	}
	return false
}

func (m *macro) TypeName() string { return "macro" }

func (m *macro) Callable() {}

func (m *macro) AttributeNames() []string { return nil }

func (m *macro) Attribute(name string) (any, bool) {
	switch name {
	case "name":
		return m.Name, true
	case "arguments":
		names := make(value.Tuple, len(m.Parameters))
		for i, p := range m.Parameters {
			names[i] = p
		}
		return names, true
	case "catch_kwargs":
		return m.Kwargs, true
	case "catch_varargs":
		return m.Varargs, true
	case "caller":
		return m.MacroStatement.Caller, true
	}
	return nil, false
}
