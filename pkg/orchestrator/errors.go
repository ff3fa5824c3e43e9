package orchestrator

import (
	"errors"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// runFault is a fault at one place of the configuration. The innermost one counts;
// the pipes around it add nothing.
type runFault struct {
	at   string // file, line and column; empty where nobody can tell
	path string
	err  error
}

func (e *runFault) Error() string {
	if e.at == "" {
		return e.path + ": " + e.err.Error()
	}
	text := e.err.Error()
	if template, ok := e.err.(*api.TemplateError); ok && template.Err != nil {
		text = template.Err.Error() // its place in the template is part of at
	}
	return e.at + ": " + e.path + ": " + text
}

func (e *runFault) Unwrap() error { return e.err }

func (n *node) fault(path string, err error) error {
	if errors.As(err, new(*runFault)) {
		return err
	}
	f := &runFault{path: path, err: err}
	if locate := n.engine.options.Locate; locate != nil {
		f.at = locate(path, err)
	}
	return f
}

// paramsFault names the place of each fault in the params.
func (n *node) paramsFault(err error) error {
	var errs []error
	for _, d := range params.Diagnostics(err) {
		errs = append(errs, n.fault(paramPath(n.path, d.Path), d.AsError()))
	}
	return errors.Join(errs...)
}

// paramPath is the place of a param of the component at path.
func paramPath(path string, param params.Path) string {
	if text := param.String(); text != "" && text[0] != '[' {
		return path + ".params." + text
	} else {
		return path + ".params" + text
	}
}
