package app

import "errors"

// Code is the exit code of a command.
type Code int

// The exit codes, which are documented and stable.
const (
	CodeRun     Code = 1 // it failed while running
	CodeUsage   Code = 2 // wrong usage or configuration
	CodePlugins Code = 3 // a plugin was refused that is required or used
)

// Fault is an error with the exit code that it ends the command with.
type Fault struct {
	Code Code
	Err  error
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// codeOf is the code of an error that has one already, which its new wording keeps.
func codeOf(err error) Code {
	if f := (*Fault)(nil); errors.As(err, &f) {
		return f.Code
	}
	return CodeRun
}

func fault(code Code, err error) error {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return err
	}
	return &Fault{Code: code, Err: err}
}
