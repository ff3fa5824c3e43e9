package loader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/orphans"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

const (
	// DefaultProbeTimeout is how long a plugin may take to be opened and to describe
	// itself, which normally takes milliseconds.
	DefaultProbeTimeout = 10 * time.Second

	// What holds the output of a killed child open, such as a process that it
	// started in a group of its own, is waited for no longer than this.
	probeWaitDelay = 200 * time.Millisecond

	// A keeper that was released says how the child ended within milliseconds, unless what
	// the plugin left behind can't be killed; it doesn't if it was stopped.
	keeperPatience = 6 * time.Second

	maxReport = 8 << 20 // bytes
)

// Offer is a service or pipe as its plugin describes it, as plain data: it can come from
// another process.
type Offer struct {
	Name    string            `json:"name"`             // registry name, as in "otobo-znuny:FetchTicketsPipe"
	Doc     string            `json:"doc,omitempty"`    // one sentence
	Labels  map[string]string `json:"labels,omitempty"` // see the constants Label… of package params
	Service bool              `json:"service"`          // whether it is a service; otherwise it is a pipe
	Type    string            `json:"type"`             // its Go type, with import paths
	Params  *params.Spec      `json:"params"`           // its params; [params.Restore] makes those of another process usable

	Methods []string            `json:"methods,omitempty"` // for a service: its methods, as [Methods] lists them
	Needs   map[string][]string `json:"needs,omitempty"`   // by the name of an injection: the methods of its interface
}

// report is what a plugin says of itself.
type report struct {
	Metadata api.Metadata `json:"metadata"`
	Effects  []string     `json:"effects,omitempty"` // of its init functions on the process
	Offers   []Offer      `json:"offers"`            // names without prefix
}

// probeRequest is the only argument of the child.
type probeRequest struct {
	File   string // private copy
	Plugin Plugin // names and path, for messages
	App    probeApp
	Checks bool // instead of a report, answer the checks that come on standard input
	Models bool // instead of a report, answer the questions about models that come there
	Labels bool // instead of a report, say which labels models have that are asked for there
}

// probeApp is [api.AppConfig] without its logger. It can be compared.
type probeApp struct {
	Separator, PluginPrefix, APIVersion, HostVersion, CacheDir, StateDir string
}

func probeAppOf(app api.AppConfig) probeApp {
	return probeApp{
		Separator: app.Separator, PluginPrefix: app.PluginPrefix, APIVersion: app.APIVersion,
		HostVersion: app.HostVersion, CacheDir: app.CacheDir, StateDir: app.StateDir,
	}
}

// probeMessage is one of the JSON values that the child writes to its result
// descriptor: what it is about to do, then a report or an error, then the end.
// Without the end, the child did not get that far, whatever its exit status.
type probeMessage struct {
	Doing     string                `json:"doing,omitempty"`
	Report    *report               `json:"report,omitempty"`
	Checked   [][]params.Diagnostic `json:"checked,omitempty"`
	Models    [][]map[string]string `json:"models,omitempty"`
	Labels    [][]ModelLabels       `json:"labels,omitempty"`
	Rejection *probeError           `json:"refusal,omitempty"`
	End       bool                  `json:"end,omitempty"`
}

type probeError struct {
	Code  Code   `json:"code"`
	Cause string `json:"cause"`
	Fix   string `json:"fix"`
}

// probe lets a child process of the host's own binary open the private copy, and
// returns what the plugin says of itself there. Code of the plugin that ends,
// blocks or crashes its process does so in the child.
func (l *loading) probe(ctx context.Context, p *Plugin, private string, app api.AppConfig) (*report, error) {
	request := probeRequest{
		File: private, App: probeAppOf(app),
		Plugin: Plugin{Name: p.Name, Package: p.Package, Prefix: p.Prefix, Path: p.Path},
	}
	if known := l.cache.get(p.SHA256, request.App); known != nil {
		return known, nil
	}
	timeout := l.probeTimeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	child, err := runProbe(limited, timeout, l.probeEnviron(p.Name), request, nil)
	if err != nil {
		return nil, p.errorf(StageProbe, CodeProbeCrashed, "check the limits on processes and memory", "the process that tries it can't be started: %w", err)
	}
	found, failure := child.outcome(p, limited.Err(), timeout)
	if failure != nil {
		asError(failure).Output = child.output.text()
		return nil, failure
	}
	l.cache.put(p.SHA256, request.App, found)
	return found, nil
}

// probeTimeout is how long code of a plugin may take, in the child and here.
func (o *Options) probeTimeout() time.Duration {
	if o.ProbeTimeout <= 0 {
		return DefaultProbeTimeout
	}
	return o.ProbeTimeout
}

// probed is what became of the child.
type probed struct {
	last    probeMessage // doing, and report or error, as far as they were read
	ended   bool
	reading error     // why no more could be read
	kept    keptProbe // what its keeper says of its end
	stopped bool      // its keeper was stopped, which only the plugin can have done
	output  output
}

// runProbe has a keeper start the child, and reads what that writes. input is what it may
// read, environ what it may know.
func runProbe(ctx context.Context, timeout time.Duration, environ []string, request probeRequest, input io.Reader) (*probed, error) {
	argument, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	var readers, writers [3]*os.File // result, lifeline, status
	for n := range readers {
		if readers[n], writers[n], err = os.Pipe(); err != nil {
			return nil, errors.Join(err, closeAll(readers[:n]), closeAll(writers[:n]))
		}
	}
	result, lifeline, status := readers[0], readers[1], readers[2]
	defer closeAll([]*os.File{result, status})
	// The keeper reads its end of the lifeline, whose closing means that this process is
	// gone and nobody waits any more.
	release := sync.OnceValue(writers[1].Close)
	defer release()

	child := &probed{}
	// Not os.Executable: the file may have been replaced by another version since
	// this process began.
	command := exec.CommandContext(ctx, "/proc/self/exe", keeperArgument, (timeout + 2*probeWaitDelay).String(), string(argument))
	command.Args[0] = os.Args[0]
	command.Env = environ
	command.Stdin, command.Stdout, command.Stderr = input, &child.output, &child.output
	command.ExtraFiles = []*os.File{writers[0], lifeline, writers[2]}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = release
	command.WaitDelay = time.Second // then the keeper is killed
	err = command.Start()
	if err = errors.Join(err, closeAll(command.ExtraFiles)); err != nil {
		if command.Process != nil {
			err = errors.Join(err, command.Process.Kill(), command.Wait())
		}
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() {
		// Another process may hold the pipe open after the child was killed.
		_ = result.SetReadDeadline(time.Now().Add(probeWaitDelay))
	})
	defer stop()
	child.read(result)
	state, _, _ := orphans.Stat(command.Process.Pid)
	child.stopped = state == "T"
	// What the child started ends with it. It has either said all, or closed the pipe by
	// ending.
	_ = release()
	patience := keeperPatience
	if child.stopped {
		patience = probeWaitDelay // for what it has said before
	}
	_ = status.SetReadDeadline(time.Now().Add(patience))
	messages := json.NewDecoder(status)
	for !child.kept.Ended && child.kept.Failure == "" && messages.Decode(&child.kept) == nil {
	}
	if !child.kept.Ended {
		// The keeper is gone, or was stopped.
		_ = command.Process.Kill()
		if child.kept.Process > 0 {
			_ = syscall.Kill(-child.kept.Process, syscall.SIGKILL)
		}
	}
	_ = command.Wait() // the keeper has said what there is to say
	return child, nil
}

func closeAll(files []*os.File) error {
	errs := make([]error, len(files))
	for n, f := range files {
		errs[n] = f.Close()
	}
	return errors.Join(errs...)
}

func (c *probed) read(from io.Reader) {
	limited := &io.LimitedReader{R: from, N: maxReport}
	messages := json.NewDecoder(limited)
	for !c.last.End {
		if c.reading = messages.Decode(&c.last); c.reading != nil {
			if limited.N <= 0 {
				c.reading = fmt.Errorf("what it says of itself is longer than %d bytes", maxReport)
			}
			return
		}
	}
	c.ended = true
}

// outcome turns what became of the child into what is known of the plugin.
// interrupted is why the child was killed, or nil.
func (c *probed) outcome(p *Plugin, interrupted error, timeout time.Duration) (*report, error) {
	fix := "remove what ends, blocks or crashes the process from init functions, package variables and CreatePlugin: they must only describe"
	if c.last.Doing == doingCheck {
		fix = "remove what ends, blocks or crashes the process from Validate: it must only look at the params"
	}
	if c.last.Doing == doingAsk {
		fix = "remove what ends, blocks or crashes the process from the build function, FindModels and Labels of its services: they must only look"
	}
	if c.stopped {
		interrupted = nil // that the time ran out is only what came of it
	}
	switch {
	case c.ended && c.last.Rejection != nil && c.kept.Ended:
		r := c.last.Rejection
		return nil, p.errorf(StageProbe, r.Code, r.Fix, "%s", r.Cause)
	case c.ended && c.last.Report != nil && c.kept.Ended:
		return c.last.Report, nil
	case errors.Is(interrupted, context.DeadlineExceeded):
		return nil, p.errorf(StageProbe, CodeProbeTimeout, fix,
			"a process that tried it did not come to an end within %v, %s%s", timeout, c.place(), c.output.gist())
	case interrupted != nil:
		return nil, p.errorf(StageProbe, CodeProbeTimeout, "", "trying it was interrupted: %w", interrupted)
	}
	return nil, p.errorf(StageProbe, CodeProbeCrashed, fix, "a process that tried it %s, %s%s", c.end(), c.place(), c.output.gist())
}

// place says how far the child got.
func (c *probed) place() string {
	switch c.last.Doing {
	case doingOpen:
		return "while the plugin's packages were initialized"
	case doingDescribe:
		return "while CreatePlugin or a method of what it returned was running"
	case doingCheck:
		return "while the Validate of its params was running"
	case doingAsk:
		return "while a service was built and asked for its models"
	}
	return "before it opened the plugin"
}

// end says how the child ended.
func (c *probed) end() string {
	switch {
	case c.kept.Failure != "":
		return "could not be started: " + c.kept.Failure
	case !c.kept.Ended:
		return "killed or stopped the process that started it"
	case c.kept.Signal == int(syscall.SIGKILL):
		// It may be the keeper's own, once nothing is to be read any more.
		if errors.Is(c.reading, io.EOF) || errors.Is(c.reading, io.ErrUnexpectedEOF) {
			return "was killed, or closed the descriptor that it answers through"
		}
		return "was ended because its answer can't be read: " + c.reading.Error()
	case c.kept.Signal != 0:
		return "was killed by a signal: " + syscall.Signal(c.kept.Signal).String()
	}
	return fmt.Sprintf("ended with exit status %d", c.kept.Exit)
}

// output keeps the beginning and the end of what the child prints.
type output struct {
	start, end []byte
	left       int64 // bytes that were dropped between them
}

const keptOutput = 2 << 10 // bytes, at each end

func (o *output) Write(text []byte) (int, error) {
	n := len(text)
	room := min(keptOutput-len(o.start), n)
	o.start = append(o.start, text[:room]...)
	o.end = append(o.end, text[room:]...)
	if over := len(o.end) - keptOutput; over > 0 {
		o.end = append(o.end[:0], o.end[over:]...)
		o.left += int64(over)
	}
	return n, nil
}

func (o *output) text() string {
	if o.left == 0 {
		return strings.ToValidUTF8(string(o.start)+string(o.end), "\uFFFD")
	}
	return strings.ToValidUTF8(fmt.Sprintf("%s\n[%d bytes left out]\n%s", o.start, o.left, o.end), "\uFFFD")
}

// gist is the part of the output that names the cause: the line with which the Go
// runtime begins its report of a crash, else the last lines.
func (o *output) gist() string {
	const most, longest = 3, 300
	var lines []string
	for line := range bytes.Lines([]byte(o.text())) {
		text := strings.Map(visible, strings.TrimSpace(string(line)))
		if text == "" {
			continue
		}
		if len(text) > longest {
			text = strings.ToValidUTF8(text[:longest], "") + "…"
		}
		for _, begin := range []string{"panic: ", "fatal error: ", "runtime: goroutine stack exceeds", "SIG"} {
			if strings.HasPrefix(text, begin) {
				return "; it printed: " + text
			}
		}
		lines = append(lines, text)
	}
	if len(lines) == 0 {
		return ""
	}
	return "; it printed: " + strings.Join(lines[max(0, len(lines)-most):], " | ")
}

// visible keeps what a plugin prints from doing something to the terminal of who
// reads the message.
func visible(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r):
		return unicode.ReplacementChar
	}
	return r
}
