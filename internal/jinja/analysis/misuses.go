package analysis

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Misuse is a call of a filter, test, function or method with arguments that it
// never takes, whatever it is called on.
type Misuse struct {
	Line, Column int
	Err          *runtime.ArgumentError
	// Certain is true if the place is reached whenever the template is rendered.
	Certain bool
}

// Misuses lists them for a template that a Renderer parsed.
func Misuses(parsed api.Template) []Misuse { return walk(parsed).misuses }

// misuse records arguments that none of the possible signatures takes.
func (w *walker) misuse(at position.Pos, a syntax.Arguments, signatures ...*runtime.Signature) {
	if a.Spread != nil || a.SpreadMap != nil || len(signatures) == 0 {
		return
	}
	g := value.CallArgs{Positional: make([]any, len(a.Positional))}
	for _, name := range a.Names {
		g.Named = append(g.Named, value.NamedValue{Name: name})
	}
	var first *runtime.ArgumentError
	for _, s := range signatures {
		_, err := s.Bind(g)
		var wrong *runtime.ArgumentError
		if !errors.As(err, &wrong) {
			return
		}
		if first == nil {
			first = wrong
		}
	}
	line, column := w.place(at)
	w.misuses = append(w.misuses, Misuse{line, column, first, w.certain})
}

func (w *walker) misuseOfCall(e *syntax.Call) {
	switch callee := e.Callee.(type) {
	case *syntax.Variable:
		if f, ok := callee.Global.(*runtime.Function); ok {
			w.misuse(callee.Pos, e.Arguments, &f.Signature)
		}
	case *syntax.Attribute:
		var all []*runtime.Signature
		for _, methods := range w.methods {
			if m := methods[callee.Name]; m != nil {
				all = append(all, &m.Signature)
			}
		}
		w.misuse(callee.Pos, e.Arguments, all...)
	}
}
