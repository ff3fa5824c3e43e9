package orchestrator

import "runtime/debug"

// guard turns a panic of f into an error, because f is a plugin's code and one
// plugin's panic must not end the host.
func guard(path string, f func() error) (err error) {
	defer recovered(path, &err)
	return f()
}

func recovered(path string, err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Path: path, Value: v, Stack: debug.Stack()}
	}
}
