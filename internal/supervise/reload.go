package supervise

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// A reload has two workers for a moment. The new one reads everything anew, opens plugins and
// starts services beside the old one; whatever goes wrong until then is no more than a line in the
// log. Then the old one gives everything back and waits, idle, until the new one has the store:
//
//	new   begin → … → prepared               take → took
//	old                          yield → yielded            stop
//
// If the new one ends before it took the store, the old one hears resume instead of stop. If the
// old one ends meanwhile, its place is free, and the new one takes it.

// Reload is asked for by somebody.
type Reload struct {
	// Deep says that the help desks and models are to be asked, too, before the new worker takes over.
	Deep bool
	// Done is called once, with what became of it; it must not wait. nil: nobody wants to know.
	Done func(ReloadOutcome)
}

// ReloadOutcome is what became of a reload.
type ReloadOutcome struct {
	OK     bool      `json:"ok"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason,omitempty"` // why it could not be; may have several lines
	Deep   bool      `json:"deep,omitempty"`   // help desks and models were asked
}

// prepareLooks is how many looks a worker may take for a part of its preparation where no code of a
// plugin runs. That takes long only on a machine that is busy, and hurts nobody.
const prepareLooks = 600

// reload is what the supervisor knows of reloads.
type reload struct {
	wanted  []Reload // not begun yet: the newest files are taken
	running []Reload // for whom the one is that is under way
	last    ReloadOutcome
	hup     bool // SIGHUP came, and perhaps from a terminal that is being closed

	under    bool   // there is one under way, by a worker beside
	deep     bool   // which asks more
	yielding bool   // the old worker was asked to give everything back
	taking   bool   // the new one may take it
	handed   []byte // by the old worker to the new one
	looks    int    // since then
	began    time.Time
	yielded  time.Time
}

// fresh is called when a worker was started where there is none: it takes the newest files.
func (r *reload) fresh() {
	*r = reload{running: append(r.running, r.wanted...), hup: r.hup, last: r.last}
}

// over is called when no worker will be started any more.
func (s *supervisor) over() {
	s.giveUpSuccession()
	if s.reload.fresh(); len(s.reload.running) > 0 {
		s.finish("otai has ended")
	}
}

// want asks for a reload. One that is under way may have read its files already.
func (s *supervisor) want(r Reload) {
	s.reload.wanted = append(s.reload.wanted, r)
	s.mayReload()
}

// mayReload begins a reload if one is wanted, and a worker works whose place can be taken.
func (s *supervisor) mayReload() {
	if len(s.reload.wanted) == 0 || s.asked != 0 || s.child == nil || !s.child.ready || s.beside != nil {
		return
	}
	deep := slices.ContainsFunc(s.reload.wanted, func(r Reload) bool { return r.Deep })
	s.reload = reload{running: s.reload.wanted, last: s.reload.last, under: true, deep: deep, began: time.Now()}
	s.Manager.Busy(true)
	s.log().Info("the configuration is being reloaded")
	next, err := s.launch(message{Kind: kindBegin, Version: protocol, Beside: true, Deep: deep})
	if err != nil {
		s.finish("another worker process can't be started: " + err.Error())
		return
	}
	s.beside = next
}

// finish ends a reload; reason is "" if it was one.
func (s *supervisor) finish(reason string) {
	r := s.reload
	if reason == "" {
		s.succession.settled = nil // it may be another one, or better now
	}
	s.reload = reload{wanted: r.wanted, hup: r.hup, last: ReloadOutcome{OK: reason == "", Time: time.Now(), Reason: reason, Deep: r.deep}}
	s.Manager.Busy(false)
	s.View.change(func(v *Snapshot) { v.Reload = s.reload.last })
	attrs := []any{}
	if r.under {
		attrs = append(attrs, "took", time.Since(r.began).Round(time.Millisecond))
	}
	if r.taking {
		attrs = append(attrs, "gap", time.Since(r.yielded).Round(time.Millisecond))
	}
	switch {
	case reason == "":
		s.Manager.Status(s.standing())
		s.log().Info("the configuration was reloaded", attrs...)
	case s.child == nil || s.asked != 0:
		s.log().Warn("the configuration was not reloaded", append(attrs, "err", reason)...)
	default:
		s.Manager.Status(s.standing())
		s.log().Error("the configuration was not reloaded: otai goes on with the one before", append(attrs, "err", reason)...)
	}
	for _, w := range r.running {
		if w.Done != nil {
			w.Done(s.reload.last)
		}
	}
}

// standing is how the service manager shows a service that works.
func (s *supervisor) standing() string {
	switch u := s.inUse(); {
	case u != nil && u.Before:
		return "works, with what worked before: what is there now is wrong"
	case u != nil:
		return "works, with the last good configuration: the one that is there is wrong"
	}
	if l := s.reload.last; !l.OK && !l.Time.IsZero() {
		return "works, with the configuration from before the last reload, which failed"
	}
	return "works"
}

// inUse is what works instead of what is there; nil: that works.
func (s *supervisor) inUse() *InUse {
	if s.child == nil {
		return nil
	}
	return s.child.inUse
}

// isReady is called when the work of a worker has begun.
func (s *supervisor) isReady(c *child) {
	if c == s.child && !s.reload.under && len(s.reload.running) > 0 {
		reason := ""
		if c.instead != nil {
			reason = c.instead.Reason
		}
		s.finish(reason)
	}
	s.mayReload()
	s.succeed()
}

// hearOfReload takes what a worker says about who has the store.
func (s *supervisor) hearOfReload(c *child, m message) {
	switch m.Kind {
	case kindPrepared:
		c.prepared, c.runs = true, m.Runs
		switch {
		case c == s.child:
			s.take(c)
		case s.child.runs != "" && s.child.runs != c.runs:
			c.refused = "infrastructure.runs has changed, which needs a restart: the runs that are kept elsewhere would be left behind"
			c.send(message{Kind: kindStop})
		default:
			s.reload.yielding, s.reload.looks, s.reload.yielded = true, 0, time.Now()
			s.child.send(message{Kind: kindYield})
		}
	case kindYielded:
		if c == s.child && s.reload.yielding && s.beside != nil && s.beside.prepared {
			c.ready, s.reload.handed = false, m.Handed
			s.take(s.beside)
		}
	case kindTook:
		if c.runs = m.Runs; !s.reload.taking {
			return
		}
		if c == s.beside {
			s.child, s.beside = c, s.child
			s.View.worker(c)
			s.View.change(func(v *Snapshot) { v.Ready = true }) // what it has to start it has tried to start
			s.format, s.level = c.format, c.level
			s.letIn()
			s.beside.retires, s.beside.looks = true, 0
			s.beside.send(message{Kind: kindStop})
		}
		if c == s.child {
			s.finish("")
		}
	case kindRefused:
		c.refused = m.Text // also of one that is beside none
	}
}

// letIn opens the doors that the worker's configuration wants.
func (s *supervisor) letIn() {
	if d := s.child.doors; d != nil && s.Doors != nil {
		s.Doors(*d)
	}
}

func (s *supervisor) take(c *child) {
	s.reload.taking, s.reload.looks = true, 0
	c.send(message{Kind: kindTake, Handed: s.reload.handed})
}

// besideEnded is called when the worker beside the one that works has ended: the old one after
// the hand-over, else a new one before it.
func (s *supervisor) besideEnded() {
	c, death := s.end(s.beside)
	s.beside = nil
	if c.retires {
		if death != nil {
			s.log().Warn("the former worker process died while it ended", "how", death.How, "stage", death.Stage)
		}
		s.mayReload()
		return
	}
	if s.reload.yielding && s.asked == 0 {
		s.child.ready = false
		s.child.send(message{Kind: kindResume})
	}
	s.finish(s.unready(c, death))
	s.mayReload()
}

// unready says why a worker did not take over, and keeps what that says of a plugin.
func (s *supervisor) unready(c *child, d *crashes.Death) string {
	switch {
	case s.asked != 0:
		return "otai was asked to stop"
	case d == nil && c.refused == "":
		return fmt.Sprintf("the new worker process ended with exit code %d before it could take over", *c.exit)
	case d == nil:
		return c.refused
	case c.late:
		return "the new worker process was ended, " + c.givenUp // which is nobody's crash
	}
	history := s.history // what works is not to suffer for it
	err := s.keep(d, func(m *crashes.Memory) {
		if d.Plugin == nil {
			return
		}
		known, within := m.Of(*d.Plugin), 0
		if !d.Killed {
			within = known.Died(d.Time)
		}
		if history.judge(*d, *known, within, false, s.Options).refuse {
			known.Refused = &crashes.Rejection{Time: d.Time, How: d.How, Stage: d.Stage, At: d.At, Trace: d.Trace}
		}
	})
	if err != nil && s.folder != "" {
		s.log().Warn("the death of a worker process can't be kept", "err", err.Error())
	}
	return "the new worker process died" + how(*d)
}

// replace is called when the worker has ended. It reports whether another one has its place, or is
// to be waited for.
func (s *supervisor) replace(c *child, death *crashes.Death) bool {
	next := s.beside
	if next == nil {
		return false
	}
	if next.retires || s.asked != 0 && !s.reload.taking || s.asked == 0 && death == nil {
		next.signal(unix.SIGKILL)
		s.end(next)
		if s.beside = nil; s.reload.under {
			s.finish("otai ended")
		}
		return false
	}
	if death != nil && s.asked == 0 {
		s.settle(c, death)
		s.replaced, s.unsaid = nil, nil // the new one doesn't say it
	}
	s.child, s.beside = next, nil
	s.View.worker(next)
	s.letIn()
	if s.asked == 0 && next.prepared && !s.reload.taking {
		s.reload.yielded = time.Now()
		s.take(next)
	}
	return true
}

// stopBeside is called when otai is to stop. A worker that has nothing yet has nothing to end.
func (s *supervisor) stopBeside() {
	switch b := s.beside; {
	case b == nil:
	case b.retires || s.reload.taking:
		b.send(message{Kind: kindStop})
	default:
		b.signal(unix.SIGKILL)
	}
}

// lookAtReload counts how long a reload takes.
func (s *supervisor) lookAtReload() {
	if s.reload.hup {
		s.reload.hup = false
		if s.terminal.closed() {
			s.stop(unix.SIGHUP)
		} else {
			s.want(Reload{})
		}
	}
	b := s.beside
	switch {
	case b == nil && s.reload.under: // the old one has died
		b = s.child
	case b == nil:
		return
	case b.retires:
		if b.looks++; b.looks == stopLooks && s.asked == 0 {
			s.endLate(b)
		}
		return
	}
	most, what := cmp.Or(s.most, b.patience.looks()), "while it took over"
	if !s.reload.yielding && !s.reload.taking {
		most, what = cmp.Or(s.most, b.patience.looksAt(b.stage)), strings.TrimSpace("while "+b.stage.Stage+" "+b.stage.At)
		if p := b.stage.Plugin; p != nil {
			what += fmt.Sprintf(", of the plugin %s (%s)", p.Name, p.Path)
		}
	}
	if s.reload.looks++; s.reload.looks == most {
		b.late = true
		b.givenUp = fmt.Sprintf("since it was not ready within %d seconds, %s; infrastructure.reload_timeout is how long that may take", most, what)
		b.signal(unix.SIGKILL)
	}
}

// Patience is how long a worker may take at a reload.
type Patience struct {
	Start    time.Duration `json:"start"`     // for one thing that it does with code of a plugin
	HandOver time.Duration `json:"hand_over"` // until it has the store
}

const usualPatience = time.Minute

func looksIn(d time.Duration) int { return int((cmp.Or(d, usualPatience) + look - 1) / look) }

func (p Patience) looks() int { return looksIn(p.HandOver) }

// looksAt is how many looks what it does now may take, while it is prepared.
func (p Patience) looksAt(stage message) int {
	if stage.Plugin == nil {
		return prepareLooks
	}
	return looksIn(p.Start)
}

// hangup answers SIGHUP: a terminal that is closed ends the work, as it does that of other
// programs; else it asks for a reload. Some shells send it before they close the terminal.
func (s *supervisor) hangup() {
	switch {
	case s.asked != 0:
	case s.Once || s.terminal.closed():
		s.stop(unix.SIGHUP)
	case s.terminal.had:
		s.reload.hup = true
	default:
		s.want(Reload{})
	}
}

// terminal is that of this process's session.
type terminal struct{ had bool }

const controlling = "/dev/tty"

func findTerminal() terminal { return terminal{opens(controlling)} }

func (t terminal) closed() bool { return t.had && !opens(controlling) }

func opens(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	_ = file.Close()
	return true
}
