package runtime

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
)

// ArgumentError says that a call has arguments that its callee never takes.
type ArgumentError struct {
	Callee  string // name of the filter, test, function or method
	Problem string // what is wrong, as in "takes no argument "x""
	Missing string // the argument that it needs, if that is what is wrong
	Hint    string // what to write instead, or ""

	problem position.Message // Problem, whose names of arguments may be computed
}

func (e *ArgumentError) Error() string {
	if e.Hint != "" {
		return e.What() + ": " + e.Hint
	}
	return e.What()
}

// What is the message without the hint.
func (e *ArgumentError) What() string { return e.Callee + " " + e.Problem }

// In implements [position.Quoting].
func (e *ArgumentError) In(seen position.Seen) (string, bool) {
	text, whole := e.problem.In(seen)
	if !whole {
		return e.Callee + " " + text, false
	}
	return e.Error(), true
}

func (s *Signature) wrong(hint, format string, args ...any) error {
	problem := position.Message{Format: format, Args: args}
	return &ArgumentError{Callee: s.Name, Problem: problem.String(), Hint: hint, problem: problem}
}

func (s *Signature) missing(argument string) error {
	e := &ArgumentError{Callee: s.Name, Problem: fmt.Sprintf("needs the argument %q", argument), Missing: argument}
	e.problem.Format = "%s"
	e.problem.Args = []any{e.Problem}
	return e
}
