// Command otai automates help-desk tickets by native plugins. See `otai help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/open-ticket-ai/otai/internal/app"
)

// Set by the linker: -X main.version=1.2.3 -X main.apiLevel=1.0.0.
var (
	version  = "0.1.0-dev"
	apiLevel = "1.0.0"
)

func main() {
	if app.ServeProbe() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		if !errors.As(err, new(shownError)) {
			fmt.Fprintln(os.Stderr, "otai:", err)
		}
		if !errors.As(err, new(*app.Fault)) {
			fmt.Fprintln(os.Stderr, "See `otai --help`.")
		}
		os.Exit(exitCode(err))
	}
}

// exitCode is that of the fault; an error without one is cobra's: wrong usage.
func exitCode(err error) int {
	var f *app.Fault
	if errors.As(err, &f) {
		return int(f.Code)
	}
	return int(app.CodeUsage)
}
