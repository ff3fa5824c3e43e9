package loader

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// probeArgument is the first argument of a process that was started as a probe.
const probeArgument = "__probe-plugin"

// Descriptors of the child, after those that every process has.
const (
	probeResult   = 3
	probeLifeline = 4
)

// What a child says that it is about to do.
const (
	doingOpen     = "open"
	doingDescribe = "describe"
	doingCheck    = "check"
	doingAsk      = "ask"
)

const maxProbeStack = 64 << 20 // bytes

// probeServed is set by [ServeProbe]. Without it, a child of this binary would
// not probe but run the whole host, which would start children of its own.
var probeServed atomic.Bool

// ServeProbe must be called by a host's main before anything else; otherwise [Load] and
// [Inspect] return an error. It returns false in an ordinary process. In a child process
// that the loader started to try a plugin file, or to watch one that does, it does that,
// and returns true; main must then return.
func ServeProbe() bool {
	probeServed.Store(true)
	if len(os.Args) == 4 && os.Args[1] == keeperArgument {
		outliveHangups()
		if err := keepProbe(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return true
	}
	if len(os.Args) != 3 || os.Args[1] != probeArgument {
		return false
	}
	if !isPipe(probeResult) || !isPipe(probeLifeline) {
		fmt.Fprintln(os.Stderr, "this is for the process itself, which tries plugin files so")
		return true
	}
	outliveHangups()
	syscall.CloseOnExec(probeResult)
	syscall.CloseOnExec(probeLifeline)
	go endWithParent(os.NewFile(probeLifeline, "lifeline"))
	// Where memory runs out, this process is to end and not the one that waits for it.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// A crash is what this process is for: it leaves no core file, and a short trace.
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	debug.SetTraceback("single")
	debug.SetMaxStack(maxProbeStack) // Go's own limit takes seconds to fill
	if err := serveProbe(os.Args[2], json.NewEncoder(os.NewFile(probeResult, "result"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return true
}

// outliveHangups lets SIGHUP pass, which asks for a reload and is sent to each process of a service:
// it would be put down to the plugin. Were it ignored, so it would be in what a plugin starts.
func outliveHangups() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) }

func isPipe(descriptor int) bool {
	var stat syscall.Stat_t
	return syscall.Fstat(descriptor, &stat) == nil && stat.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// endWithParent ends this process, and all that it started, when the parent has
// gone, also one that was killed. A plugin may block for ever.
func endWithParent(lifeline io.Reader) {
	_, _ = io.Copy(io.Discard, lifeline)
	_ = syscall.Kill(0, syscall.SIGKILL)
}

func serveProbe(argument string, result *json.Encoder) error {
	var request probeRequest
	if err := json.Unmarshal([]byte(argument), &request); err != nil {
		return err
	}
	found, list, rejection, err := tryPlugin(request, result)
	if err != nil {
		return err
	}
	last := probeMessage{Report: found, End: true}
	if request.Checks && rejection == nil {
		if err := result.Encode(probeMessage{Doing: doingCheck}); err != nil {
			return err
		}
		last.Report = nil
		if last.Checked, err = answerChecks(os.Stdin, list); err != nil {
			return err
		}
	}
	if request.Models && rejection == nil {
		if err := result.Encode(probeMessage{Doing: doingAsk}); err != nil {
			return err
		}
		last.Report = nil
		if last.Models, err = answerModels(os.Stdin, request.app(), list); err != nil {
			return err
		}
	}
	if request.Labels && rejection == nil {
		if err := result.Encode(probeMessage{Doing: doingAsk}); err != nil {
			return err
		}
		last.Report = nil
		if last.Labels, err = answerLabels(os.Stdin, request.app(), list); err != nil {
			return err
		}
	}
	if e := asError(rejection); e != nil {
		last = probeMessage{Rejection: &probeError{Code: e.Code, Cause: e.Err.Error(), Fix: e.Fix}, End: true}
	}
	return result.Encode(last)
}

func tryPlugin(request probeRequest, result *json.Encoder) (found *report, list []api.Injectable, rejection, err error) {
	p := &request.Plugin
	if err := result.Encode(probeMessage{Doing: doingOpen}); err != nil {
		return nil, nil, nil, err
	}
	create, opening, rejection := openFile(p, request.File, 0, false) // the parent has a limit
	if rejection != nil {
		return nil, nil, rejection, nil
	}
	if err := result.Encode(probeMessage{Doing: doingDescribe}); err != nil {
		return nil, nil, nil, err
	}
	found, list, rejection = examine(p, create, request.app(), 0)
	if found != nil {
		found.Effects = opening.effects()
	}
	return found, list, rejection, nil
}

// app describes the host to the plugin.
func (r probeRequest) app() api.AppConfig {
	return api.AppConfig{
		Separator: r.App.Separator, PluginPrefix: r.App.PluginPrefix, APIVersion: r.App.APIVersion,
		HostVersion: r.App.HostVersion, CacheDir: r.App.CacheDir, StateDir: r.App.StateDir,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}
