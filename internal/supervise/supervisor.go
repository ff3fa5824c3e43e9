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
	// Refused is the exit code of a plugin that is refused. A worker that says it before its work ends
	// nothing while the binary has just been replaced, if one has worked before it. 0: there is none.
	Refused int

	// Rejects are the exit codes by which a worker refuses what is there, its configuration or a
	// plugin, and LastGood the one of them after which a first worker is followed by another that works
	// with the last good one; 0: none is.
	Rejects  []int
	LastGood int

	// Input is read for the workers, up to MaxInput bytes, of which each gets all. nil: they
	// inherit standard input.
	Input    io.Reader
	MaxInput int
	Output   *os.File // standard output of the workers; nil: this process's

	// Reloads are asked for by other means than SIGHUP; nil: they aren't.
	Reloads <-chan Reload

	// Logger makes the logger for what the supervisor has to say, in the format and with the
	// level that the last worker named; "" before one did.
	Logger func(format, level string) *slog.Logger

	// Report is the command that writes what the author of a plugin needs; nil: there is none.
	Report func(plugin string) string

	// Manager learns how the service stands; nil: none asks.
	Manager *systemd.Manager

	Version   string     // of this otai
	Inherited *Inherited // nil: there was no supervisor before this one
	// Release is called once signals are heard here, and whoever heard them before need not any more; nil: nobody did.
	Release func()
	// Yield has whoever answers others give up their listeners, once nobody waits for an answer or force is set; ok
	// is false if somebody does, and then all is as before, as it is after resume. nil: nobody answers.
	Yield func(force bool) (listeners map[string]*os.File, resume func(), ok bool)

	View *View // is kept up to date; nil: nobody looks
	// Doors is called with what each worker says, and must not block; nil: nobody is let in.
	Doors func(Doors)

	look time.Duration // for tests; 0: [look]
	most int           // looks of a reload's part, for tests; 0: [prepareLooks] and [handOverLooks]

	unpacks time.Duration // for tests; 0: [unpacking]
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

	child      *child // that works, or is about to; nil in a pause
	beside     *child // another one, before or after it has taken the place of that; nil: there is none
	reload     reload
	succession succession
	instead    *Instead // for the next worker
	memory     *os.File // what workers have it remember; nil: nothing
	terminal   terminal
	worked     bool   // a worker was ready, this one or another
	folder     string // with traces; "" until a worker named one
	replaced   *crashes.Death
	unsaid     []crashes.Death // those before it of which no worker has said why: the next one died while it opened plugins
	format     string
	level      string
	asked      syscall.Signal // the first signal that asks for the end
	sinceStop  int            // looks
}

// Run runs the command in a worker, and in another one if that dies, until one says its exit
// code, which it returns. The error is for a worker that can't be had, or a [*DiedError].
func Run(ctx context.Context, o Options) (int, error) {
	if o.Inherited != nil && o.Inherited.trial {
		return 0, o.Inherited.answer()
	}
	s := &supervisor{Options: o, path: ownPath(), others: orphans.Children(), terminal: findTerminal()}
	if o.Inherited != nil {
		s.signals = o.Inherited.signals
	} else {
		s.signals = watchSignals()
	}
	defer s.signals.end()
	defer s.over()
	if o.Release != nil {
		o.Release()
	}
	if ctx.Err() != nil {
		return 0, nil // stopped before there is anything to stop
	}
	if err := orphans.Adopt(); err != nil {
		return 0, err
	}
	looks := time.NewTicker(cmp.Or(o.look, look))
	defer looks.Stop()
	s.looks = looks.C
	inherits, err := s.begin()
	defer s.memory.Close() // of none, it does nothing
	if err != nil {
		return 0, err
	}
	for {
		if inherits {
			inherits = false
		} else if err := s.start(); err != nil {
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
		ended, death := s.watch()
		switch {
		case death == nil && s.mayBeBetterLater(ended):
			s.replaced, s.unsaid = nil, nil // which this worker has said
			pause := s.history.unstarted()
			attrs := []any{"pause", pause}
			if ended.refused != "" { // else it has shown why itself
				attrs = append(attrs, "err", ended.refused)
			}
			s.log().Error("another worker process can't begin its work yet", attrs...)
			if !s.rest(pause) {
				return 0, nil
			}
			continue
		case death == nil && s.goesOn(ended):
			continue
		case death == nil:
			return *ended.exit, nil
		case s.asked == unix.SIGQUIT:
			return exitQuit, nil
		}
		v := s.settle(ended, death)
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

// begin gets all that is needed before the first worker, and reports whether there is one from before.
func (s *supervisor) begin() (inherits bool, err error) {
	s.succession.own, _ = os.Stat(running) // or it isn't known
	if left := s.Inherited; left != nil {
		if left.err == nil {
			s.inherit(left.estate)
			return true, nil
		}
		s.log().Error("what the supervisor before this one has left can't be read: its worker process is ended, and another one started", "err", left.err.Error())
		orphans.Kill()
	}
	if s.Input != nil {
		s.input = newReplay(s.Input, s.MaxInput)
	}
	if !s.Once {
		if s.memory, err = newMemory(); err != nil {
			return false, err
		}
	}
	s.Manager.Status("starting")
	s.Manager.Alive()
	s.View.change(func(v *Snapshot) { v.Began = time.Now() })
	return false, nil
}

// start starts the worker.
func (s *supervisor) start() (err error) {
	s.child, err = s.launch(message{Kind: kindBegin, Version: protocol, Death: s.replaced, Earlier: s.unsaid, Instead: s.instead, Covered: s.covered()})
	if err == nil {
		s.instead = nil
		s.View.worker(s.child)
		s.reload.fresh()
	}
	return err
}

// launch starts a worker, and says the first to it.
func (s *supervisor) launch(begin message) (*child, error) {
	stdin := os.Stdin
	if s.input != nil {
		var err error
		if stdin, err = s.input.open(); err != nil {
			return nil, err
		}
		defer stdin.Close()
	}
	if begin.Instead != nil {
		begin.Covered = nil
	}
	begin.Memory = s.memory != nil
	c, err := start(s.path, s.Args, stdin, cmp.Or(s.Output, os.Stdout), s.memory)
	if err != nil {
		return nil, err
	}
	c.beside, c.instead, c.covered = begin.Beside, begin.Instead, begin.Covered
	c.send(begin)
	return c, nil
}

// watch answers signals and listens to the worker until it has ended and there is none beside it,
// and returns it, with its death unless it said its exit code.
func (s *supervisor) watch() (ended *child, death *crashes.Death) {
	for {
		select {
		case m, open := <-s.child.saying():
			s.listen(s.child, m, open)
		case m, open := <-s.beside.saying():
			s.listen(s.beside, m, open)
		case sig := <-s.signals.came:
			if code := s.answer(sig); code != nil {
				return &child{exit: code}, nil
			}
		case r := <-s.Reloads:
			s.want(r)
		case <-s.signals.childEnded:
			s.reapOrphans()
		case <-s.looks:
			s.look()
		case err := <-s.succession.trial.answered():
			s.tried(err)
		case <-s.beside.gone():
			s.besideEnded()
			s.succeed()
		case <-s.child.gone():
			ended, death = s.end(s.child)
			s.child = nil
			s.View.worker(nil)
			if !s.replace(ended, death) {
				return ended, death
			}
		}
	}
}

// end takes the end of a worker and what is left of it. Its death is nil if it said its exit code.
func (s *supervisor) end(c *child) (*child, *crashes.Death) {
	spare := s.others
	for _, other := range []*child{s.child, s.beside} {
		if other != nil && other != c {
			spare = append(slices.Clone(spare), other.pid)
		}
	}
	if t := s.succession.trial; t != nil {
		spare = append(slices.Clone(spare), t.pid)
	}
	e := c.clear(spare, func(m message) { s.hear(c, m) })
	if len(e.left) > 0 {
		s.log().Warn("processes that the worker started can't be ended", "pids", e.left)
	}
	if c.exit != nil {
		if c.trace != "" {
			crashes.Discard(c.trace)
		}
		return c, nil
	}
	d := s.death(c, e)
	if s.asked == unix.SIGQUIT {
		c.reports.passOn() // or nobody would ever see it
	}
	s.removeTemporary(c)
	return c, d
}

// listen takes what comes from a worker. Where nothing more comes it ends, or it has closed its
// end and will not be heard of any more.
func (s *supervisor) listen(c *child, m message, open bool) {
	if !open {
		c.deaf, c.silent = true, max(c.silent, silentLooks-muteLooks)
		return
	}
	s.hear(c, m)
}

// hear takes what a worker says.
func (s *supervisor) hear(c *child, m message) {
	c.silent = 0
	switch m.Kind {
	case kindHello:
		c.build, c.takesOver = m.Build, m.TakesOver
		c.binary, _ = os.Stat(exeOf(c.pid)) // or it isn't known
		if c == s.child {
			s.View.change(func(v *Snapshot) { v.Build = c.build })
		}
	case kindPatience:
		if m.Patience != nil {
			c.patience = *m.Patience
		}
	case kindStage:
		if c == s.beside && !s.reload.yielding {
			s.reload.looks = 0 // it gets on
		}
		if c.stage = m; m.Stage == StageOpening && m.Plugin != nil {
			c.met = append(c.met, *m.Plugin)
		}
		if c == s.child {
			s.View.change(func(v *Snapshot) { v.Stage, v.At, v.Ready = m.Stage, m.At, v.Ready || m.Stage == StageReady })
		}
		if m.Stage == StageReady && !c.ready {
			c.ready, c.readyAt, s.worked = true, time.Now(), true
			s.rememberReady(c)
			s.Manager.Ready(s.standing())
			s.isReady(c)
		}
	case kindWaiting:
		s.Manager.Ready(m.At)
	case kindPlugin:
		if m.Plugin != nil {
			c.plugins = append(c.plugins, *m.Plugin)
		}
	case kindPlace:
		if m.Plugin != nil {
			c.places[m.Number] = m
		}
	case kindTemp:
		if strings.HasPrefix(filepath.Base(m.Folder), "otai-") { // whatever code of a plugin says
			c.temporary = append(c.temporary, m.Folder)
		}
	case kindTrace:
		c.trace, s.folder = m.Trace, filepath.Dir(m.Trace)
	case kindLogging:
		if c.format, c.level = m.Format, m.Level; c == s.child {
			s.format, s.level = c.format, c.level
		}
	case kindDoors:
		if c.doors = m.Doors; c == s.child {
			s.letIn()
		}
	case kindInstead:
		s.usesInstead(c, m.At)
	case kindExit:
		c.exit = &m.Code
	default:
		s.hearOfReload(c, m)
	}
}

func (s *supervisor) removeTemporary(c *child) {
	for _, dir := range c.temporary {
		if err := os.RemoveAll(dir); err != nil {
			s.log().Warn("a folder for temporary files is left", "err", err.Error())
		}
	}
	c.temporary = nil
}

// reapOrphans takes the ends of processes that the workers started and whose parents have
// gone.
func (s *supervisor) reapOrphans() {
	for _, pid := range orphans.Children() {
		t := s.succession.trial
		if t != nil && t.pid == pid || slices.ContainsFunc(s.children(), func(c *child) bool { return c.pid == pid }) {
			continue
		}
		if reap(pid) { // its number may soon be another's
			s.others = slices.DeleteFunc(s.others, func(other int) bool { return other == pid })
		}
	}
}

// look counts how long the workers have said nothing, and how long what was asked of them takes.
func (s *supervisor) look() {
	if !slices.ContainsFunc(s.children(), func(c *child) bool { return c.silent > silentLooks+crashLooks+killLooks }) {
		s.Manager.Alive()
	}
	for _, c := range s.children() {
		if c.silent++; c.silent == silentLooks {
			c.givenUp = "since it no longer reported that it works"
			c.stuck = busy(c.counts) // one that was stopped may go on, and leave, before its trace is written
			s.log().Error("the worker process no longer reports that it works: it is ended", "seconds", silentLooks, "stage", c.stage.Stage, "at", c.stage.At)
			_ = unix.Kill(c.pid, unix.SIGABRT)
			_ = unix.Kill(c.pid, unix.SIGCONT) // one that was stopped says where only when it goes on
		}
		if c.silent == silentLooks+crashLooks {
			c.signal(unix.SIGKILL)
		}
	}
	s.lookAtReload()
	s.succeed()
	if s.asked == 0 {
		return
	}
	if s.sinceStop++; s.sinceStop == stopLooks {
		for _, c := range s.children() {
			s.endLate(c)
		}
	}
}

// endLate ends a worker that did not stop in time.
func (s *supervisor) endLate(c *child) {
	c.givenUp = "since it did not stop in time"
	s.log().Error("the worker process did not stop in time: it is ended", "seconds", stopLooks, "stage", c.stage.Stage, "at", c.stage.At)
	c.signal(unix.SIGKILL)
}

func (s *supervisor) log() *slog.Logger {
	return s.Logger(cmp.Or(s.format, "auto"), cmp.Or(s.level, "info"))
}
