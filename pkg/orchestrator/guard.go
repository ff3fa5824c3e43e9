package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// owner says whose code runs: what errors and log lines name.
type owner struct {
	path   string // place in the configuration
	plugin string
	file   string // of the plugin
	step   string // what people call the pipe or service there
}

// ownerOf is the owner of what a plugin offers.
func (e *Engine) ownerOf(path, plugin, step string) owner {
	o := owner{path: path, plugin: plugin, step: step}
	if e.options.File != nil {
		o.file = e.options.File(plugin)
	}
	return o
}

// who is the plugin with its file, for people.
func (o owner) who() string {
	if o.file == "" {
		return o.plugin
	}
	return o.plugin + " in " + o.file
}

// about are the attributes of a log line.
func (o owner) about() []any {
	return []any{"path", o.path, "plugin", o.plugin, "file", o.file, "step", o.step}
}

// guard runs f, which is code of a plugin, so that however it ends is an error here, and the
// error's methods run no code of the plugin.
func (o owner) guard(f func() error) error { return o.named(freeze.Call(0, f)) }

// Ask runs f, which calls the service with this id, for a host that uses a service outside
// of runs. However f ends is an error here, which names the plugin. After the end of ctx it is
// waited for as long as for a running step; then it is given up.
func (e *Engine) Ask(ctx context.Context, id string, f func() error) error {
	s, ok := e.services[id]
	if !ok {
		return fmt.Errorf("there is no service %q", id)
	}
	e.doing(Working, s.Use, s.Path)
	defer e.doing(Working, "", "")
	return s.owner.inTime("a call", freeze.CallUntil(0, ctx.Done(), e.options.Grace, f))
}

// named says whose panic an error is.
func (o owner) named(err error) error {
	own := PanicError{Path: o.path, Plugin: o.plugin, File: o.file, Step: o.step}
	switch broken := err.(type) { //nolint:errorlint // freeze returns these themselves
	case *freeze.PanicError:
		own.Doing, own.Value, own.Place, own.Stack, own.err = broken.Doing, broken.Value, broken.Place, broken.Stack, broken.Unwrap()
	case *freeze.StuckError:
		if broken.Doing == "" {
			return err // the call itself
		}
		own.Value = broken.Error()
	default:
		if !errors.Is(err, freeze.ErrGoexit) {
			return err
		}
		own.Value = freeze.ErrGoexit.Error()
	}
	return &own
}

// recovered is for the host's own code, which calls that of plugins only through guard.
func (o owner) recovered(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Path: o.path, Plugin: o.plugin, File: o.file, Step: o.step, Value: freeze.Text(v), Stack: debug.Stack()}
	}
}

// isForeign reports whether code of a plugin runs in a pipe: its own, or that of a service
// that it is given.
func isForeign(i api.Injectable, spec *params.Spec) bool {
	return !freeze.Known(i.Params) || len(spec.Injections()) > 0
}

// plainResult makes what a pipe answered data that nobody else has; copied, if it may have
// come from a plugin.
func plainResult(r api.PipeResult, copied bool) (api.PipeResult, error) {
	switch r.Status {
	case "", api.Succeeded, api.Failed, api.Skipped:
	default:
		return api.PipeResult{}, fmt.Errorf("its answer has the status %s, which is not one of succeeded, failed, skipped", freeze.Text(string(r.Status)))
	}
	r.Message = freeze.Text(r.Message)
	if r.Data == nil {
		return r, nil
	}
	plain := params.Plain
	if copied {
		plain = params.PlainCopy
	}
	data, err := plain(r.Data)
	if err != nil {
		return api.PipeResult{}, fmt.Errorf("its answer can't be handed on: %w", freeze.Error(err))
	}
	r.Data, _ = data.(map[string]any)
	return r, nil
}
