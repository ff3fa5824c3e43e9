package supervise

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Once a worker of another binary works, the supervisor becomes that binary, too: it executes it in
// its own place, so that its process, its children and its descriptors stay what they were. The worker says
// whether that is possible, and then a process of exactly that file is asked (trial.go), with all that it is
// to take over. Whatever goes wrong until then, this supervisor goes on, and says that it does.

const (
	yieldLooks = 10 // after which whoever waits for an answer waits in vain
	busyLooks  = 60 // after which a file that somebody writes to isn't waited for any more
)

// succession is what a supervisor knows of the one that is to take its place.
type succession struct {
	own     os.FileInfo // what this process runs; nil: it isn't known
	settled os.FileInfo // the file of which it is known that it can't be
	file    *os.File    // what is to be executed; nil: nothing is
	trial   *trial      // nil: it isn't under way
	able    bool        // it has passed it
	looks   int         // since then
}

// maySucceed reports whether this is a moment at which nothing is under way.
func (s *supervisor) maySucceed() bool {
	c, r := s.child, &s.reload
	return !s.Once && s.asked == 0 && s.path != running && s.succession.own != nil &&
		c != nil && c.ready && c.exit == nil && c.givenUp == "" && !c.deaf && c.silent < silentLooks && c.binary != nil &&
		(s.input == nil || s.input.over()) && s.beside == nil && !r.under && !r.hup && len(r.wanted)+len(r.running) == 0
}

// succeed does the next step, if there is one.
func (s *supervisor) succeed() {
	n := &s.succession
	if !s.maySucceed() || os.SameFile(n.own, s.child.binary) {
		s.giveUpSuccession()
		return
	}
	switch {
	case n.trial != nil: // is awaited
	case n.able:
		n.looks++
		s.become(n.looks > yieldLooks)
	case n.settled != nil && os.SameFile(n.settled, s.child.binary):
	default:
		s.tryOut()
	}
}

// giveUpSuccession ends what was begun.
func (s *supervisor) giveUpSuccession() {
	n := &s.succession
	n.trial.end()
	if n.file != nil {
		_ = n.file.Close()
	}
	n.file, n.trial, n.able, n.looks = nil, nil, false, 0
}

// stays says why this supervisor remains what it is.
func (s *supervisor) stays(reason string) {
	s.giveUpSuccession()
	s.succession.settled = s.child.binary
	s.View.change(func(v *Snapshot) { v.Stays = reason })
	s.log().Warn("the worker process is of another otai than the supervisor, which can't become that: it stays what it is until a restart", "worker", cmp.Or(s.child.build, "an earlier release"), "supervisor", s.Version, "err", reason)
}

// tryOut asks a process of the worker's binary, if that is still the one at the path.
func (s *supervisor) tryOut() {
	c, n := s.child, &s.succession
	if c.takesOver != form {
		s.stays("that otai doesn't know how to take over from this one")
		return
	}
	fd, err := unix.Open(s.path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return // it is being replaced: there will be another reload
	}
	n.file = os.NewFile(uintptr(fd), s.path)
	there, err := n.file.Stat()
	if err != nil || !os.SameFile(there, c.binary) {
		s.giveUpSuccession()
		return
	}
	left := s.left(nil)
	n.trial, err = startTrial(n.file, s.Args, left)
	if err != nil {
		s.stays(err.Error())
	}
}

// tried takes what the process has answered.
func (s *supervisor) tried(err error) {
	s.succession.trial = nil
	if err != nil {
		s.stays(err.Error())
		return
	}
	s.succession.able = true
	s.succeed()
}

// become executes the other binary, once nobody waits for an answer. It returns if that can't be now.
func (s *supervisor) become(force bool) {
	listeners, resume, ok := map[string]*os.File(nil), func() {}, true
	if s.Yield != nil {
		listeners, resume, ok = s.Yield(force)
	}
	if !ok {
		return
	}
	defer resume()
	c := s.child
	asked := c.quiet(func(m message) { s.hear(c, m) })
	defer c.loud()
	if !s.maySucceed() || isOver(c.died) {
		return // it is looked at again
	}
	s.Manager.StillAlive()
	left := s.left(listeners)
	w := &left.Worker
	w.NextAsk, w.Holding, w.Held, w.Rest = asked, c.reports.holding, c.reports.held.Bytes(), c.reports.rest
	memory, err := writeState(left)
	if err != nil {
		s.stays(err.Error())
		return
	}
	defer memory.Close()
	defer s.signals.hear()
	if !s.signals.hold() {
		return
	}
	err = s.execute(memory, listeners)
	if busy := errors.Is(err, unix.ETXTBSY) || errors.Is(err, unix.EAGAIN); !busy || s.succession.looks > busyLooks {
		s.stays(fmt.Sprintf("executing %s: %v", s.path, err))
	}
}

// execute returns only if it fails. Then all is as before.
func (s *supervisor) execute(memory *os.File, listeners map[string]*os.File) error {
	c := s.child
	stay := []*os.File{memory, c.wire.file, c.counts, c.reports.from, c.asks.file, s.memory}
	stay = slices.AppendSeq(stay, maps.Values(listeners))
	for _, file := range stay {
		if file == nil {
			continue
		}
		d := int(descriptorOf(file))
		if _, err := unix.FcntlInt(uintptr(d), unix.F_SETFD, 0); err != nil {
			return err
		}
		defer unix.CloseOnExec(d)
	}
	if s.Output != nil { // which a successor sets aside itself
		if err := unix.Dup3(int(descriptorOf(s.Output)), unix.Stdout, 0); err != nil {
			return err
		}
		defer func() { _ = unix.Dup3(unix.Stderr, unix.Stdout, 0) }()
	}
	env := slices.Concat(os.Environ(), s.Manager.Environ(), []string{successorVariable + "=" + strconv.Itoa(int(descriptorOf(memory)))})
	err := syscall.Exec(pathOf(s.succession.file), os.Args, env)
	runtime.KeepAlive(stay)
	return err
}

// pathOf leads to the file that is open, whatever is at its path now.
func pathOf(file *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(descriptorOf(file)))
}

func isOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// left is all that the next supervisor needs.
func (s *supervisor) left(listeners map[string]*os.File) estate {
	c, h := s.child, s.history
	dir, _ := os.Getwd() // which may be gone
	left := estate{
		Form: form, Pid: os.Getpid(), From: s.Version, Time: time.Now(), Dir: dir, Path: s.path, Comm: commOf(),
		Others: s.others, Signals: s.signals.numbers(), Terminal: s.terminal.had, Folder: s.folder, Replaced: s.replaced, Format: s.format, Level: s.level, Status: s.standing(),
		History: leftHistory{h.deaths, h.row, h.killed, h.killedFile, h.inDoubt, h.doubtFile},
		Last:    s.reload.last, HasInput: s.input != nil, Listeners: make(map[string]descriptor),
		Worker: leftWorker{
			Pid: c.pid, Wire: descriptorOf(c.wire.file), Counts: descriptorOf(c.counts), Reports: descriptorOf(c.reports.from), Asks: descriptorOf(c.asks.file),
			Stage: c.stage, ReadyAt: c.readyAt, Plugins: c.plugins, Met: c.met, Places: slices.Collect(maps.Values(c.places)), Trace: c.trace, Temporary: c.temporary,
			Format: c.format, Level: c.level, Doors: c.doors, Silent: c.silent, Instead: c.instead, InUse: c.inUse, Covered: c.covered, Runs: c.runs, Build: c.build, TakesOver: c.takesOver, Patience: c.patience,
		},
	}
	if s.View != nil {
		left.View = s.View.Snapshot()
	}
	if s.memory != nil {
		d := descriptorOf(s.memory)
		left.Memory = &d
	}
	if s.input != nil {
		left.Input = s.input.all()
	}
	for name, file := range listeners {
		left.Listeners[name] = descriptorOf(file)
	}
	return left
}

// inherit goes on with what the supervisor before this one has left.
func (s *supervisor) inherit(left estate) {
	w, h := left.Worker, left.History
	s.path, s.others, s.terminal, s.folder, s.replaced = left.Path, left.Others, terminal{left.Terminal}, left.Folder, left.Replaced
	s.format, s.level, s.worked, s.reload.last = left.Format, left.Level, true, left.Last
	s.history = history{h.Deaths, h.Row, h.Killed, h.KilledFile, h.InDoubt, h.DoubtFile}
	if left.Memory != nil {
		s.memory = left.Memory.open("memory")
	}
	if left.HasInput {
		s.input = replayed(left.Input)
	}
	c := &child{
		pid: w.Pid, wire: channel{w.Wire.open("worker")}, counts: w.Counts.open("calls"), asks: openAsks(w.Asks.open("asks"), w.NextAsk),
		reports: &reports{from: w.Reports.open("stderr"), to: os.Stderr, holding: w.Holding, rest: w.Rest},
		stage:   w.Stage, ready: true, readyAt: w.ReadyAt, plugins: w.Plugins, met: w.Met, places: make(map[int]message), trace: w.Trace, temporary: w.Temporary,
		format: w.Format, level: w.Level, doors: w.Doors, silent: w.Silent, instead: w.Instead, inUse: w.InUse, covered: w.Covered, runs: w.Runs, build: w.Build, takesOver: w.TakesOver, patience: w.Patience,
	}
	for _, m := range w.Places {
		c.places[m.Number] = m
	}
	c.reports.held.Write(w.Held)
	c.reports.begin()
	c.binary, _ = os.Stat(exeOf(c.pid))
	c.begin()
	s.child = c
	left.View.Stays = ""
	s.View.restore(left.View, c)
	s.Manager.Resume(left.Status)
	if c.doors != nil {
		s.letIn()
	}
	s.reapOrphans()
	s.log().Info("the supervisor is now of the worker's otai, too", "from", left.From, "version", s.Version, "pid", os.Getpid(), "took", time.Since(left.Time).Round(time.Millisecond))
}

func exeOf(pid int) string { return fmt.Sprintf("/proc/%d/exe", pid) }
