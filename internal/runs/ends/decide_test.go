package ends

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

func rejected(cause string) Attempt {
	return Attempt{Rejections: []Rejection{{Rejection: gate.Rejection{Cause: cause, Err: errors.New("no right")}}}}
}

func outOfOrder(key string) Attempt {
	return Attempt{System: &Trouble{Step: orchestrator.Step{Key: key, Path: key}, Err: errors.New("down")}}
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
		about    About
	}
	ended := func(o store.Outcome) want {
		return want{state: store.Ended, outcome: o, in: -1, standsIn: -1, forget: true}
	}
	waiting := func(reason string, in int64) want {
		return want{state: store.Waiting, reason: reason, in: in, standsIn: -1}
	}
	stand := func(w want, s store.Standing, in int64, a About) want {
		w.stands, w.standing, w.standsIn, w.about = true, s, in, a
		return w
	}
	aside := func(in int64, parked bool) want {
		w := stand(waiting(store.ReasonAside, in), store.Aside, in, SayAside)
		w.counts, w.parked, w.forget = true, parked, parked
		return w
	}
	dead := func(forget bool) want {
		w := stand(ended(store.Dead), store.StandingDead, -1, SayDead)
		w.counts, w.forget = true, forget
		return w
	}
	denied := Attempt{NotAllowed: &Rejection{Rejection: gate.Rejection{Cause: store.CauseAllow, Err: errors.New("not listed")}}}
	notAllowed := func(forget bool) want {
		w := stand(ended(store.Dead), store.StandingDead, -1, SayNotAllowed)
		w.reason, w.forget = store.ReasonAllow, forget
		return w
	}
	untilIn10 := gate.Wait{Reason: store.ReasonUntil, Until: atNow + 10*second}
	for name, c := range map[string]struct {
		e    Ending
		want want
	}{
		"it changed the ticket":                {Ending{Wrote: true}, stand(ended(store.Applied), store.Handled, -1, SayNothing)},
		"it changed it, and is to do it again": {Ending{Wrote: true, Repeat: true}, stand(ended(store.Applied), store.Free, -1, SayNothing)},
		"it left the ticket alone":             {Ending{}, stand(ended(store.Left), store.StandingLeft, 60, SayLeft)},
		"it left it again":                     {Ending{Lefts: 1}, stand(ended(store.Left), store.StandingLeft, 300, SayNothing)},
		"it left it many times":                {Ending{Lefts: 9}, stand(ended(store.Left), store.StandingLeft, 3600, SayNothing)},
		"it left it, and is to do it again":    {Ending{Repeat: true}, stand(ended(store.Left), store.Free, -1, SayLeft)},
		"a step answered no after a change":    {Ending{Wrote: true, Attempt: Attempt{failure: &Trouble{message: "not sure"}}}, stand(ended(store.Applied), store.Handled, -1, SayNothing)},

		"rejected the first time":               {Ending{Attempt: rejected("c")}, aside(60, true)},
		"rejected the second time":              {Ending{Attempt: rejected("c"), Attempts: 1}, aside(300, true)},
		"rejected the fifth time":               {Ending{Attempt: rejected("c"), Attempts: 4}, aside(6*3600, true)},
		"rejected the last time":                {Ending{Attempt: rejected("c"), Attempts: 5}, dead(true)},
		"rejected behind a change":              {Ending{Attempt: rejected("c"), Wrote: true}, aside(60, false)},
		"not allowed":                           {Ending{Attempt: denied}, notAllowed(true)},
		"not allowed, retried":                  {Ending{Attempt: denied, Attempts: 3}, notAllowed(true)},
		"not allowed behind a change":           {Ending{Attempt: denied, Wrote: true}, notAllowed(false)},
		"not allowed, and a request is at work": {Ending{Attempt: denied, Open: true, Until: atNow + 10*second}, waiting(store.ReasonUntil, 10)},
		"dead behind a change":                  {Ending{Attempt: rejected("c"), Wrote: true, Attempts: 5}, dead(false)},
		"params that fail":                      {Ending{Attempt: Attempt{Bad: &Trouble{kind: "params", Err: errors.New("no such key")}}}, aside(60, true)},
		"the process died at a step":            {Ending{Attempt: Attempt{Died: "classify"}}, aside(60, true)},
		"rejected like many others": {
			Ending{Attempt: rejected("c"), Closed: true},
			func() want {
				w := stand(waiting(store.ReasonCause, -1), store.Aside, -1, SayNothing)
				w.parked, w.forget = true, true
				return w
			}(),
		},
		"the gate waits for a cause, behind a change": {
			Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}}, Wrote: true},
			stand(waiting(store.ReasonCause, -1), store.Aside, -1, SayNothing),
		},
		"refused behind its own move, before others were": {
			Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}, Rejections: rejected("c").Rejections}, Wrote: true},
			stand(waiting(store.ReasonCause, 60), store.Aside, 60, SayNothing),
		},
		"refused behind its own move, as others were": {
			Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}, Rejections: rejected("c").Rejections}, Wrote: true, Closed: true},
			stand(waiting(store.ReasonCause, -1), store.Aside, -1, SayNothing),
		},

		"a request may be at work":                {Ending{Attempt: Attempt{Wait: &untilIn10}, Open: true}, waiting(store.ReasonUntil, 10)},
		"no end while a request may be at work":   {Ending{Open: true, Until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"no dead run either":                      {Ending{Attempt: rejected("c"), Attempts: 5, Open: true, Until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"canceled":                                {Ending{Canceled: true}, stand(ended(store.Canceled), store.Handled, -1, SayNothing)},
		"canceled while a request may be at work": {Ending{Canceled: true, Open: true, Until: atNow + 7*second}, waiting(store.ReasonUntil, 7)},
		"another run works at it":                 {Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonBusy}}}, waiting(store.ReasonBusy, 1)},
		"it does so for long":                     {Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonBusy}}, Memory: Memory{Busy: 12}, Jitter: time.Second}, waiting(store.ReasonBusy, 17)},
		"and until a person decides":              {Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonBusy}}, Memory: Memory{Busy: 500}, Jitter: time.Second}, waiting(store.ReasonBusy, 61)},
		"it still does":                           {Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonBusy}}, Memory: Memory{Busy: 1}, Jitter: time.Second}, waiting(store.ReasonBusy, 3)},

		"the system failed":             {Ending{Attempt: outOfOrder("s")}, waiting(store.ReasonSystem, 1)},
		"it failed twice":               {Ending{Attempt: outOfOrder("s"), Memory: Memory{Step: "s", Count: 1, Since: atNow - 2*second}}, waiting(store.ReasonSystem, 10)},
		"it failed for all, long":       {Ending{Attempt: outOfOrder("s"), Memory: Memory{Step: "s", Count: 7, Since: atNow - 900*second}}, waiting(store.ReasonSystem, 60)},
		"only for this ticket, briefly": {Ending{Attempt: outOfOrder("s"), Healthy: true, Memory: Memory{Step: "s", Count: 2, Since: atNow - 20*second}}, waiting(store.ReasonSystem, 60)},
		"only for this ticket, long":    {Ending{Attempt: outOfOrder("s"), Healthy: true, Memory: Memory{Step: "s", Count: 2, Since: atNow - 61*second}}, aside(60, true)},
		"only for this ticket, unanswered": {
			Ending{Attempt: Attempt{Wait: &untilIn10, System: outOfOrder("s").System}, Open: true, Until: atNow + 10*second, Healthy: true, Memory: Memory{Step: "s", Count: 2, Since: atNow - 61*second}},
			waiting(store.ReasonUntil, 10),
		},
		"and nothing can be at work any more": {Ending{Attempt: Attempt{Own: "500"}, Open: true}, aside(60, false)},
		"the last time":                       {Ending{Attempt: Attempt{Own: "500"}, Open: true, Attempts: 5}, dead(false)},
		"it asks all to wait, again and again": {
			Ending{Attempt: Attempt{System: &Trouble{Step: orchestrator.Step{Key: "s"}, Err: fmt.Errorf("not sent: %w", &api.RetryError{After: 5 * time.Second, Err: errors.New("none is sent for some seconds")})}}, Healthy: true, Memory: Memory{Step: "s", Count: 2, Since: atNow - 61*second}},
			waiting(store.ReasonSystem, 5),
		},
		"at another step":              {Ending{Attempt: outOfOrder("t"), Healthy: true, Memory: Memory{Step: "s", Count: 2, Since: atNow - 61*second}}, waiting(store.ReasonSystem, 1)},
		"an error that nobody saw":     {Ending{Err: errors.New("broken")}, waiting(store.ReasonSystem, 1)},
		"and a request may be at work": {Ending{Attempt: outOfOrder("s"), Open: true, Until: atNow + 30*second}, waiting(store.ReasonSystem, 30)},

		"somebody was faster": {Ending{Attempt: Attempt{Overtaken: "1"}}, stand(ended(store.Overtaken), store.Free, -1, SayOvertaken)},
		"merged":              {Ending{Attempt: Attempt{Gone: "1"}}, stand(ended(store.Gone), store.StandingLeft, 60, SayGone)},
		"it can't be read":    {Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonGone}}}, waiting(store.ReasonGone, 60)},
		"nobody looked for a day": {
			Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonGone}}, Memory: Memory{Looked: second, Look: atNow - 48*3600*second}},
			waiting(store.ReasonGone, 60),
		},
		"it couldn't for a day": {
			Ending{Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonGone}}, Memory: Memory{Looked: 24*3600*second - 60*second, Look: atNow - 60*second}},
			stand(ended(store.Gone), store.StandingLeft, 60, SayGone),
		},
		"nobody knows whether it was carried out": {
			Ending{Attempt: Attempt{Doubt: "mail"}, Open: true},
			func() want {
				w := stand(ended(store.Dead), store.StandingDead, -1, SayDoubt)
				w.forget = false
				return w
			}(),
		},
		"the process ends":            {Ending{Attempt: Attempt{Stopped: true}}, want{state: store.Ready, in: 0, standsIn: -1}},
		"a loop's run is not resumed": {Ending{Spawned: true, Attempt: outOfOrder("s")}, ended(store.Left)},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.e
			e.Now, e.Retry = atNow, orchestrator.DefaultRetry()
			got := Decide(e)
			in := func(due int64) int64 {
				if due == 0 {
					return -1
				}
				return (due - atNow) / second
			}
			was := want{
				got.End.State, got.End.Outcome, got.End.Reason, in(got.End.DueAt), got.Standing, got.Stands, in(got.Due),
				got.End.Counts, got.Forget, got.End.Parked, got.About,
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
		Ending
		want string
	}{
		"an error of the runner's pipe": {Ending{Err: why}, why.Error()},
		"what a step met comes first":   {Ending{Err: why, Attempt: outOfOrder("s")}, "down"},
	} {
		if got := Decide(c.Ending).End.Err; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	held := Ending{Err: fmt.Errorf("config.yml:26:19: %w", gate.ErrStopped), Attempt: Attempt{Wait: &gate.Wait{Reason: store.ReasonCause, Cause: "c"}}}
	if note := Decide(held).Note; note != "" { // so that the cause's label is shown
		t.Errorf("held back by a cause, it says %q", note)
	}
	if at := (&Attempt{Own: "down", OwnAt: "sort/update"}).At(); at != "update" {
		t.Errorf("what the system fails at for this ticket only is step %q", at)
	}
}
