package runtime

import "fmt"

// ArgumentError says that a call has arguments that its callee never takes.
type ArgumentError struct {
	Callee  string // name of the filter, test, function or method
	Problem string // what is wrong, as in "takes no argument "x""
	Missing string // the argument that it needs, if that is what is wrong
	Hint    string // what to write instead, or ""
}

func (e *ArgumentError) Error() string {
	if e.Hint != "" {
		return e.What() + ": " + e.Hint
	}
	return e.What()
}

// What is the message without the hint.
func (e *ArgumentError) What() string { return e.Callee + " " + e.Problem }

func (s *Signature) wrong(hint, format string, args ...any) error {
	return &ArgumentError{Callee: s.Name, Problem: fmt.Sprintf(format, args...), Hint: hint}
}

func (s *Signature) missing(argument string) error {
	return &ArgumentError{Callee: s.Name, Problem: fmt.Sprintf("needs the argument %q", argument), Missing: argument}
}
