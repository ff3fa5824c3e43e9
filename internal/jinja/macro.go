package jinja

import "fmt"

// macro is a macro statement together with the names around it.
type macro struct {
	*macroStatement
	around *frame
}

func (r *run) execMacroStatement(n *macroStatement) error {
	r.frame.keep()
	r.frame.set(n.name, &macro{n, r.frame})
	return nil
}

func (r *run) execCallStatement(n *callStatement) error {
	callee, err := r.eval(n.call.callee)
	if err != nil {
		return err
	}
	g, err := r.given(&n.call.arguments)
	if err != nil {
		return n.fault(err)
	}
	r.frame.keep()
	g.named = append(g.named, namedValue{"caller", &macro{n.macro, r.frame}})
	v, err := r.call(callee, g)
	if err != nil {
		return n.fault(err)
	}
	return n.fault(r.put(v))
}

func (m *macro) call(r *run, g given) (any, error) {
	if err := r.enter("a macro"); err != nil {
		return nil, err
	}
	defer r.leave()
	inner := &frame{up: m.around}
	if err := m.bind(r, inner, g); err != nil {
		return nil, err
	}
	chunks, err := r.capture(inner, m.body)
	if err != nil {
		return nil, err
	}
	v, err := r.concat(chunks)
	if err == nil && r.autoescape {
		return r.markedText(v)
	}
	return v, err
}

// bind sets the macro's parameters, its rest arguments and its caller.
func (m *macro) bind(r *run, inner *frame, g given) error {
	extra := []any(nil)
	if len(g.positional) > len(m.parameters) {
		if !m.varargs {
			return fmt.Errorf("the macro %s takes at most %s, not %d", m.name, count(len(m.parameters)), len(g.positional))
		}
		extra = g.positional[len(m.parameters):]
	}
	used := 0
	outer := r.frame
	for i, name := range m.parameters {
		v, named := g.byName(name)
		switch {
		case i < len(g.positional):
			v = g.positional[i]
		case named:
			used++
		case m.defaults[i] != nil:
			var err error
			r.frame = inner
			v, err = r.eval(m.defaults[i])
			r.frame = outer
			if err != nil {
				return err
			}
		default:
			v = &undefined{what: fmt.Sprintf("the parameter %q of the macro %s was not given", name, m.name)}
		}
		inner.set(name, v)
	}
	caller, called := g.byName("caller")
	if m.caller {
		if !called {
			caller = &undefined{what: fmt.Sprintf("the macro %s was not called by a call block", m.name)}
		}
		inner.set("caller", caller)
	}
	if m.varargs {
		inner.set("varargs", tuple(extra))
	}
	return m.bindRest(inner, g, used)
}

// bindRest handles the named arguments that belong to no parameter.
func (m *macro) bindRest(inner *frame, g given, used int) error {
	rest := &Dict{}
	for _, n := range g.named {
		if n.name == "caller" && m.caller || m.takes(n.name, len(g.positional)) {
			continue
		}
		if !m.kwargs {
			return fmt.Errorf("the macro %s takes no argument %q", m.name, n.name)
		}
		if err := rest.set(n.name, n.value); err != nil {
			return err
		}
	}
	if m.kwargs {
		inner.set("kwargs", rest)
	}
	return nil
}

// takes reports whether name is a parameter that no positional argument set.
func (m *macro) takes(name string, positional int) bool {
	for i, p := range m.parameters {
		if p == name {
			return i >= positional
		}
	}
	return false
}

func (m *macro) typeName() string         { return "macro" }
func (m *macro) callable()                {}
func (m *macro) attributeNames() []string { return nil }

func (m *macro) attribute(name string) (any, bool) {
	switch name {
	case "name":
		return m.name, true
	case "arguments":
		names := make(tuple, len(m.parameters))
		for i, p := range m.parameters {
			names[i] = p
		}
		return names, true
	case "catch_kwargs":
		return m.kwargs, true
	case "catch_varargs":
		return m.varargs, true
	case "caller":
		return m.macroStatement.caller, true
	}
	return nil, false
}
