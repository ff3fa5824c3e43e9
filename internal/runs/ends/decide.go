package ends

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

// Ending is all that [Decide] decides on.
type Ending struct {
	Attempt
	Canceled bool  // by a person
	Err      error // of the place's pipe
	Now      int64
	Open     bool  // an effect has no outcome
	Until    int64 // until when its request may be at work
	Wrote    bool  // an effect is done
	Repeat   bool
	Spawned  bool // its items live by themselves: it has no further attempt
	Lending  bool // it has items, and tickets
	Attempts int  // that counted before this one
	Retry    orchestrator.Retry
	Closed   bool // the cause of the rejection is closed by now
	Lefts    int  // times in a row that the ticket was left before
	Memory   Memory
	Healthy  bool          // since memory.Since another ticket's same step succeeded, or the services are healthy
	Jitter   time.Duration // 0 to 2 s, by chance
}

// reason is why the attempt ended as it did, for people.
func (e Ending) reason() string {
	why := e.Attempt.Reason()
	if why != "" || e.Err == nil || errors.Is(e.Err, gate.ErrStopped) || errors.Is(e.Err, ErrHalt) { // which say nothing of their own
		return why
	}
	return e.Err.Error()
}

// Decision is what becomes of a run, and of the ticket that it concerns.
type Decision struct {
	End      store.End
	Standing store.Standing
	Stands   bool // the ticket gets the standing; else it keeps the one that it has
	Due      int64
	Attempts int
	Released bool // the ticket counts as released once more
	Note     string
	Forget   bool // results are dropped
	Closes   bool // effects without an outcome are given up
	System   bool // concerns the system, so it may concern the runner
	Memory   Memory
	About    About
}

// About is what people read.
type About int

// What people read of an end.
const (
	SayNothing About = iota
	SayLeft
	SayAside
	SayDead
	SayNotAllowed
	SayDoubt
	SayOvertaken
	SayGone
)

// Decide is the one place that decides what a run and its ticket may do next.
func Decide(e Ending) Decision {
	v := decideEnd(e)
	if e.Spawned && v.End.State == store.Waiting && !e.Open {
		v.End = store.End{State: store.Ended, Outcome: store.Dead, Err: e.reason()}
		if v.System || e.Wait != nil && (e.Wait.Reason == store.ReasonBusy || e.Wait.Reason == store.ReasonPaused) { // it comes again with the next firing
			v.End.Outcome = store.Left
		}
	}
	if v.End.State == store.Ended && e.Open && !e.mayEndOpen(v) {
		// What was begun to be written is finished, whatever else is true.
		v = wait(e, store.ReasonUntil, max(e.Until, e.Now+soon.Microseconds()))
	}
	if !e.Stopped && (e.Wait == nil || e.Wait.Reason != store.ReasonGone) {
		v.Memory.Looked, v.Memory.Look = 0, 0
	}
	if !e.Stopped && (e.Wait == nil || e.Wait.Reason != store.ReasonBusy) {
		v.Memory.Busy = 0
	}
	if v.End.State == store.Ended && v.End.Outcome != store.Dead || v.End.Parked {
		v.Forget = true
	}
	return v
}

// mayEndOpen reports whether a run may end though an effect has no outcome.
func (e Ending) mayEndOpen(v Decision) bool {
	switch {
	case e.Doubt != "" && !e.Canceled:
		return true
	case e.Until > e.Now: // it may be at work
		return false
	}
	return v.Closes || v.End.Outcome == store.Dead
}

func decideEnd(e Ending) Decision {
	switch {
	case e.Stopped:
		return Decision{End: store.End{State: store.Ready, DueAt: e.Now}, Memory: e.Memory}
	case e.Canceled:
		if e.Wait != nil && e.Wait.Reason == store.ReasonGone && e.Open {
			return unreadable(e)
		}
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Canceled}, Closes: e.Looked || e.Doubt != ""}
		return v.stand(store.Handled, 0, 0, "canceled")
	case e.Doubt != "":
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Dead}, About: SayDoubt}
		return v.stand(store.StandingDead, 0, 0, "in doubt: "+e.Doubt)
	case e.Gone != "":
		return gone(e)
	case e.Overtaken != "":
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Overtaken}, Released: true, About: SayOvertaken}
		return v.stand(store.Free, 0, 0, "")
	case e.NotAllowed != nil:
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Dead, Reason: store.ReasonAllow, Cause: store.CauseAllow, Err: e.reason()}, About: SayNotAllowed, Forget: e.nothingBegun()}
		return v.stand(store.StandingDead, 0, e.Attempts, e.reason())
	case e.Wait != nil:
		return waits(e)
	case e.Own != "":
		return Refused(e, e.Own)
	case e.Died != "":
		return Refused(e, "its process died three times at "+LastName(e.Died))
	case len(e.Rejections) > 0 || e.Bad != nil:
		if e.Closed {
			return waitsForCause(e, e.Cause())
		}
		return Refused(e, e.reason())
	case e.System != nil || e.Err != nil:
		return systemFailed(e)
	case e.Wrote:
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Applied}}
		if e.Repeat {
			return v.stand(store.Free, 0, 0, "")
		}
		return v.stand(store.Handled, 0, 0, "")
	default:
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Left}, About: SayNothing}
		if e.Lefts == 0 {
			v.About = SayLeft
		}
		if e.Repeat {
			return v.stand(store.Free, 0, 0, "")
		}
		return v.left(e.Now, e.Lefts, e.reason())
	}
}

// LeavesForGood is for a ticket of which a step says that leaving it alone is final, whichever
// ticket the run concerns. It counts when the run has ended well.
func LeavesForGood(v Decision, repeat bool) (Decision, bool) {
	if repeat || v.End.State != store.Ended || v.End.Outcome != store.Applied && v.End.Outcome != store.Left {
		return v, false
	}
	return v.stand(store.Handled, 0, 0, ""), true
}

func (v Decision) stand(s store.Standing, due int64, attempts int, note string) Decision {
	v.Stands, v.Standing, v.Due, v.Attempts, v.Note = true, s, due, attempts, note
	return v
}

// left has the ticket passed over, the longer the oftener it was left before.
func (v Decision) left(now int64, before int, why string) Decision {
	return v.stand(store.StandingLeft, now+pause(leftFirst, leftLongest, before+1).Microseconds(), before+1, why)
}

// DecideLeftOut is for a fetched ticket that isn't among the items of a loop.
func DecideLeftOut(now int64, before int, loop string) Decision {
	return Decision{End: store.End{State: store.Ended}}.left(now, before, "is not among the items of "+loop)
}

// DecideLent is for a fetched ticket that a loop lends to its items, as it stands until one
// of them writes to it.
func DecideLent(now int64, repeat, wrote bool, before int, loop string) Decision {
	switch {
	case repeat:
		return Decision{}
	case wrote:
		return Decision{Standing: store.Handled}
	}
	return Decision{End: store.End{State: store.Ended}}.left(now, before, "nothing was written to it by the items of "+loop)
}

// nothingBegun reports whether the run can begin anew as if it had never begun.
func (e Ending) nothingBegun() bool { return !e.Wrote && !e.Open && !e.Lending }

func (e Ending) after(d time.Duration) int64 { return e.Now + d.Microseconds() }

// wait keeps the run, with its claims and its results.
func wait(e Ending, reason string, due int64) Decision {
	return Decision{End: store.End{State: store.Waiting, Reason: reason, DueAt: due}, Memory: e.Memory, System: e.System != nil}
}

// waits is for what the gate said that the run must wait for.
func waits(e Ending) Decision {
	switch w := e.Wait; w.Reason {
	case store.ReasonCause:
		v := waitsForCause(e, w.Cause)
		if e.WaitsRefused() && !e.Closed { // as long as nobody tries for all, it does so itself
			v.End.DueAt = e.after(lookAgain)
			v.Due = v.End.DueAt
		}
		return v
	case store.ReasonBusy:
		v := wait(e, store.ReasonBusy, e.after(e.busyPause()))
		v.Memory.Busy++
		return v
	case store.ReasonGone:
		return unreadable(e)
	case store.ReasonSystem:
		return systemFailed(e)
	case store.ReasonPaused: // it is due, and isn't taken
		return wait(e, store.ReasonPaused, e.Now)
	default:
		v := wait(e, store.ReasonUntil, max(w.Until, e.after(soon)))
		if e.System != nil { // sent, and no answer
			v.Memory = e.failedAgain()
			v.Memory.Own = e.isItsOwn(v.Memory)
			v.End.Err = e.System.Err.Error()
		}
		return v
	}
}

// busyPause is by chance from the second on, so that no two wait for each other. What goes
// on for long may do so until a person decides, as where another run is in doubt.
func (e Ending) busyPause() time.Duration {
	n := e.Memory.Busy
	if n == 0 {
		return soon
	}
	d := 2 * time.Second
	for ; n >= busyOften && d < busyLongest; n-- {
		d *= 2
	}
	return min(d, busyLongest) + e.Jitter
}

// waitsForCause makes the run wait, uncharged, until its cause lets one try.
func waitsForCause(e Ending, cause string) Decision {
	v := Decision{End: store.End{State: store.Waiting, Reason: store.ReasonCause, Cause: cause, Parked: e.nothingBegun()}}
	return v.stand(store.Aside, 0, e.Attempts, e.reason())
}

// unreadable is for a ticket that can't be read: deleted, or only not to be seen now.
func unreadable(e Ending) Decision {
	m := e.Memory
	if m.Look != 0 { // time in which nobody looked counts only in part
		m.Looked += min(e.Now-m.Look, lookLongest.Microseconds())
	}
	m.Look = e.Now
	if m.Looked >= goneAfter.Microseconds() {
		v := gone(e)
		v.Closes = true
		return v
	}
	v := wait(e, store.ReasonGone, e.after(lookAgain))
	if e.Closed { // many can't be read: they look one after another
		v.End.Reason, v.End.DueAt = store.ReasonCause, 0
	}
	v.End.Cause = e.Wait.Cause
	v.Memory = m
	return v
}

func gone(e Ending) Decision {
	v := Decision{End: store.End{State: store.Ended, Outcome: store.Gone}, About: SayGone}
	return v.left(e.Now, e.Lefts, "merged, or can't be read any more")
}

// Refused sets the ticket aside, the last time for good.
func Refused(e Ending, why string) Decision {
	n := e.Attempts + 1
	if n >= e.Retry.Attempts {
		v := Decision{End: store.End{State: store.Ended, Outcome: store.Dead, Counts: true, Err: why}, About: SayDead, Forget: e.nothingBegun()}
		return v.stand(store.StandingDead, 0, n, why)
	}
	due := e.after(pause(e.Retry.First, e.Retry.Longest, n))
	v := Decision{
		End:   store.End{State: store.Waiting, Reason: store.ReasonAside, Cause: e.Cause(), DueAt: due, Counts: true, Parked: e.nothingBegun(), Err: why},
		About: SayAside,
	}
	return v.stand(store.Aside, due, n, why)
}

// systemFailed is for a failure of the system, which is the ticket's only where the same step
// goes on meeting it while other tickets pass.
func systemFailed(e Ending) Decision {
	if e.System != nil {
		if asked := (*api.RetryError)(nil); errors.As(e.System.Err, &asked) { // it takes nothing of anybody now
			v := wait(e, store.ReasonSystem, max(e.Until, e.after(max(asked.After, soon))))
			v.End.Err = e.reason()
			return v
		}
	}
	m := e.failedAgain()
	if e.isItsOwn(m) {
		return Refused(e, e.reason())
	}
	v := wait(e, store.ReasonSystem, e.after(systemPauses[min(m.Count, len(systemPauses))-1]))
	v.End.DueAt = max(v.End.DueAt, e.Until)
	v.End.Err = e.reason()
	v.System, v.Memory = true, m
	return v
}

// failedAgain counts the failure of the system that this attempt met.
func (e Ending) failedAgain() Memory {
	m := e.Memory
	var key, path string
	if e.System != nil {
		key, path = e.System.Step.Key, e.System.Step.Path
	}
	if m.Count == 0 || m.Step != key {
		m.Step, m.Path, m.Count, m.Since = key, path, 0, e.Now
	}
	m.Count++
	return m
}

// isItsOwn reports whether the failures are the ticket's, not the system's.
func (e Ending) isItsOwn(m Memory) bool { return m.Step != "" && m.MayBeItsOwn(e.Now) && e.Healthy }

// MayBeItsOwn reports whether the failures that a run met are enough to be its ticket's.
func (m Memory) MayBeItsOwn(now int64) bool {
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
