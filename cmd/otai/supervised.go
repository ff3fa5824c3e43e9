package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/doors"
	"github.com/open-ticket-ai/otai/internal/supervise"
)

// supervised does the command in a worker. ends says that the command ends by itself.
func (c *command) supervised(ctx context.Context, ends bool) error {
	debug.SetGCPercent(supervisorGC)
	// A crash of this process would have exit code 2 otherwise, which a service manager takes for
	// a wrong configuration.
	debug.SetTraceback("crash")
	o := supervise.Options{Args: os.Args[1:], Once: ends, Temporary: int(app.CodeRun), Logger: c.settings.PlainLogger, Output: fileOf(c.settings.Stdout), Manager: c.manager}
	if !ends { // a service
		o.View = new(supervise.View)
		open := doors.New(doors.Options{View: o.View, Version: version, Logger: func() *slog.Logger { return c.settings.PlainLogger("auto", "info") }})
		defer open.Close()
		o.Doors = open.Open
	}
	if c.settings.ReadsStdin() {
		o.Input, o.MaxInput = c.settings.Stdin, app.MaxInput
	}
	code, err := supervise.Run(ctx, o)
	switch {
	case err != nil:
		return &app.ExitError{Code: app.CodeRun, Err: err}
	case code != 0:
		return &app.ExitError{Code: app.Code(code), Err: shownError{errWorker}}
	}
	return nil
}

// supervisorGC keeps the supervisor small: it has little to collect, and next to nothing to do.
const supervisorGC = 20 // percent

// errWorker is what the worker has reported already.
var errWorker = errors.New("the worker ended with an error")
