package runs

import (
	"errors"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// The pauses that aren't params.
const (
	leftFirst   = time.Minute // a ticket that was left is looked at again
	leftLongest = time.Hour
	lookAgain   = time.Minute    // at a ticket that can't be read
	lookLongest = time.Hour      // between two looks, as far as that counts
	goneAfter   = 24 * time.Hour // of such looks
	soon        = time.Second
	ownTrouble  = time.Minute // that long a step fails before they can be its ticket's
	systemTries = 3
	busyOften   = 10          // times in a row that another run worked at the ticket: then the pauses grow
	busyLongest = time.Minute // up to this
)

// systemPauses are those between the tries of a step that met a failure of the system.
var systemPauses = [...]time.Duration{time.Second, 10 * time.Second, time.Minute}

// ending is all that [decide] decides on.
type ending struct {
	attempt
	canceled bool  // by a person
	err      error // of the place's pipe
	now      int64
	open     bool  // an effect has no outcome
	until    int64 // until when its request may be at work
	wrote    bool  // an effect is done
	repeat   bool
	spawned  bool // its items live by themselves: it has no further attempt
	lending  bool // it has items, and tickets
	attempts int  // that counted before this one
	retry    orchestrator.Retry
	closed   bool // the cause of the rejection is closed by now
	lefts    int  // times in a row that the ticket was left before
	memory   memory
	healthy  bool          // since memory.Since another ticket's same step succeeded, or the services are healthy
	jitter   time.Duration // 0 to 2 s, by chance
}

// reason is why the attempt ended as it did, for people.
func (e ending) reason() string {
	why := e.attempt.reason()
	if why != "" || e.err == nil || errors.Is(e.err, gate.ErrStopped) || errors.Is(e.err, errHalt) { // which say nothing of their own
		return why
	}
	return e.err.Error()
}

// decision is what becomes of a run, and of the ticket that it concerns.
type decision struct {
	end      store.End
	standing store.Standing
	stands   bool // the ticket gets the standing; else it keeps the one that it has
	due      int64
	attempts int
	released bool // the ticket counts as released once more
	note     string
	forget   bool // results are dropped
	closes   bool // effects without an outcome are given up
	system   bool // concerns the system, so it may concern the runner
	memory   memory
	about    about
}

// about is what people read.
type about int

const (
	sayNothing about = iota
	sayLeft
	sayAside
	sayDead
	sayDoubt
	sayOvertaken
	sayGone
)

// decide is the one place that decides what a run and its ticket may do next.
func decide(e ending) decision {
	v := decideEnd(e)
	if e.spawned && v.end.State == store.Waiting && !e.open {
		v.end = store.End{State: store.Ended, Outcome: store.Dead, Err: e.reason()}
		if v.system || e.wait != nil && e.wait.Reason == store.ReasonBusy { // it comes again with the next firing
			v.end.Outcome = store.Left
		}
	}
	if v.end.State == store.Ended && e.open && !e.mayEndOpen(v) {
		// What was begun to be written is finished, whatever else is true.
		v = wait(e, store.ReasonUntil, max(e.until, e.now+soon.Microseconds()))
	}
	if !e.stopped && (e.wait == nil || e.wait.Reason != store.ReasonGone) {
		v.memory.Looked, v.memory.Look = 0, 0
	}
	if !e.stopped && (e.wait == nil || e.wait.Reason != store.ReasonBusy) {
		v.memory.Busy = 0
	}
	if v.end.State == store.Ended && v.end.Outcome != store.Dead || v.end.Parked {
		v.forget = true
	}
	return v
}

// mayEndOpen reports whether a run may end though an effect has no outcome.
func (e ending) mayEndOpen(v decision) bool {
	switch {
	case e.doubt != "" && !e.canceled:
		return true
	case e.until > e.now: // it may be at work
		return false
	}
	return v.closes || v.end.Outcome == store.Dead
}

func decideEnd(e ending) decision {
	switch {
	case e.stopped:
		return decision{end: store.End{State: store.Ready, DueAt: e.now}, memory: e.memory}
	case e.canceled:
		if e.wait != nil && e.wait.Reason == store.ReasonGone && e.open {
			return unreadable(e)
		}
		v := decision{end: store.End{State: store.Ended, Outcome: store.Canceled}, closes: e.looked || e.doubt != ""}
		return v.stand(store.Handled, 0, 0, "canceled")
	case e.doubt != "":
		v := decision{end: store.End{State: store.Ended, Outcome: store.Dead}, about: sayDoubt}
		return v.stand(store.StandingDead, 0, 0, "in doubt: "+e.doubt)
	case e.gone != "":
		return gone(e)
	case e.overtaken != "":
		v := decision{end: store.End{State: store.Ended, Outcome: store.Overtaken}, released: true, about: sayOvertaken}
		return v.stand(store.Free, 0, 0, "")
	case e.wait != nil:
		return waits(e)
	case e.own != "":
		return refused(e, e.own)
	case e.died != "":
		return refused(e, "its process died three times at "+lastName(e.died))
	case len(e.rejections) > 0 || e.bad != nil:
		if e.closed {
			return waitsForCause(e, e.cause())
		}
		return refused(e, e.reason())
	case e.system != nil || e.err != nil:
		return systemFailed(e)
	case e.wrote:
		v := decision{end: store.End{State: store.Ended, Outcome: store.Applied}}
		if e.repeat {
			return v.stand(store.Free, 0, 0, "")
		}
		return v.stand(store.Handled, 0, 0, "")
	default:
		v := decision{end: store.End{State: store.Ended, Outcome: store.Left}, about: sayNothing}
		if e.lefts == 0 {
			v.about = sayLeft
		}
		if e.repeat {
			return v.stand(store.Free, 0, 0, "")
		}
		return v.left(e.now, e.lefts, e.reason())
	}
}

func (v decision) stand(s store.Standing, due int64, attempts int, note string) decision {
	v.stands, v.standing, v.due, v.attempts, v.note = true, s, due, attempts, note
	return v
}

// left has the ticket passed over, the longer the oftener it was left before.
func (v decision) left(now int64, before int, why string) decision {
	return v.stand(store.StandingLeft, now+pause(leftFirst, leftLongest, before+1).Microseconds(), before+1, why)
}

// decideLeftOut is for a fetched ticket that isn't among the items of a loop.
func decideLeftOut(now int64, before int, loop string) decision {
	return decision{end: store.End{State: store.Ended}}.left(now, before, "is not among the items of "+loop)
}

// decideLent is for a fetched ticket that a loop lends to its items, as it stands until one
// of them writes to it.
func decideLent(now int64, repeat, wrote bool, before int, loop string) decision {
	switch {
	case repeat:
		return decision{}
	case wrote:
		return decision{standing: store.Handled}
	}
	return decision{end: store.End{State: store.Ended}}.left(now, before, "nothing was written to it by the items of "+loop)
}

// nothingBegun reports whether the run can begin anew as if it had never begun.
func (e ending) nothingBegun() bool { return !e.wrote && !e.open && !e.lending }

func (e ending) after(d time.Duration) int64 { return e.now + d.Microseconds() }

// wait keeps the run, with its claims and its results.
func wait(e ending, reason string, due int64) decision {
	return decision{end: store.End{State: store.Waiting, Reason: reason, DueAt: due}, memory: e.memory, system: e.system != nil}
}

// waits is for what the gate said that the run must wait for.
func waits(e ending) decision {
	switch w := e.wait; w.Reason {
	case store.ReasonCause:
		v := waitsForCause(e, w.Cause)
		if e.waitsRefused() && !e.closed { // as long as nobody tries for all, it does so itself
			v.end.DueAt = e.after(lookAgain)
			v.due = v.end.DueAt
		}
		return v
	case store.ReasonBusy:
		v := wait(e, store.ReasonBusy, e.after(e.busyPause()))
		v.memory.Busy++
		return v
	case store.ReasonGone:
		return unreadable(e)
	case store.ReasonSystem:
		return systemFailed(e)
	default:
		v := wait(e, store.ReasonUntil, max(w.Until, e.after(soon)))
		if e.system != nil { // sent, and no answer
			v.memory = e.failedAgain()
			v.memory.Own = e.isItsOwn(v.memory)
			v.end.Err = e.system.err.Error()
		}
		return v
	}
}

// busyPause is by chance from the second on, so that no two wait for each other. What goes
// on for long may do so until a person decides, as where another run is in doubt.
func (e ending) busyPause() time.Duration {
	n := e.memory.Busy
	if n == 0 {
		return soon
	}
	d := 2 * time.Second
	for ; n >= busyOften && d < busyLongest; n-- {
		d *= 2
	}
	return min(d, busyLongest) + e.jitter
}

// waitsForCause makes the run wait, uncharged, until its cause lets one try.
func waitsForCause(e ending, cause string) decision {
	v := decision{end: store.End{State: store.Waiting, Reason: store.ReasonCause, Cause: cause, Parked: e.nothingBegun()}}
	return v.stand(store.Aside, 0, e.attempts, e.reason())
}

// unreadable is for a ticket that can't be read: deleted, or only not to be seen now.
func unreadable(e ending) decision {
	m := e.memory
	if m.Look != 0 { // time in which nobody looked counts only in part
		m.Looked += min(e.now-m.Look, lookLongest.Microseconds())
	}
	m.Look = e.now
	if m.Looked >= goneAfter.Microseconds() {
		v := gone(e)
		v.closes = true
		return v
	}
	v := wait(e, store.ReasonGone, e.after(lookAgain))
	if e.closed { // many can't be read: they look one after another
		v.end.Reason, v.end.DueAt = store.ReasonCause, 0
	}
	v.end.Cause = e.wait.Cause
	v.memory = m
	return v
}

func gone(e ending) decision {
	v := decision{end: store.End{State: store.Ended, Outcome: store.Gone}, about: sayGone}
	return v.left(e.now, e.lefts, "merged, or can't be read any more")
}

// refused sets the ticket aside, the last time for good.
func refused(e ending, why string) decision {
	n := e.attempts + 1
	if n >= e.retry.Attempts {
		v := decision{end: store.End{State: store.Ended, Outcome: store.Dead, Counts: true, Err: why}, about: sayDead, forget: e.nothingBegun()}
		return v.stand(store.StandingDead, 0, n, why)
	}
	due := e.after(pause(e.retry.First, e.retry.Longest, n))
	v := decision{
		end:   store.End{State: store.Waiting, Reason: store.ReasonAside, Cause: e.cause(), DueAt: due, Counts: true, Parked: e.nothingBegun(), Err: why},
		about: sayAside,
	}
	return v.stand(store.Aside, due, n, why)
}

// systemFailed is for a failure of the system, which is the ticket's only where the same step
// goes on meeting it while other tickets pass.
func systemFailed(e ending) decision {
	if e.system != nil {
		if asked := (*api.RetryError)(nil); errors.As(e.system.err, &asked) { // it takes nothing of anybody now
			v := wait(e, store.ReasonSystem, max(e.until, e.after(max(asked.After, soon))))
			v.end.Err = e.reason()
			return v
		}
	}
	m := e.failedAgain()
	if e.isItsOwn(m) {
		return refused(e, e.reason())
	}
	v := wait(e, store.ReasonSystem, e.after(systemPauses[min(m.Count, len(systemPauses))-1]))
	v.end.DueAt = max(v.end.DueAt, e.until)
	v.end.Err = e.reason()
	v.system, v.memory = true, m
	return v
}

// failedAgain counts the failure of the system that this attempt met.
func (e ending) failedAgain() memory {
	m := e.memory
	var key, path string
	if e.system != nil {
		key, path = e.system.step.Key, e.system.step.Path
	}
	if m.Count == 0 || m.Step != key {
		m.Step, m.Path, m.Count, m.Since = key, path, 0, e.now
	}
	m.Count++
	return m
}

// isItsOwn reports whether the failures are the ticket's, not the system's.
func (e ending) isItsOwn(m memory) bool { return m.Step != "" && m.mayBeItsOwn(e.now) && e.healthy }

// mayBeItsOwn reports whether the failures that a run met are enough to be its ticket's.
func (m memory) mayBeItsOwn(now int64) bool {
	return m.Count >= systemTries && time.Duration(now-m.Since)*time.Microsecond >= ownTrouble
}

// pause is the n-th of pauses that grow fivefold.
func pause(first, longest time.Duration, n int) time.Duration {
	d := first
	for ; n > 1 && d < longest; n-- {
		d *= 5
	}
	return min(d, longest)
}
