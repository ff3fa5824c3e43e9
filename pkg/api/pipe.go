package api

import (
	"context"
	"errors"
	"fmt"
)

// Pipe is one step of the work. A failed result is an answer ("no tickets"); an
// error is a fault ("the help desk is down"), and with it the result is ignored.
type Pipe[P any] interface {
	Process(ctx context.Context, params P, scope Scope) (PipeResult, error)
}

// PipeFunc is a [Pipe] without state.
type PipeFunc[P any] func(ctx context.Context, params P, scope Scope) (PipeResult, error)

// Process calls f.
func (f PipeFunc[P]) Process(ctx context.Context, params P, scope Scope) (PipeResult, error) {
	return f(ctx, params, scope)
}

// Status says how a pipe ended. It is text because logs, templates and the wire
// show it.
type Status string

// The states of a [PipeResult].
const (
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Skipped   Status = "skipped" // chosen not to run: neither success nor failure
)

// PipeResult is a pipe's answer. The zero value is a success without data. Data
// may hold structs with otai tags, slices, maps and times; the host turns it into
// plain values before anyone sees it and refuses what can't be plain.
type PipeResult struct {
	_ struct{}

	Status  Status // "" means Succeeded
	Message string
	Data    map[string]any
}

// Success is a successful result with data, which may be nil.
func Success(data map[string]any) PipeResult { return PipeResult{Status: Succeeded, Data: data} }

// Failure is a failed result whose message is formatted as by fmt.Sprintf.
func Failure(format string, args ...any) PipeResult {
	return PipeResult{Status: Failed, Message: fmt.Sprintf(format, args...)}
}

// Skip is a skipped result whose message is formatted as by fmt.Sprintf.
func Skip(format string, args ...any) PipeResult {
	return PipeResult{Status: Skipped, Message: fmt.Sprintf(format, args...)}
}

// Succeeded reports whether the pipe did its work.
func (r PipeResult) Succeeded() bool { return r.Status == Succeeded || r.Status == "" }

// Failed reports whether the pipe answered that it could not.
func (r PipeResult) Failed() bool { return r.Status == Failed }

// Skipped reports whether the pipe chose not to run.
func (r PipeResult) Skipped() bool { return r.Status == Skipped }

// ChildPipe is a pipe inside a pipe's params, bound to its place in the
// configuration: it runs any plugin's pipe and keeps its state from run to run.
type ChildPipe struct {
	id, use string
	run     func(context.Context, Scope) (PipeResult, error)
}

// NewChildPipe is for hosts and tests.
func NewChildPipe(id, use string, run func(context.Context, Scope) (PipeResult, error)) ChildPipe {
	return ChildPipe{id: id, use: use, run: run}
}

// ID returns the child's id in the configuration, "" where it has none.
func (c ChildPipe) ID() string { return c.id }

// Use returns the registry name of the child's pipe.
func (c ChildPipe) Use() string { return c.use }

// IsZero reports whether the configuration gave no such child.
func (c ChildPipe) IsZero() bool { return c.run == nil }

// Run renders the child's params in scope, now, and runs it.
func (c ChildPipe) Run(ctx context.Context, scope Scope) (PipeResult, error) {
	if c.run == nil {
		return PipeResult{}, errors.New("this child pipe was not configured")
	}
	return c.run(ctx, scope)
}
