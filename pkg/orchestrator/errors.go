package orchestrator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// ConfigError is a mistake in the configuration. Retrying does not help.
type ConfigError struct {
	Path string // place in the configuration, such as "services.otobo.params.password"
	Err  error  // what is wrong there
}

func (e *ConfigError) Error() string { return e.Path + ": " + e.Text() }

// Text is the error without its place.
func (e *ConfigError) Text() string { return textAt(e.Path, e.Err) }

func (e *ConfigError) Unwrap() error { return e.Err }

func configError(path, format string, args ...any) error {
	return &ConfigError{Path: path, Err: fmt.Errorf(format, args...)}
}

// RunError is an error of a run with its place in the configuration: that of the
// innermost pipe. The pipes around it add nothing.
type RunError struct {
	At   string // the place as file:line:column; "" if it is not known
	Path string // the place as a path, such as "orchestrator.params.steps[0].params.expression"
	Err  error  // what the pipe returned, or what is wrong with its params
	// Params is true where the pipe wasn't called, because its params could not be rendered
	// or read.
	Params bool
	// Plugin is the one whose code runs in the pipe: the one that offers it, or for a pipe of
	// the host's the one of its service. File is the plugin's, and Step what people call the pipe.
	Plugin, File, Step string

	services []string // the ids of those that the pipe is given
}

func (e *RunError) Error() string {
	text := textAt(e.Path, e.Err)
	if e.At == "" {
		return e.Path + ": " + text
	}
	//nolint:errorlint // the text of a wrap would be lost
	if template, ok := e.Err.(*api.TemplateError); ok && template.Err != nil {
		text = template.Err.Error() // its place in the template is part of At
	}
	return e.At + ": " + e.Path + ": " + text
}

func (e *RunError) Unwrap() error { return e.Err }

// NotTriedError says that a pipe wasn't called, since [Options.May] keeps its code from
// running, or that of a service that it is given.
type NotTriedError struct {
	Use string // whose code may not run
}

func (e *NotTriedError) Error() string {
	return e.Use + " was not run: nothing says that it changes nothing outside of otai"
}

// PanicError is a panic in a plugin's code, which the engine has caught, or another way in
// which a call did not return.
type PanicError struct {
	Path   string // place in the configuration of the service or pipe
	Plugin string // that offers it
	File   string // of the plugin
	Step   string // what people call it
	Doing  string // what was running beside the call itself, such as a method of the error that it returned
	Value  any    // what the code panicked with, as text
	Place  string // file and line of the code; "" if they aren't known
	Stack  []byte // the stack of the goroutine, as runtime/debug.Stack formats it

	err error
}

func (e *PanicError) Error() string {
	if e.Doing != "" {
		return e.Path + ": " + e.text()
	}
	return e.Path + " " + e.text()
}

// text is the error without its place.
func (e *PanicError) text() string {
	text := fmt.Sprintf("panicked: %v", e.Value)
	if e.Doing != "" {
		text = e.Doing + " " + text
	}
	if e.Plugin != "" {
		text += " (plugin " + owner{plugin: e.Plugin, file: e.File}.who()
		if e.Place != "" {
			text += ", " + e.Place
		}
		text += ")"
	}
	return text
}

// Unwrap returns what else is known of an error whose own method panicked.
func (e *PanicError) Unwrap() error { return e.err }

// textAt is the text of an error behind the name of its place, which a panic in it has as well.
func textAt(path string, err error) string {
	if broken, ok := err.(*PanicError); ok && broken.Path == path { //nolint:errorlint // the text of a wrap would be lost
		return broken.text()
	}
	return err.Error()
}

// whose are the attributes of a log line about err: the plugin and the step where it began.
func whose(err error) []any {
	if at := (*RunError)(nil); errors.As(err, &at) {
		return []any{"plugin", at.Plugin, "file", at.File, "step", at.Step}
	}
	if at := (*LifeError)(nil); errors.As(err, &at) {
		return []any{"plugin", at.Plugin, "file", at.File, "step", at.Step}
	}
	return nil
}

// runError adds the place to an error that has none yet.
func (n *node) runError(path string, err error) error { return n.located(path, err, false) }

// paramsRunError is runError for params that the pipe can't be called with.
func (n *node) paramsRunError(path string, err error) error { return n.located(path, err, true) }

func (n *node) located(path string, err error, ofParams bool) error {
	if errors.As(err, new(*RunError)) {
		return err
	}
	located := &RunError{Path: path, Err: err, Params: ofParams, Plugin: n.owner.plugin, File: n.owner.file, Step: n.called(), services: slices.Sorted(maps.Values(n.injects))}
	if locate := n.engine.options.Locate; locate != nil {
		located.At = locate(path, err)
	}
	return located
}

// runParamsError adds its place to each thing that is wrong with the params.
func (n *node) runParamsError(err error) error {
	var errs []error
	for _, d := range params.Diagnostics(err) {
		errs = append(errs, n.paramsRunError(paramPath(n.path, written(n.raw, d.Path)), d.AsError()))
	}
	return errors.Join(errs...)
}

// written is a path with the keys that stand in the configuration. One that a template has computed
// may be a customer's text, and errors are logged and kept.
func written(raw any, path params.Path) params.Path {
	at, shown := raw, make(params.Path, 0, len(path))
	for _, step := range path {
		key, isKey := step.Key()
		if source, template := at.(string); template && isKey && !strings.Contains(source, key) {
			step = params.KeyStep("…")
		}
		shown = append(shown, step)
		switch inner := at.(type) {
		case map[string]any:
			at = inner[key]
		case []any:
			if i, ok := step.Index(); ok && i < len(inner) {
				at = inner[i]
			}
		}
	}
	return shown
}

// buildError is for what a build function returned. A wrong param is an error in the
// configuration, and so is all else that goes wrong before any I/O.
func buildError(path string, err error) error {
	var field *api.FieldError
	if errors.As(err, &field) {
		return paramsError(path, err)
	}
	return &ConfigError{Path: path, Err: err}
}

// paramsError makes a ConfigError of each thing that is wrong with the params of the
// component at path.
func paramsError(path string, err error) error {
	return owner{}.paramsError(path, err)
}

// paramsError is paramsError for params that a plugin's code has checked: the plugin is named
// where its check is broken.
func (o owner) paramsError(path string, err error) error {
	var errs []error
	for _, d := range params.Diagnostics(err) {
		errs = append(errs, &ConfigError{Path: paramPath(path, d.Path), Err: o.wrong(d)})
	}
	return errors.Join(errs...)
}

// wrong names the plugin where its Validate did not return as it should.
func (o owner) wrong(d params.Diagnostic) error {
	if d.Code == params.CodeBroken && o.plugin != "" {
		return fmt.Errorf("%w (plugin %s)", d.AsError(), o.who())
	}
	return d.AsError()
}

// decodeError keeps the children's errors, which name their own places.
func (n *node) decodeError(err error) error {
	var errs []error
	for _, d := range params.Diagnostics(err) {
		var nested *ConfigError
		if errors.As(d.Err, &nested) {
			errs = append(errs, d.Err)
			continue
		}
		errs = append(errs, &ConfigError{Path: paramPath(n.path, d.Path), Err: n.owner.wrong(d)})
	}
	return errors.Join(errs...)
}

// paramPath is the place of a param of the component at path.
func paramPath(path string, param params.Path) string {
	return below(path+".params", param)
}

// below is the written form of a path that goes on from path.
func below(path string, further params.Path) string {
	text := further.String()
	if text == "" || text[0] == '[' {
		return path + text
	}
	return path + "." + text
}
