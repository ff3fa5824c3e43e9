package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/doors"
	"github.com/open-ticket-ai/otai/internal/supervise"
)

// supervised does the command in a worker. ends says that the command ends by itself, and lastGood
// that it may run the last good configuration.
func (c *command) supervised(ctx context.Context, ends, lastGood bool) error {
	o := supervise.Options{Once: ends, Rejects: []int{int(app.CodeUsage), int(app.CodePlugins)}}
	if lastGood {
		o.LastGood = int(app.CodeUsage)
	}
	return c.supervise(ctx, o)
}

// answering does a command in a worker whose answer takes code of plugins. reads says that it
// reads standard input.
func (c *command) answering(cmd *cobra.Command, reads, asJSON bool) error {
	o := supervise.Options{Once: true, Answers: true}
	if typed, ok := c.settings.Stdin.(*os.File); ok && reads && isTerminal(typed) {
		o.Input, o.MaxInput = typed, mostTyped // nobody reads a terminal in the background
	}
	err := c.supervise(cmd.Context(), o)
	if errors.As(err, new(*supervise.DiedError)) {
		return answerError(cmd.OutOrStdout(), asJSON, err)
	}
	return err
}

func (c *command) supervise(ctx context.Context, o supervise.Options) error {
	debug.SetGCPercent(supervisorGC)
	// A crash of this process would have exit code 2 otherwise, which a service manager takes for
	// a wrong configuration.
	debug.SetTraceback("crash")
	o.Args, o.Temporary, o.Refused, o.Logger, o.Output, o.Manager = os.Args[1:], int(app.CodeRun), int(app.CodePlugins), c.settings.PlainLogger, fileOf(c.settings.Stdout), c.process.manager
	o.Report = func(plugin string) string { return "otai plugin report " + plugin + c.settings.StateFlag() }
	o.Version, o.Inherited = version, c.process.inherited
	if !o.Once { // a service
		o.Release = c.process.leave
		o.View = new(supervise.View)
		reloads := make(chan supervise.Reload)
		o.Reloads = reloads
		open := doors.New(doors.Options{Reload: reloader(reloads), View: o.View, Version: version, PassedOn: o.Inherited.Listener, Logger: func() *slog.Logger { return c.settings.PlainLogger("auto", "info") }})
		defer open.Close()
		o.Doors, o.Yield = open.Open, open.Yield
	}
	if o.Input == nil && o.Inherited == nil && c.settings.ReadsStdin() {
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

// mostTyped is how much may be typed, in bytes.
const mostTyped = 1 << 30

// supervisorGC keeps the supervisor small: it has little to collect, and next to nothing to do.
const supervisorGC = 20 // percent

// errWorker is what the worker has reported already.
var errWorker = errors.New("the worker ended with an error")
