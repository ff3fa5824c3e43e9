package health

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

const (
	// Stuck needs two due times in a row, and at least so long.
	dueTimes = 2
	stuckFor = 30 * time.Second
	// For so long a trigger, a search or each run has to fail, or all workers to be at work without an
	// end of it. It is longer than a request to a help desk may take by itself, and, with the
	// interval before it, said within a minute.
	failsFor = 40 * time.Second
	// A store may be lost for a moment.
	lostFor = 3 * time.Second
	// A run may take three times as long as those before it.
	unusual = 3
)

// Judge says what the facts mean.
func Judge(f Facts) Report {
	r := Report{Time: f.Now, Tickets: f.Tickets}
	parts := []Part{judgeStore(f.Store, f.Now)}
	for _, p := range f.Plugins {
		parts = append(parts, judgePlugin(p))
	}
	for _, s := range f.Services {
		parts = append(parts, judgeService(s, f.Now))
	}
	for _, run := range f.Runners {
		parts = append(parts, judgeRunner(run, f))
	}
	r.Add(parts...)
	return r
}

func judgeStore(s Store, now time.Time) Part {
	p := Part{Kind: KindStore, Name: s.Kind, State: Working}
	if !s.Lost.IsZero() && now.Sub(s.Lost) >= lostFor {
		p.State, p.Since, p.Blocks = Lost, s.Lost, true
		p.Why = "runs can't be kept, so nothing new begins: " + s.Err
		p.Do = "what is at work goes on by itself when the store can be used again; see whether the database or the disk can"
	}
	return p
}

func judgePlugin(of Plugin) Part {
	p := Part{Kind: KindPlugin, Name: of.Name, State: Working, About: strings.TrimSpace(of.Version + " " + of.File)}
	if !of.Loaded {
		p.State, p.Why = Off, of.Why
		p.Do = "nothing needs it; `otai plugin check` says more"
	}
	return p
}

func judgeService(s Service, now time.Time) Part {
	p := Part{Kind: KindService, Name: s.Name, State: Working, Since: s.Since, About: s.Use}
	switch {
	case s.Started:
	case s.GivenUp:
		p.State, p.Blocks = Failed, true
		p.Why, p.Do = s.Err, "correct the configuration, then run `otai reload --wait`"
	case s.Failed > 0:
		p.State, p.Blocks = Failed, true
		p.Why = fmt.Sprintf("its start failed %s: %s", times(s.Failed), s.Err)
		p.Do = "it is tried again" + in(s.Next, now) + "; `otai doctor` tests it"
	default:
		p.State, p.Why = Starting, "its start has not ended"
		p.Blocks = true
	}
	return p
}

// judgeRunner decides in the order of what explains most.
func judgeRunner(r Runner, f Facts) Part {
	p := Part{Kind: KindRunner, Name: cmp.Or(r.Name, r.Path), State: Working, Since: r.Good, About: r.Path, Tickets: &r.Tickets, good: r.Good}
	if !r.Paused.IsZero() {
		p.State, p.Since, p.Why, p.Do = Paused, r.Paused, r.PausedWhy, r.Resume
		return p
	}
	if len(r.Needs) > 0 { // the service says why
		p.State, p.Since, p.Why = Waiting, time.Time{}, "it waits for the start of "+strings.Join(r.Needs, ", ")
		return p
	}
	good := r.Good
	for n := range 2 { // what other hosts did is asked for only where it decides
		now := r.stuck(good, f.Now)
		if now.why == "" {
			break
		}
		if n == 0 && r.Elsewhere != nil {
			if other := r.Elsewhere(); other.After(good) {
				good = other
				continue
			}
		}
		p.State, p.Since, p.Why, p.Do, p.Said, p.Blocks = Stuck, now.since, now.why, now.do, now.said, true
		return p
	}
	switch {
	case !r.Failing.Since.IsZero():
		p.State, p.Since = Fails, r.Failing.Since
		p.Why, p.Do = r.Failing.Err, "it is tried again"+in(r.Failing.Next, f.Now)
	case len(r.Causes) > 0:
		p.Why = "some tickets wait: " + causes(r.Causes)
		p.Do = "`otai runs waiting` says which and why"
	}
	return p
}

// standstill is since when and why nothing of a runner comes to an end, and what people can do.
type standstill struct {
	since   time.Time
	why, do string
	said    bool // see [Part]
}

// stuck is why nothing of the runner comes to an end; "": it isn't so. good is when something last did.
func (r Runner) stuck(good, now time.Time) standstill {
	is := func(since time.Time, atLeast time.Duration) bool {
		return !since.IsZero() && now.Sub(since) >= atLeast && !good.After(since)
	}
	// What ends meanwhile, as the items of a loop, begins this time anew.
	if busy := later(r.Busy, good); !r.Busy.IsZero() && now.Sub(busy) >= max(failsFor, unusual*r.Usual) {
		return standstill{
			since: busy, why: "nothing of it has begun or ended since; " + cmp.Or(r.At, "a step has not returned"),
			do: "if it doesn't end by itself, start otai again: what was interrupted goes on",
		}
	}
	if fails := r.Failing; !fails.Since.IsZero() && now.Sub(fails.Since) >= failsFor && (fails.Searching || !good.After(fails.Since)) {
		return standstill{
			since: fails.Since, why: fmt.Sprintf("%s failed %s: %s", failing(fails.Searching), times(fails.Attempts), fails.Err),
			do: "it is tried again" + in(fails.Next, now) + "; `otai doctor` tests the services",
		}
	}
	// One cause among tickets that flow does not count: since its first ticket nothing has ended well.
	if len(r.Causes) > 0 && is(r.Causes[0].Since, stuckFor) && r.Causes[0].Waiting > 0 {
		why := "each of its tickets waits: " + causes(r.Causes)
		if text := r.Causes[0].Err; text != "" {
			why += "; one of them: " + text
		}
		return standstill{
			since: r.Causes[0].Since, why: why, said: true,
			do: "remove the reason, then it goes on within a minute; `otai runs waiting` says which tickets",
		}
	}
	first, n := time.Time{}, 0
	for _, at := range r.Found {
		if at.After(good) {
			if n++; n == 1 {
				first = at
			}
		}
	}
	if n >= dueTimes && is(first, stuckFor) {
		why := fmt.Sprintf("it found tickets %s in a row, and no run of it has ended well", times(n))
		if text := cmp.Or(r.Failing.Err, r.Waits); text != "" {
			why += "; " + text
		}
		return standstill{since: first, why: why, do: "`otai runs waiting` and `otai runs list` say what became of them"}
	}
	return standstill{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func failing(searching bool) string {
	if searching {
		return "its trigger or search has"
	}
	return "each run has"
}

func causes(list []Cause) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = fmt.Sprintf("%s (%d waiting)", c.Label, c.Waiting)
	}
	return strings.Join(texts, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func in(next, now time.Time) string {
	if d := next.Sub(now).Round(time.Second); !next.IsZero() && d > 0 {
		return " in " + d.String()
	}
	return ""
}
