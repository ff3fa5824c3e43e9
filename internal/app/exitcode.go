package app

import "errors"

// Code is the exit code of a command. 0 is success, and 141 (128+SIGPIPE) means that
// whoever read the answer closed it; cmd/otai gives that one.
type Code int

// The exit codes of errors, which are documented and stable.
const (
	CodeRun     Code = 1 // it failed while running
	CodeUsage   Code = 2 // wrong usage or configuration
	CodePlugins Code = 3 // a plugin was rejected that is required or used
)

// ExitError is an error with the exit code that it ends the command with.
type ExitError struct {
	Code Code
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *ExitError) Unwrap() error { return e.Err }

// ExitWith gives an error its exit code, unless it has one already. nil stays nil.
func ExitWith(code Code, err error) error {
	if err == nil || errors.As(err, new(*ExitError)) {
		return err
	}
	return &ExitError{Code: code, Err: err}
}

// codeOf returns the exit code that an error already has, for another wording of it.
func codeOf(err error) Code {
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return exit.Code
	}
	return CodeRun
}
