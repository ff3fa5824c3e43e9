package runs

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

const (
	atNow  = int64(1_000_000_000_000)
	second = int64(1_000_000)
)

func rejected(cause string) attempt {
	return attempt{rejections: []rejection{{Rejection: gate.Rejection{Cause: cause, Err: errors.New("no right")}}}}
}

func outOfOrder(key string) attempt {
	return attempt{system: &trouble{step: orchestrator.Step{Key: key, Path: key}, err: errors.New("down")}}
}

func TestOnePlaceDecidesWhatARunAndItsTicketMayDoNext(t *testing.T) {
	type want struct {
		state    store.State
		outcome  store.Outcome
		reason   string
		in       int64 // seconds until it is due; -1: never by itself
		standing store.Standing
		stands   bool
		standsIn int64 // seconds until it is looked at again; -1: never by itself
		counts   bool
		forget   bool
		parked   bool
		about    about
	}
	ended := func(o store.Outcome) want {
		return want{state: store.Ended, outcome: o, in: -1, standsIn: -1, forget: true}
	}
	waiting := func(reason string, in int64) want {
		return want{state: store.Waiting, reason: reason, in: in, standsIn: -1}
	}
	stand := func(w want, s store.Standing, in int64, a about) want {
		w.stands, w.standing, w.standsIn, w.about = true, s, in, a
		return w
	}
	aside := func(in int64, parked bool) want {
		w := stand(waiting(store.ReasonAside, in), store.Aside, in, sayAside)
		w.counts, w.parked, w.forget = true, parked, parked
		return w
	}
	dead := func(forget bool) want {
		w := stand(ended(store.Dead), store.StandingDead, -1, sayDead)
		w.counts, w.forget = true, forget
		return w
	}
	untilIn10 := gate.Wait{Reason: store.ReasonUntil, Until: atNow + 10*second}
	for name, c := range map[string]struct {
		e    ending
		want want
	}{
		"it changed the ticket":                {ending{wrote: true}, stand(ended(store.Applied), store.Handled, -1, sayNothing)},
		"it changed it, and is to do it again": {ending{wrote: true, repeat: true}, stand(ended(store.Applied), store.Free, -1, sayNothing)},
		"it left the ticket alone":             {ending{}, stand(ended(store.Left), store.StandingLeft, 60, sayLeft)},
		"it left it again":                     {ending{lefts: 1}, stand(ended(store.Left), store.StandingLeft, 300, sayNothing)},
		"it left it many times":                {ending{lefts: 9}, stand(ended(store.Left), store.StandingLeft, 3600, sayNothing)},
		"it left it, and is to do it again":    {ending{repeat: true}, stand(ended(store.Left), store.Free, -1, sayLeft)},
		"a step answered no after a change":    {ending{wrote: true, attempt: attempt{failure: &trouble{message: "not sure"}}}, stand(ended(store.Applied), store.Handled, -1, sayNothing)},

		"rejected the first time":    {ending{attempt: rejected("c")}, aside(60, true)},
		"rejected the second time":   {ending{attempt: rejected("c"), attempts: 1}, aside(300, true)},
		"rejected the fifth time":    {ending{attempt: rejected("c"), attempts: 4}, aside(6*3600, true)},
		"rejected the last time":     {ending{attempt: rejected("c"), attempts: 5}, dead(true)},
		"rejected behind a change":   {ending{attempt: rejected("c"), wrote: true}, aside(60, false)},
		"dead behind a change":       {ending{attempt: rejected("c"), wrote: true, attempts: 5}, dead(false)},
		"params that fail":           {ending{attempt: attempt{bad: &trouble{kind: "params", err: errors.New("no such key")}}}, aside(60, true)},
		"the process died at a step": {ending{attempt: attempt{died: "classify"}}, aside(60, true)},
		"rejected like many others": {
			ending{attempt: rejected("c"), closed: true},
			func() want {
				w := stand(waiting(store.ReasonCause, -1), store.Aside, -1, sayNothing)
				w.parked, w.forget = true, true
				return w
			}(),
		},
		"the gate waits for a cause, behind a change": {
			ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}}, wrote: true},
			stand(waiting(store.ReasonCause, -1), store.Aside, -1, sayNothing),
		},
		"refused behind its own move, before others were": {
			ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}, rejections: rejected("c").rejections}, wrote: true},
			stand(waiting(store.ReasonCause, 60), store.Aside, 60, sayNothing),
		},
		"refused behind its own move, as others were": {
			ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}, rejections: rejected("c").rejections}, wrote: true, closed: true},
			stand(waiting(store.ReasonCause, -1), store.Aside, -1, sayNothing),
		},

		"a request may be at work":                {ending{attempt: attempt{wait: &untilIn10}, open: true}, waiting(store.ReasonUntil, 10)},
		"no end while a request may be at work":   {ending{open: true, until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"no dead run either":                      {ending{attempt: rejected("c"), attempts: 5, open: true, until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"canceled":                                {ending{canceled: true}, stand(ended(store.Canceled), store.Handled, -1, sayNothing)},
		"canceled while a request may be at work": {ending{canceled: true, open: true, until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"another run works at it":                 {ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonBusy}}}, waiting(store.ReasonBusy, 1)},
		"it does so for long":                     {ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonBusy}}, memory: memory{Busy: 12}, jitter: time.Second}, waiting(store.ReasonBusy, 17)},
		"and until a person decides":              {ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonBusy}}, memory: memory{Busy: 500}, jitter: time.Second}, waiting(store.ReasonBusy, 61)},
		"it still does":                           {ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonBusy}}, memory: memory{Busy: 1}, jitter: time.Second}, waiting(store.ReasonBusy, 3)},

		"the system failed":             {ending{attempt: outOfOrder("s")}, waiting(store.ReasonSystem, 1)},
		"it failed twice":               {ending{attempt: outOfOrder("s"), memory: memory{Step: "s", Count: 1, Since: atNow - 2*second}}, waiting(store.ReasonSystem, 10)},
		"it failed for all, long":       {ending{attempt: outOfOrder("s"), memory: memory{Step: "s", Count: 7, Since: atNow - 900*second}}, waiting(store.ReasonSystem, 60)},
		"only for this ticket, briefly": {ending{attempt: outOfOrder("s"), healthy: true, memory: memory{Step: "s", Count: 2, Since: atNow - 20*second}}, waiting(store.ReasonSystem, 60)},
		"only for this ticket, long":    {ending{attempt: outOfOrder("s"), healthy: true, memory: memory{Step: "s", Count: 2, Since: atNow - 61*second}}, aside(60, true)},
		"only for this ticket, unanswered": {
			ending{attempt: attempt{wait: &untilIn10, system: outOfOrder("s").system}, open: true, until: atNow + 10*second, healthy: true, memory: memory{Step: "s", Count: 2, Since: atNow - 61*second}},
			waiting(store.ReasonUntil, 10),
		},
		"and nothing can be at work any more": {ending{attempt: attempt{own: "500"}, open: true}, aside(60, false)},
		"the last time":                       {ending{attempt: attempt{own: "500"}, open: true, attempts: 5}, dead(false)},
		"it asks all to wait, again and again": {
			ending{attempt: attempt{system: &trouble{step: orchestrator.Step{Key: "s"}, err: fmt.Errorf("not sent: %w", &api.RetryError{After: 5 * time.Second, Err: errors.New("none is sent for some seconds")})}}, healthy: true, memory: memory{Step: "s", Count: 2, Since: atNow - 61*second}},
			waiting(store.ReasonSystem, 5),
		},
		"at another step":              {ending{attempt: outOfOrder("t"), healthy: true, memory: memory{Step: "s", Count: 2, Since: atNow - 61*second}}, waiting(store.ReasonSystem, 1)},
		"an error that nobody saw":     {ending{err: errors.New("broken")}, waiting(store.ReasonSystem, 1)},
		"and a request may be at work": {ending{attempt: outOfOrder("s"), open: true, until: atNow + 30*second}, waiting(store.ReasonSystem, 30)},

		"somebody was faster": {ending{attempt: attempt{overtaken: "1"}}, stand(ended(store.Overtaken), store.Free, -1, sayOvertaken)},
		"merged":              {ending{attempt: attempt{gone: "1"}}, stand(ended(store.Gone), store.StandingLeft, 60, sayGone)},
		"it can't be read":    {ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonGone}}}, waiting(store.ReasonGone, 60)},
		"nobody looked for a day": {
			ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonGone}}, memory: memory{Looked: second, Look: atNow - 48*3600*second}},
			waiting(store.ReasonGone, 60),
		},
		"it couldn't for a day": {
			ending{attempt: attempt{wait: &gate.Wait{Reason: store.ReasonGone}}, memory: memory{Looked: 24*3600*second - 60*second, Look: atNow - 60*second}},
			stand(ended(store.Gone), store.StandingLeft, 60, sayGone),
		},
		"nobody knows whether it was carried out": {
			ending{attempt: attempt{doubt: "mail"}, open: true},
			func() want {
				w := stand(ended(store.Dead), store.StandingDead, -1, sayDoubt)
				w.forget = false
				return w
			}(),
		},
		"the process ends":            {ending{attempt: attempt{stopped: true}}, want{state: store.Ready, in: 0, standsIn: -1}},
		"a loop's run is not resumed": {ending{spawned: true, attempt: outOfOrder("s")}, ended(store.Left)},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.e
			e.now, e.retry = atNow, withDefaults(orchestrator.Retry{})
			got := decide(e)
			in := func(due int64) int64 {
				if due == 0 {
					return -1
				}
				return (due - atNow) / second
			}
			was := want{
				got.end.State, got.end.Outcome, got.end.Reason, in(got.end.DueAt), got.standing, got.stands, in(got.due),
				got.end.Counts, got.forget, got.end.Parked, got.about,
			}
			if was != c.want {
				t.Errorf("is  %+v\nnot %+v", was, c.want)
			}
		})
	}
}

func TestPausesGrowFivefold(t *testing.T) {
	var got []time.Duration
	for n := 1; n <= 6; n++ {
		got = append(got, pause(time.Minute, 6*time.Hour, n))
	}
	want := []time.Duration{time.Minute, 5 * time.Minute, 25 * time.Minute, 125 * time.Minute, 6 * time.Hour, 6 * time.Hour}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("pauses %v, want %v", got, want)
		}
	}
}

func TestARunThatWaitsSaysWhy(t *testing.T) {
	why := errors.New("two items have the key 7")
	for name, c := range map[string]struct {
		ending
		want string
	}{
		"an error of the runner's pipe": {ending{err: why}, why.Error()},
		"what a step met comes first":   {ending{err: why, attempt: outOfOrder("s")}, "down"},
	} {
		if got := decide(c.ending).end.Err; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	held := ending{err: fmt.Errorf("config.yml:26:19: %w", gate.ErrStopped), attempt: attempt{wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}}}
	if note := decide(held).note; note != "" { // so that the cause's label is shown
		t.Errorf("held back by a cause, it says %q", note)
	}
	if at := (&attempt{own: "down", ownAt: "sort/update"}).at(); at != "update" {
		t.Errorf("what the system fails at for this ticket only is step %q", at)
	}
}
