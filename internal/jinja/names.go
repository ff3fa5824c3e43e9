package jinja

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Name is a use of a name in a template, for who wants to check templates before
// they run.
type Name struct {
	Name         string
	Line, Column int
	// Call is true where the name is called. Args are then the positional
	// arguments.
	Call bool
	Args []Arg
	// Attribute is what is taken of the name, as in ticket.id and ticket['id'], or of
	// what its call gives.
	Attribute string
	// Broken is true where an undefined value at this place is an error, and not
	// just empty.
	Broken bool
	// Certain is true where the place is reached whenever the template is rendered.
	Certain bool
	// Known is true for a function or variable of the language, a name that the
	// template sets somewhere, and one that it asks about, as in "is defined".
	Known bool
}

// Arg is an argument that is a text written down, with the place of its quote, and
// nothing for any other.
type Arg struct {
	Text         string
	Line, Column int
}

// Names lists the uses of names in a template that Parse of this package returned,
// in the order of the template.
func Names(parsed api.Template) []Name { return walked(parsed).names }

func walked(parsed api.Template) *nameWalk {
	t, ok := parsed.(*template)
	if !ok {
		return &nameWalk{}
	}
	w := &nameWalk{source: t.parsed.source, methods: t.environment.library.Tables(), known: map[string]bool{
		"pipe_results": true, "params": true, "parent_params": true,
		"loop": true, "caller": true, "varargs": true, "kwargs": true, "self": true,
	}, certain: true}
	for name := range t.environment.variables {
		w.known[name] = true
	}
	w.statements(t.parsed.body)
	if len(t.parsed.body) == 1 && len(w.names) == 1 {
		if lone, ok := t.parsed.body[0].(*output); ok {
			if _, ok := lone.value.(*variable); ok {
				w.names[0].Broken = true // an undefined value alone is an error
			}
		}
	}
	for i := range w.names {
		w.names[i].Known = w.names[i].Known || w.known[w.names[i].Name]
	}
	return w
}

type nameWalk struct {
	source  string
	known   map[string]bool
	certain bool
	names   []Name
	choice  func(node any) (option int, made bool) // for Outcomes; nil: all is walked

	outcomes bool // for Outcomes

	methods     []map[string]*runtime.Method // by type
	misuses     []Misuse
	comparisons []Comparison
}

// chosen is the choice that was made at a node.
func (w *nameWalk) chosen(node any) (option int, made bool) {
	if w.choice != nil {
		option, made = w.choice(node)
	}
	return option, made
}

// test walks a condition, without the parts of which it was chosen how they come out.
func (w *nameWalk) test(e expression) {
	if _, made := w.chosen(decided{e}); made {
		return
	}
	switch e := e.(type) {
	case *logic:
		w.test(e.left)
		w.maybe(func() { w.test(e.right) })
	case *negation:
		w.test(e.operand)
	default:
		w.expression(e)
	}
}

// drawn stands among the names for what is drawn by lot, where outcomes are sought.
const drawn = "|random"

func (w *nameWalk) filter(f *runtime.Filter) {
	if w.outcomes && f.Name == "random" {
		w.names = append(w.names, Name{Name: drawn})
	}
}

// maybe walks what is not reached in every case.
func (w *nameWalk) maybe(walk func()) {
	before := w.certain
	w.certain = false
	walk()
	w.certain = before
}

func (w *nameWalk) name(v *variable, use Name) {
	use.Name = v.name
	use.Line, use.Column = w.place(v.Pos)
	use.Certain, use.Known = w.certain, v.global != nil
	w.names = append(w.names, use)
}

func (w *nameWalk) place(p position.Pos) (line, column int) {
	if place, ok := position.Locate(w.source, &position.Error{Pos: int(p)}).(*api.TemplateError); ok {
		return place.Line, place.Column
	}
	return 1, 1
}

// args are the arguments of one of the pipeline's functions.
func (w *nameWalk) args(a arguments) []Arg {
	var args []Arg
	for _, e := range inPlaces(a) {
		var arg Arg
		if text, ok := constantText(e); ok {
			arg.Text = text
			arg.Line, arg.Column = w.place(e.(*constant).Pos)
		}
		args = append(args, arg)
	}
	return args
}

func (w *nameWalk) statements(list []statement) {
	for _, s := range list {
		w.statement(s)
	}
}

func (w *nameWalk) statement(s statement) {
	switch s := s.(type) {
	case *output:
		w.expression(s.value)
	case *ifStatement:
		if option, made := w.chosen(s); made {
			w.statements(s.chosen(option))
			return
		}
		for i, b := range s.branches {
			if i == 0 {
				w.test(b.test)
			}
			w.maybe(func() {
				if i > 0 {
					w.test(b.test)
				}
				w.statements(b.body)
			})
		}
		w.maybe(func() { w.statements(s.otherwise) })
	case *forStatement:
		w.expression(s.items)
		w.set(s.target)
		w.maybe(func() {
			w.expression(s.test)
			w.statements(s.body)
			w.statements(s.otherwise)
		})
	case *assignment:
		if _, made := w.chosen(s); !made {
			w.expression(s.value)
		}
		w.set(s.target)
	case *blockAssignment:
		w.set(s.target)
		w.filters(s.filters)
		w.statements(s.body)
	case *filterStatement:
		w.filters(s.filters)
		w.statements(s.body)
	case *withStatement:
		for i, t := range s.names {
			w.expression(s.values[i])
			w.set(t)
		}
		w.statements(s.body)
	case *blockStatement:
		w.statements(s.body)
	case *autoescapeStatement:
		w.expression(s.value)
		w.statements(s.body)
	case *macroStatement:
		w.known[s.name] = true
		w.macro(s)
	case *callStatement:
		w.expression(s.call)
		w.macro(s.macro)
	}
}

func (w *nameWalk) macro(m *macroStatement) {
	for _, name := range m.parameters {
		w.known[name] = true
	}
	w.maybe(func() {
		w.expressions(m.defaults)
		w.statements(m.body)
	})
}

func (w *nameWalk) set(t target) {
	if !t.isTuple {
		w.known[t.name] = true
	}
	for _, part := range t.tuple {
		w.set(part)
	}
}

func (w *nameWalk) filters(list []*filtered) {
	for _, f := range list {
		w.filter(f.filter)
		w.misuse(f.Pos, f.arguments, &f.filter.Signature)
		w.arguments(f.arguments)
	}
}

func (w *nameWalk) expressions(list []expression) {
	for _, e := range list {
		w.expression(e)
	}
}

func (w *nameWalk) expression(e expression) {
	switch e := e.(type) {
	case *variable:
		w.name(e, Name{})
	case *listDisplay:
		w.expressions(e.items)
	case *tupleDisplay:
		w.expressions(e.items)
	case *dictDisplay:
		w.expressions(e.keys)
		w.expressions(e.values)
	case *conditional:
		if option, made := w.chosen(e); made {
			w.expression([]expression{e.yes, e.no}[option])
			return
		}
		w.test(e.test)
		w.maybe(func() {
			w.expression(e.yes)
			w.expression(e.no)
		})
	case *logic:
		w.expression(e.left)
		w.maybe(func() { w.expression(e.right) })
	case *negation:
		w.expression(e.operand)
	case *concat:
		w.expressions(e.parts)
	case *comparison:
		w.expression(e.first)
		left := e.first
		for i, c := range e.rest {
			walk := func() {
				w.expression(c.operand)
				w.compare(left, c.operator, c.operand)
			}
			if i == 0 {
				walk()
			} else {
				w.maybe(walk)
			}
			left = c.operand
		}
	case *signed:
		w.expression(e.operand)
	case *binary:
		w.expression(e.left)
		w.expression(e.right)
	case *attribute:
		w.object(e.object, Name{Attribute: e.name, Broken: true})
	case *subscript:
		key, _ := constantText(e.key)
		w.object(e.object, Name{Attribute: key, Broken: true})
		w.expression(e.key)
	case *slicing:
		w.object(e.object, Name{Broken: true})
		w.expressions([]expression{e.start, e.stop, e.step})
	case *call:
		w.call(e, "")
	case *filtered:
		if v, ok := e.input.(*variable); ok && e.filter.Name == "default" {
			w.known[v.name] = true
		}
		w.filter(e.filter)
		w.expression(e.input)
		w.misuse(e.Pos, e.arguments, &e.filter.Signature)
		w.arguments(e.arguments)
	case *tested:
		if v, ok := e.operand.(*variable); ok && (e.test.Name == "defined" || e.test.Name == "undefined") {
			w.known[v.name] = true
		}
		w.expression(e.operand)
		w.misuse(e.Pos, e.arguments, &e.test.Signature)
		w.arguments(e.arguments)
	}
}

// object walks what something is taken of.
func (w *nameWalk) object(e expression, use Name) {
	switch e := e.(type) {
	case *variable:
		w.name(e, use)
	case *call:
		w.call(e, use.Attribute)
	default:
		w.expression(e)
	}
}

func (w *nameWalk) call(e *call, taken string) {
	w.object(e.callee, Name{Call: true, Args: w.args(e.arguments), Attribute: taken, Broken: true})
	w.misuseOfCall(e)
	w.arguments(e.arguments)
}

func (w *nameWalk) arguments(a arguments) {
	w.expressions(a.positional)
	w.expressions(a.named)
	w.expression(a.spread)
	w.expression(a.spreadMap)
}

func constantText(e expression) (string, bool) {
	c, ok := e.(*constant)
	if !ok {
		return "", false
	}
	text, ok := c.value.(string)
	return text, ok
}

// inPlaces puts named arguments to their places, as far as they are those of the
// pipeline's functions.
func inPlaces(a arguments) []expression {
	if a.spread != nil || a.spreadMap != nil {
		return nil
	}
	list := slices.Clone(a.positional)
	for i, name := range a.names {
		switch name {
		case "pipe_id", "param_key", "name":
			list = append([]expression{a.named[i]}, list[min(1, len(list)):]...)
		case "data_key":
			for len(list) < 2 {
				list = append(list, nil)
			}
			list[1] = a.named[i]
		default:
			return nil
		}
	}
	return list
}
