package analysis

import (
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Name is a use of a name in a template, for checks before a template runs.
type Name struct {
	Name         string
	Line, Column int
	// Call is true if the name is called. Args are then the positional
	// arguments.
	Call bool
	Args []Arg
	// Attribute is what is taken of the name, as in ticket.id and ticket['id'], or of
	// what its call returns.
	Attribute string
	// Broken is true if an undefined value is an error at this place, and not just
	// empty.
	Broken bool
	// Certain is true if the place is reached whenever the template is rendered.
	Certain bool
	// Known is true for a function or variable of the language, a name that the
	// template sets somewhere, and one that it asks about, as in "is defined".
	Known bool
}

// Arg is an argument that is a literal text, with the place of its quote; for any other
// it is empty.
type Arg struct {
	Text         string
	Line, Column int
}

// Names lists the uses of names in a template that a Renderer parsed,
// in the order of the template.
func Names(parsed api.Template) []Name { return walk(parsed).names }

func walk(parsed api.Template) *walker {
	t, ok := parsed.(*eval.Template)
	if !ok {
		return &walker{}
	}
	w := &walker{source: t.Parsed.Source, methods: t.Environment.Library.Tables(), known: map[string]bool{
		"pipe_results": true, "params": true, "parent_params": true,
		"loop": true, "caller": true, "varargs": true, "kwargs": true, "self": true,
	}, certain: true}
	for name := range t.Environment.Variables {
		w.known[name] = true
	}
	w.statements(t.Parsed.Body)
	if len(t.Parsed.Body) == 1 && len(w.names) == 1 {
		if lone, ok := t.Parsed.Body[0].(*syntax.Output); ok {
			if _, ok := lone.Value.(*syntax.Variable); ok {
				w.names[0].Broken = true // as the only output an undefined value is an error
			}
		}
	}
	for i := range w.names {
		w.names[i].Known = w.names[i].Known || w.known[w.names[i].Name]
	}
	return w
}

type walker struct {
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

// chosen returns the choice that was made at a node.
func (w *walker) chosen(node any) (option int, made bool) {
	if w.choice != nil {
		option, made = w.choice(node)
	}
	return option, made
}

// test walks a condition, except for parts whose outcome was chosen.
func (w *walker) test(e syntax.Expression) {
	if _, made := w.chosen(eval.Condition{Test: e}); made {
		return
	}
	switch e := e.(type) {
	case *syntax.Logic:
		w.test(e.Left)
		w.maybe(func() { w.test(e.Right) })
	case *syntax.Negation:
		w.test(e.Operand)
	default:
		w.expression(e)
	}
}

// drawn represents a random element among the names that Outcomes looks at.
const drawn = "|random"

func (w *walker) filter(f *runtime.Filter) {
	if w.outcomes && f.Name == "random" {
		w.names = append(w.names, Name{Name: drawn})
	}
}

// maybe walks what may not be reached.
func (w *walker) maybe(walk func()) {
	before := w.certain
	w.certain = false
	walk()
	w.certain = before
}

func (w *walker) name(v *syntax.Variable, use Name) {
	use.Name = v.Name
	use.Line, use.Column = w.place(v.Pos)
	use.Certain, use.Known = w.certain, v.Global != nil
	w.names = append(w.names, use)
}

func (w *walker) place(p position.Pos) (line, column int) {
	var place *api.TemplateError
	if errors.As(position.Locate(w.source, &position.Error{Pos: int(p)}), &place) {
		return place.Line, place.Column
	}
	return 1, 1
}

// args are the arguments of one of the pipeline's functions.
func (w *walker) args(a syntax.Arguments) []Arg {
	var args []Arg
	for _, e := range inPlaces(a) {
		var arg Arg
		if text, ok := constantText(e); ok {
			arg.Text = text
			arg.Line, arg.Column = w.place(e.(*syntax.Constant).Pos)
		}
		args = append(args, arg)
	}
	return args
}

func (w *walker) statements(list []syntax.Statement) {
	for _, s := range list {
		w.statement(s)
	}
}

func (w *walker) statement(s syntax.Statement) {
	switch s := s.(type) {
	case *syntax.Output:
		w.expression(s.Value)
	case *syntax.IfStatement:
		if option, made := w.chosen(s); made {
			w.statements(s.BodyOf(option))
			return
		}
		for i, b := range s.Branches {
			if i == 0 {
				w.test(b.Test)
			}
			w.maybe(func() {
				if i > 0 {
					w.test(b.Test)
				}
				w.statements(b.Body)
			})
		}
		w.maybe(func() { w.statements(s.Otherwise) })
	case *syntax.ForStatement:
		w.expression(s.Items)
		w.set(s.Target)
		w.maybe(func() {
			w.expression(s.Test)
			w.statements(s.Body)
			w.statements(s.Otherwise)
		})
	case *syntax.Assignment:
		if _, made := w.chosen(s); !made {
			w.expression(s.Value)
		}
		w.set(s.Target)
	case *syntax.BlockAssignment:
		w.set(s.Target)
		w.filters(s.Filters)
		w.statements(s.Body)
	case *syntax.FilterStatement:
		w.filters(s.Filters)
		w.statements(s.Body)
	case *syntax.WithStatement:
		for i, t := range s.Names {
			w.expression(s.Values[i])
			w.set(t)
		}
		w.statements(s.Body)
	case *syntax.BlockStatement:
		w.statements(s.Body)
	case *syntax.AutoescapeStatement:
		w.expression(s.Value)
		w.statements(s.Body)
	case *syntax.MacroStatement:
		w.known[s.Name] = true
		w.macro(s)
	case *syntax.CallStatement:
		w.expression(s.Call)
		w.macro(s.Macro)
	}
}

func (w *walker) macro(m *syntax.MacroStatement) {
	for _, name := range m.Parameters {
		w.known[name] = true
	}
	w.maybe(func() {
		w.expressions(m.Defaults)
		w.statements(m.Body)
	})
}

func (w *walker) set(t syntax.Target) {
	if !t.IsTuple {
		w.known[t.Name] = true
	}
	for _, part := range t.Tuple {
		w.set(part)
	}
}

func (w *walker) filters(list []*syntax.Filtered) {
	for _, f := range list {
		w.filter(f.Filter)
		w.misuse(f.Pos, f.Arguments, &f.Filter.Signature)
		w.arguments(f.Arguments)
	}
}

func (w *walker) expressions(list []syntax.Expression) {
	for _, e := range list {
		w.expression(e)
	}
}

func (w *walker) expression(e syntax.Expression) {
	switch e := e.(type) {
	case *syntax.Variable:
		w.name(e, Name{})
	case *syntax.ListDisplay:
		w.expressions(e.Items)
	case *syntax.TupleDisplay:
		w.expressions(e.Items)
	case *syntax.DictDisplay:
		w.expressions(e.Keys)
		w.expressions(e.Values)
	case *syntax.Conditional:
		if option, made := w.chosen(e); made {
			w.expression([]syntax.Expression{e.Yes, e.No}[option])
			return
		}
		w.test(e.Test)
		w.maybe(func() {
			w.expression(e.Yes)
			w.expression(e.No)
		})
	case *syntax.Logic:
		w.expression(e.Left)
		w.maybe(func() { w.expression(e.Right) })
	case *syntax.Negation:
		w.expression(e.Operand)
	case *syntax.Concat:
		w.expressions(e.Parts)
	case *syntax.Comparison:
		w.expression(e.First)
		left := e.First
		for i, c := range e.Rest {
			walk := func() {
				w.expression(c.Operand)
				w.compare(left, c.Operator, c.Operand)
			}
			if i == 0 {
				walk()
			} else {
				w.maybe(walk)
			}
			left = c.Operand
		}
	case *syntax.Signed:
		w.expression(e.Operand)
	case *syntax.Binary:
		w.expression(e.Left)
		w.expression(e.Right)
	case *syntax.Attribute:
		w.object(e.Object, Name{Attribute: e.Name, Broken: true})
	case *syntax.Subscript:
		key, _ := constantText(e.Key)
		w.object(e.Object, Name{Attribute: key, Broken: true})
		w.expression(e.Key)
	case *syntax.Slicing:
		w.object(e.Object, Name{Broken: true})
		w.expressions([]syntax.Expression{e.Start, e.Stop, e.Step})
	case *syntax.Call:
		w.call(e, "")
	case *syntax.Filtered:
		if v, ok := e.Input.(*syntax.Variable); ok && e.Filter.Name == "default" {
			w.known[v.Name] = true
		}
		w.filter(e.Filter)
		w.expression(e.Input)
		w.misuse(e.Pos, e.Arguments, &e.Filter.Signature)
		w.arguments(e.Arguments)
	case *syntax.Tested:
		if v, ok := e.Operand.(*syntax.Variable); ok && (e.Test.Name == "defined" || e.Test.Name == "undefined") {
			w.known[v.Name] = true
		}
		w.expression(e.Operand)
		w.misuse(e.Pos, e.Arguments, &e.Test.Signature)
		w.arguments(e.Arguments)
	}
}

// object walks an expression that has an attribute, an element or a call.
func (w *walker) object(e syntax.Expression, use Name) {
	switch e := e.(type) {
	case *syntax.Variable:
		w.name(e, use)
	case *syntax.Call:
		w.call(e, use.Attribute)
	default:
		w.expression(e)
	}
}

func (w *walker) call(e *syntax.Call, taken string) {
	w.object(e.Callee, Name{Call: true, Args: w.args(e.Arguments), Attribute: taken, Broken: true})
	w.misuseOfCall(e)
	w.arguments(e.Arguments)
}

func (w *walker) arguments(a syntax.Arguments) {
	w.expressions(a.Positional)
	w.expressions(a.Named)
	w.expression(a.Spread)
	w.expression(a.SpreadMap)
}

func constantText(e syntax.Expression) (string, bool) {
	c, ok := e.(*syntax.Constant)
	if !ok {
		return "", false
	}
	text, ok := c.Value.(string)
	return text, ok
}

// inPlaces puts named arguments in their positions, as far as they are those of the
// pipeline's functions.
func inPlaces(a syntax.Arguments) []syntax.Expression {
	if a.Spread != nil || a.SpreadMap != nil {
		return nil
	}
	list := slices.Clone(a.Positional)
	for i, name := range a.Names {
		switch name {
		case "pipe_id", "param_key", "name":
			list = append([]syntax.Expression{a.Named[i]}, list[min(1, len(list)):]...)
		case "data_key":
			for len(list) < 2 {
				list = append(list, nil)
			}
			list[1] = a.Named[i]
		default:
			return nil
		}
	}
	return list
}
