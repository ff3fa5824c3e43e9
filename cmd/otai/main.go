// Command otai automates help-desk tickets by native plugins. See `otai help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/internal/systemd"
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
	inherited := supervise.Begin()
	manager := systemd.Take()
	worker, err := supervise.Connect(version)
	if err != nil {
		show(errorOutput(), "otai: %s\n", err)
		os.Exit(int(app.CodeRun))
	}
	makeRoomForC()
	ctx, signals, leave, stop := stopping(worker, inherited)
	out, err := newAnswer(os.Stdout)
	if err == nil {
		err = setAside()
	}
	if err != nil {
		show(errorOutput(), "otai: %s\n", err)
		os.Exit(int(app.CodeRun))
	}
	root := newRoot(process{worker: worker, inherited: inherited, signals: signals, leave: leave, manager: manager})
	root.SetOut(out)
	cmd, err := root.ExecuteContextC(ctx)
	stop()
	code := end(cmd, err, out.close())
	worker.End(code)
	if code != 0 {
		os.Exit(code)
	}
}

// stopping returns a context that ends when the process is asked to end: a worker by its
// supervisor, any other by a signal. signals takes the signals anew, after code that may have
// taken them over, and leave leaves them to somebody else. For a supervisor that has taken another one's place
// signals wait until it listens itself.
func stopping(worker *supervise.Worker, inherited *supervise.Inherited) (ctx context.Context, signals, leave, stop func()) {
	switch {
	case worker != nil:
		ctx, stop = worker.Context(context.Background())
		return ctx, worker.TakeSignals, func() {}, stop
	case inherited != nil:
		ctx, stop = context.WithCancel(context.Background())
		return ctx, func() {}, func() {}, stop
	}
	return stopOn(stopSignals())
}

// end reports what went wrong, and returns the exit code: of the command, unless its
// answer could not be written.
func end(cmd *cobra.Command, err, writing error) int {
	if readerGone(writing) {
		return exitReaderGone
	}
	if err != nil && !errors.As(err, new(shownError)) {
		show(errorOutput(), "otai: %s\n", err)
	}
	if writing != nil {
		if !errors.Is(err, writing) {
			show(errorOutput(), "otai: %s\n", writing)
		}
		err = writing
	}
	if err == nil {
		return 0
	}
	if !errors.As(err, new(*app.ExitError)) {
		fmt.Fprintf(os.Stderr, "See `%s --help`.\n", cmd.CommandPath())
	}
	return exitCode(err)
}

// errorOutput is where errors are shown. The journal keeps them as such.
func errorOutput() io.Writer {
	if systemd.Journal(os.Stderr, os.Getenv(systemd.JournalVariable)) {
		return systemd.Prefix(os.Stderr, systemd.Error)
	}
	return os.Stderr
}

// makeRoomForC gives Go's scheduler one processor more than there are CPUs. A call
// into C, as of a plugin that computes, holds one of them. When all are held, the
// scheduler takes one back at each of its ticks and lets another thread look for
// work with it, which costs the computation up to a third of its time; a spare one
// keeps it quiet. Where the user or a control group has set a number, that stands.
func makeRoomForC() {
	if n := runtime.NumCPU(); os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) == n {
		runtime.GOMAXPROCS(n + 1)
	}
}

// stopOn returns a context that ends with the first of the signals; the second one ends the
// process at once. again takes the signals anew, after code that may have taken them over. leave
// takes them no more.
func stopOn(signals []os.Signal) (ctx context.Context, again, leave, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	heard := make(chan os.Signal, 1)
	var mu sync.Mutex
	ended := false
	again = func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			signal.Notify(heard, signals...)
		}
	}
	leave = func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		signal.Stop(heard)
	}
	stop = func() {
		leave()
		cancel()
	}
	again()
	go func() {
		select {
		case <-heard:
			stop()
		case <-ctx.Done():
		}
	}()
	return ctx, again, leave, stop
}

// stopSignals are those that end the work in order. A terminal that is closed sends
// SIGHUP, unless the process was started by nohup, which stands.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// exitCode returns that of an ExitError; an error without one is cobra's: wrong usage.
func exitCode(err error) int {
	var f *app.ExitError
	if errors.As(err, &f) {
		return int(f.Code)
	}
	return int(app.CodeUsage)
}
