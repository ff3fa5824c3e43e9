package supervise

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/internal/systemd"
)

// Options are those of a supervisor.
type Options struct {
	Args []string // of the command, after the program's name
	Once bool     // the command ends by itself: a second death ends it
	// Answers is for such a command that answers while it works, or works for long only to
	// answer: one death ends it, once it works.
	Answers bool

	// Temporary is the exit code of what may be better later, as where the disk is full. A worker that
	// says it before its work ends nothing if one has worked before it. 0: there is none.
	Temporary int

	// Input is read for the workers, up to MaxInput bytes, of which each gets all. nil: they
	// inherit standard input.
	Input    io.Reader
	MaxInput int
	Output   *os.File // standard output of the workers; nil: this process's

	// Logger makes the logger for what the supervisor has to say, in the format and with the
	// level that the last worker named; "" before one did.
	Logger func(format, level string) *slog.Logger

	// Manager learns how the service stands; nil: none asks.
	Manager *systemd.Manager

	View *View // is kept up to date; nil: nobody looks
	// Doors is called with what each worker says, and must not block; nil: nobody is let in.
	Doors func(Doors)

	look time.Duration // for tests; 0: [look]
}

// How long a worker may be silent, how long it may take to crash when it is asked to, and how
// long to end. They are counted in looks, one each [look]: a machine that sleeps, and a
// supervisor that is stopped, doesn't look.
const (
	look        = time.Second
	silentLooks = 30
	muteLooks   = 3 // for one that has closed the connection
	crashLooks  = 5
	killLooks   = 5 // one that doesn't end then is left to the service manager
	stopLooks   = 20
)

const (
	exitQuit   = 2   // is how Go ends a program at SIGQUIT
	exitSignal = 128 // and the signal's number is how a shell shows one that a signal ended
)

// supervisor is one call of [Run]. One goroutine, which has all of it, hears signals, workers
// and the clock.
type supervisor struct {
	Options
	path    string
	signals signals
	looks   <-chan time.Time
	others  []int // children that this process has from before, as of a shell that became it
	input   *replay
	history history

	child     *child // nil in a pause
	stage     message
	ready     bool
	worked    bool // a worker was ready, this one or another
	readyAt   time.Time
	plugins   []crashes.Plugin // that the worker has opened
	met       []crashes.Plugin // whose code has run in it
	places    map[int]message  // where they work
	trace     string
	temporary []string // folders
	folder    string   // with traces; "" until a worker named one
	exit      *int     // what the worker said
	silent    int      // looks since it said something
	givenUp   string   // why it was ended from here; "" if it wasn't
	replaced  *crashes.Death
	format    string
	level     string
	asked     syscall.Signal // the first signal that asks for the end
	sinceStop int            // looks
}

// Run runs the command in a worker, and in another one if that dies, until one says its exit
// code, which it returns. The error is for a worker that can't be had, or a [*DiedError].
func Run(ctx context.Context, o Options) (int, error) {
	s := &supervisor{Options: o, path: ownPath(), signals: watchSignals(), others: orphans.Children()}
	defer s.signals.end()
	if ctx.Err() != nil {
		return 0, nil // stopped before there is anything to stop
	}
	if err := orphans.Adopt(); err != nil {
		return 0, err
	}
	if o.Input != nil {
		s.input = newReplay(o.Input, o.MaxInput)
	}
	looks := time.NewTicker(cmp.Or(o.look, look))
	defer looks.Stop()
	s.looks = looks.C
	s.Manager.Status("starting")
	s.Manager.Alive()
	s.View.change(func(v *Snapshot) { v.Began = time.Now() })
	for {
		if err := s.start(); err != nil {
			if o.Once || s.history.deaths == 0 {
				return 0, err
			}
			// The machine may have no room for a process now, but it had before.
			pause := s.history.unstarted()
			s.log().Error("another worker process can't be started yet", "pause", pause, "err", err.Error())
			if !s.rest(pause) {
				return 0, nil
			}
			continue
		}
		death := s.watch()
		switch {
		case death == nil && s.mayBeBetterLater():
			s.replaced = nil // which this worker has said
			pause := s.history.unstarted()
			s.log().Error("another worker process can't begin its work yet", "pause", pause)
			if !s.rest(pause) {
				return 0, nil
			}
			continue
		case death == nil:
			return *s.exit, nil
		case s.asked == unix.SIGQUIT:
			return exitQuit, nil
		}
		v := s.settle(death)
		switch {
		case s.asked != 0:
			return 0, &DiedError{Death: *death, Stopped: true}
		case v.end:
			return 0, &DiedError{Death: *death, Deaths: s.history.deaths}
		}
		if !s.rest(v.pause) {
			return 0, nil
		}
	}
}

// mayBeBetterLater reports whether a worker could not begin what another one had done here.
func (s *supervisor) mayBeBetterLater() bool {
	return !s.Once && s.asked == 0 && s.worked && !s.ready && s.Temporary != 0 && *s.exit == s.Temporary
}

// start starts a worker.
func (s *supervisor) start() (err error) {
	stdin := os.Stdin
	if s.input != nil {
		if stdin, err = s.input.open(); err != nil {
			return err
		}
		defer stdin.Close()
	}
	s.stage, s.ready, s.plugins, s.met, s.places, s.trace, s.exit, s.silent, s.givenUp = message{Stage: StageStart}, false, nil, nil, make(map[int]message), "", nil, 0, ""
	if s.child, err = start(s.path, s.Args, stdin, cmp.Or(s.Output, os.Stdout)); err != nil {
		return err
	}
	s.View.worker(s.child)
	// One that doesn't hear it has ended, or will.
	_ = s.child.wire.send(message{Kind: kindBegin, Version: protocol, Death: s.replaced})
	return nil
}

// watch answers signals and listens to the worker until it has ended, and returns its death,
// unless it said its exit code.
func (s *supervisor) watch() *crashes.Death {
	said := s.child.said
	for {
		select {
		case m, open := <-said:
			if !open {
				// It ends, or it has closed its end, and will not be heard of any more.
				said, s.silent = nil, max(s.silent, silentLooks-muteLooks)
				continue
			}
			s.hear(m)
		case sig := <-s.signals.came:
			s.answer(sig)
			if s.exit != nil && s.child == nil {
				return nil
			}
		case <-s.signals.childEnded:
			s.reapOrphans()
		case <-s.looks:
			s.look()
		case <-s.child.died:
			pid, pending := s.child.pid, s.child
			e := pending.clear(s.others, s.hear)
			s.child = nil
			s.View.worker(nil)
			if len(e.left) > 0 {
				s.log().Warn("processes that the worker started can't be ended", "pids", e.left)
			}
			if s.exit != nil {
				if s.trace != "" {
					crashes.Discard(s.trace)
				}
				return nil
			}
			d := s.death(pid, e)
			if s.asked == unix.SIGQUIT {
				pending.reports.passOn() // or nobody would ever see it
			}
			s.removeTemporary()
			return d
		}
	}
}

// hear takes what the worker says.
func (s *supervisor) hear(m message) {
	s.silent = 0
	switch m.Kind {
	case kindStage:
		if s.stage = m; m.Stage == StageOpening && m.Plugin != nil {
			s.met = append(s.met, *m.Plugin)
		}
		s.View.change(func(v *Snapshot) { v.Stage, v.At, v.Ready = m.Stage, m.At, v.Ready || m.Stage == StageReady })
		if m.Stage == StageReady && !s.ready {
			s.ready, s.worked, s.readyAt = true, true, time.Now()
			s.rememberReady()
			s.Manager.Ready("works")
		}
	case kindWaiting:
		s.Manager.Ready(m.At)
	case kindPlugin:
		if m.Plugin != nil {
			s.plugins = append(s.plugins, *m.Plugin)
		}
	case kindPlace:
		if m.Plugin != nil {
			s.places[m.Number] = m
		}
	case kindTemp:
		if strings.HasPrefix(filepath.Base(m.Folder), "otai-") { // whatever code of a plugin says
			s.temporary = append(s.temporary, m.Folder)
		}
	case kindTrace:
		s.trace, s.folder = m.Trace, filepath.Dir(m.Trace)
	case kindLogging:
		s.format, s.level = m.Format, m.Level
	case kindDoors:
		if s.Doors != nil && m.Doors != nil {
			s.Doors(*m.Doors)
		}
	case kindExit:
		s.exit = &m.Code
	}
}

// answer does what a signal asks for.
func (s *supervisor) answer(sig os.Signal) {
	switch sig {
	case unix.SIGTERM, unix.SIGINT:
		if s.asked == unix.SIGTERM || s.asked == unix.SIGINT {
			s.kill(sig.(syscall.Signal))
			return
		}
		s.stop(sig.(syscall.Signal))
	case unix.SIGHUP:
		if s.asked == 0 {
			s.stop(unix.SIGHUP)
		}
	case unix.SIGQUIT: // the worker's trace is asked for, and the end
		if s.asked = unix.SIGQUIT; s.child != nil {
			_ = unix.Kill(s.child.pid, unix.SIGQUIT)
		}
	case unix.SIGTSTP:
		if !resumable() {
			return
		}
		if s.child != nil {
			s.child.signal(unix.SIGTSTP)
		}
		s.signals.suspend()
		s.goOn()
	case unix.SIGCONT:
		s.goOn()
	}
}

func (s *supervisor) stop(sig syscall.Signal) {
	s.asked, s.sinceStop = sig, 0
	s.Manager.Stopping()
	if s.child != nil {
		_ = s.child.wire.send(message{Kind: kindStop}) // one that can't hear is ended by its time
	}
}

// goOn lets the worker go on where it was stopped.
func (s *supervisor) goOn() {
	s.silent = 0
	if s.child != nil {
		s.child.signal(unix.SIGCONT)
	}
}

// kill ends the worker and all of it at once, and this process by the same signal.
func (s *supervisor) kill(sig syscall.Signal) {
	if s.child != nil {
		s.child.signal(unix.SIGKILL)
		s.child.clear(s.others, s.hear)
		s.child = nil
		s.removeTemporary()
	}
	s.signals.die(sig)
	code := exitSignal + int(sig) // it is ignored
	s.exit = &code
}

func (s *supervisor) removeTemporary() {
	for _, dir := range s.temporary {
		if err := os.RemoveAll(dir); err != nil {
			s.log().Warn("a folder for temporary files is left", "err", err.Error())
		}
	}
	s.temporary = nil
}

// reapOrphans takes the ends of processes that the worker started and whose parents have
// gone.
func (s *supervisor) reapOrphans() {
	for _, pid := range orphans.Children() {
		if (s.child == nil || pid != s.child.pid) && reap(pid) { // its number may soon be another's
			s.others = slices.DeleteFunc(s.others, func(other int) bool { return other == pid })
		}
	}
}

// look counts how long the worker has said nothing.
func (s *supervisor) look() {
	if s.silent <= silentLooks+crashLooks+killLooks {
		s.Manager.Alive()
	}
	if s.silent++; s.silent == silentLooks {
		s.givenUp = "since it no longer reported that it works"
		s.log().Error("the worker process no longer reports that it works: it is ended", "seconds", silentLooks, "stage", s.stage.Stage, "at", s.stage.At)
		_ = unix.Kill(s.child.pid, unix.SIGABRT)
		_ = unix.Kill(s.child.pid, unix.SIGCONT) // one that was stopped says where only when it goes on
	}
	if s.silent == silentLooks+crashLooks {
		s.child.signal(unix.SIGKILL)
	}
	if s.asked == 0 {
		return
	}
	if s.sinceStop++; s.sinceStop == stopLooks {
		s.givenUp = "since it did not stop in time"
		s.log().Error("the worker process did not stop in time: it is ended", "seconds", stopLooks, "stage", s.stage.Stage, "at", s.stage.At)
		s.child.signal(unix.SIGKILL)
	}
}

// rememberReady notes which plugins were open when the work began.
func (s *supervisor) rememberReady() {
	if s.folder == "" || len(s.plugins) == 0 {
		return
	}
	now := time.Now()
	if m, err := crashes.Recall(s.folder); err == nil {
		isNew := false
		for _, p := range s.plugins {
			known := m.Plugins[p.SHA256]
			isNew = isNew || known == nil || known.Ready.IsZero()
		}
		if !isNew {
			return
		}
	}
	err := crashes.Change(s.folder, func(m *crashes.Memory) {
		for _, p := range s.plugins {
			if known := m.Of(p); known.Ready.IsZero() {
				known.Ready = now
			}
		}
	})
	if err != nil {
		s.log().Warn("it can't be kept which plugins have worked", "err", err.Error())
	}
}

// rest waits before the next worker, and reports false where the end is asked for.
func (s *supervisor) rest(pause time.Duration) bool {
	if pause > 0 {
		s.Manager.Status("the worker process has ended; another one is started in " + pause.String())
	}
	s.View.change(func(v *Snapshot) { v.Until = time.Now().Add(pause) })
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for s.asked == 0 {
		select {
		case sig := <-s.signals.came:
			s.answer(sig)
		case <-s.signals.childEnded:
			s.reapOrphans()
		case <-s.looks:
			s.Manager.Alive()
		case <-timer.C:
			return true
		}
	}
	return false
}

func (s *supervisor) log() *slog.Logger {
	return s.Logger(cmp.Or(s.format, "auto"), cmp.Or(s.level, "info"))
}
