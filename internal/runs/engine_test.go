package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestARunWithoutAClaimStoresNothing(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "before", nil)
		d.does(r, "fetch", d.fetch())
		d.end(r)
		if rows := d.runs(store.Filter{}); len(rows) != 0 {
			t.Errorf("%d runs are stored", len(rows))
		}
	})
}

func TestTheResultsBeforeAClaimAreStoredWithIt(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		claimed := 0
		r := d.engine.Begin(d.place, func() { claimed++ }).(*run)
		d.does(r, "before", nil)
		d.does(r, "fetch", d.fetch("1", "2"))
		if l := d.loaded(r.row.ID); len(l.Steps) != 1 || l.Steps[0].Key != "before" || l.Run.AtWork != "fetch" || len(l.Tickets) != 2 {
			t.Errorf("stored: %+v", l)
		}
		d.does(r, "fetch again", d.fetch("3"))
		if claimed != 1 {
			t.Errorf("the claim was reported %d times", claimed)
		}
	})
}

func TestWhatABriefStepGaveIsStoredWithWhatComesNext(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		brief := func(r *run, key string, do work) {
			_, err := r.Step(t.Context(), orchestrator.Step{Key: key, Path: key, Name: key, Params: "p", Brief: true}, func(ctx context.Context) (api.PipeResult, error) {
				if do == nil {
					return api.Success(map[string]any{"of": key}), nil
				}
				s, _ := gate.StepOf(ctx)
				return do(ctx, s)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		stored := func(r *run, atWork string, keys ...string) {
			t.Helper()
			l := d.loaded(r.row.ID)
			var have []string
			for _, s := range l.Steps {
				have = append(have, s.Key)
			}
			if slices.Sort(keys); l.Run.AtWork != atWork || !slices.Equal(have, keys) {
				t.Errorf("at work is %q, stored are %q, want %q and %q", l.Run.AtWork, have, atWork, keys)
			}
		}
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		brief(r, "first", nil)
		stored(r, "fetch") // which is read anew
		d.does(r, "classify", nil)
		stored(r, "classify", "fetch", "first")
		brief(r, "second", nil)
		stored(r, "second", "fetch", "first", "classify")
		brief(r, "third", nil)
		stored(r, "second", "fetch", "first", "classify")
		brief(r, "write", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			result, err := d.write("1")(ctx, s)
			stored(r, "write", "fetch", "first", "classify", "second", "third")
			return result, err
		})
		r.row.Deaths = 1 // then it matters which one is at work
		brief(r, "fourth", nil)
		stored(r, "fourth", "fetch", "first", "classify", "second", "third", "write")
	})
}

func TestAnInterruptedRunGoesOnAtItsFirstStepWithoutAResult(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "classify", nil)
		d.does(r, "write", d.write("1"))
		d.does(r, "note", func(context.Context, gate.Step) (api.PipeResult, error) { // it begins, and the process dies
			d.die()
			return api.Success(nil), nil
		})
		r = d.next(d.place)
		if !r.Resumed() {
			t.Error("it counts as new")
		}
		for _, key := range []string{"fetch", "classify", "write"} {
			result, called, err := d.step(r, key, "p", nil)
			if err != nil || called {
				t.Errorf("%s: called again %v, error %v", key, called, err)
			}
			if key == "fetch" && fmt.Sprint(result.Data["fetched_tickets"].([]any)[0]) != fmt.Sprint(ticket("1")) {
				t.Errorf("the fetch yields %v", result.Data)
			}
			if key == "classify" && result.Data["of"] != "classify" {
				t.Errorf("the result is %v", result.Data)
			}
		}
		if _, called, _ := d.step(r, "note", "p", nil); !called {
			t.Error("the step at work isn't called again")
		}
		d.end(r)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

func TestTheProcessThatLostARunStoresNothingMore(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		old := d.begin()
		d.does(old, "fetch", d.fetch("1"))
		d.die()
		r := d.next(d.place)
		if _, called, err := d.step(old, "write", "p", d.write("1")); called || !errors.Is(err, store.ErrFence) {
			t.Errorf("called %v, error %v", called, err)
		}
		if err := stored(old, old.End(t.Context(), api.Success(nil), nil)); err != nil {
			t.Errorf("its end is an error: %v", err)
		}
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		d.end(r)
	})
}

func TestARunWhoseParamsHaveChangedBeginsAnew(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "classify", nil)
		d.does(r, "write", d.write("1"))
		d.does(r, "last", nil)
		d.die()
		r = d.next(d.place)
		d.does(r, "fetch", nil)
		if _, called, err := d.step(r, "classify", "other", nil); called || err == nil {
			t.Errorf("called %v, error %v", called, err)
		}
		if _, called, err := d.step(r, "write", "p", nil); called || err == nil {
			t.Errorf("a step behind it: called %v, error %v", called, err)
		}
		if !r.Again() || r.Again() {
			t.Fatal("it doesn't begin anew, once")
		}
		d.does(r, "fetch", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
			if !s.FirstSearch() || len(s.Tickets()) != 1 || !s.Tickets()[0].Fetched {
				t.Errorf("first search %v, tickets %+v", s.FirstSearch(), s.Tickets())
			}
			if f := s.Effects(); len(f) != 1 || f[0].State != store.Done {
				t.Errorf("effects %+v", f)
			}
			return api.Success(nil), nil
		})
		if _, called, err := d.step(r, "classify", "other", nil); !called || err != nil {
			t.Errorf("called %v, error %v", called, err)
		}
		d.end(r)
	})
}

func TestWhatMayNotBeStoredIsEvaluatedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		secret string
		data   any
	}{
		"a secret":          {"hunter2", "the password is hunter2"},
		"more than 4 MB":    {"", strings.Repeat("x", kept.Most+1)},
		"no success":        {"", nil},
		"a secret as a key": {"hunter2", map[string]any{"hunter2": int64(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				d.secret = c.secret
				r := d.begin()
				d.does(r, "fetch", d.fetch("1"))
				d.does(r, "read", func(context.Context, gate.Step) (api.PipeResult, error) {
					if c.data == nil {
						return api.Failure("not now"), nil
					}
					return api.Success(map[string]any{"text": c.data}), nil
				})
				d.does(r, "write", d.write("1"))
				d.does(r, "last", nil)
				d.die()
				r = d.next(d.place)
				for key, again := range map[string]bool{"fetch": false, "read": true, "write": false} {
					if _, called, err := d.step(r, key, "p", nil); called != again || err != nil {
						t.Errorf("%s: called again %v, error %v", key, called, err)
					}
				}
				d.end(r)
			})
		})
	}
}

func TestAFetchWithATicketTooLargeIsReadAnew(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			result, err := d.fetch("1")(ctx, s)
			result.Data["fetched_tickets"].([]any)[0].(map[string]any)["body"] = strings.Repeat("x", kept.Most)
			return result, err
		})
		d.does(r, "write", d.write("1"))
		d.die()
		r = d.next(d.place)
		_, called, err := d.step(r, "fetch", "p", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
			if !s.FirstSearch() {
				t.Error("the search isn't the first one")
			}
			return api.Success(nil), nil
		})
		if !called || err != nil {
			t.Errorf("called %v, error %v", called, err)
		}
		d.end(r)
	})
}

func TestAnOpenWriteIsFinishedBeforeAnyStep(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, err := d.intent("1")(ctx, s)
			d.die()
			return api.PipeResult{}, err
		})
		var finished []string
		d.finish = func(ctx context.Context, s gate.Step, f store.Effect) error {
			finished = append(finished, f.Key)
			f.State = store.Done
			s.Later(store.Batch{Effects: []store.Effect{f}})
			return nil
		}
		r = d.next(d.place)
		d.does(r, "fetch", nil)
		if len(finished) != 1 || finished[0] != "write note 1 1" {
			t.Fatalf("finished: %q", finished)
		}
		d.does(r, "write", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
			if f := s.Effects(); len(f) != 1 || f[0].State != store.Done || f[0].Key != s.NextWrite("note", "1") {
				t.Errorf("effects %+v", f)
			}
			return api.Success(nil), nil
		})
		d.end(r)
		if got := d.runs(store.Filter{})[0]; got.Outcome != store.Applied {
			t.Errorf("the run is %+v", got)
		}
	})
}

func TestARunWaitsForARequestThatMayBeAtWork(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		_, _, err := d.step(r, "write", "p", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, err := d.intent("1")(ctx, s)
			s.Failed(api.ErrUncertain)
			s.Waits(gate.Wait{Reason: store.ReasonUntil, Until: s.Effects()[0].Until})
			return api.PipeResult{}, errors.Join(err, api.ErrUncertain)
		})
		if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
			t.Errorf("it is an error of the runner: %v", endErr)
		}
		if _, ok := d.mayBeNext(d.place); ok {
			t.Fatal("it is due at once")
		}
		if got := d.ticket("1"); !got.Working {
			t.Error("the run doesn't work at its ticket while it waits")
		}
		if soon, err := d.engine.Soon(t.Context(), d.place); !soon || err != nil {
			t.Errorf("soon %v, error %v", soon, err)
		}
		began := time.Now()
		for range 2 {
			<-d.engine.Ready(d.place)
		}
		if waited := time.Since(began); waited < 29*time.Second || waited > 31*time.Second {
			t.Errorf("it was due after %s", waited)
		}
		d.finish = func(_ context.Context, s gate.Step, f store.Effect) error {
			f.State = store.Done
			s.Later(store.Batch{Effects: []store.Effect{f}})
			return nil
		}
		r = d.next(d.place)
		d.does(r, "fetch", nil)
		d.end(r)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

func TestAStepAtWhichTheProcessDiesSetsItsTicketAside(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		exits := func(context.Context, gate.Step) (api.PipeResult, error) {
			d.die()
			return api.Success(nil), nil
		}
		for range 3 {
			if _, called, _ := d.step(r, "exits", "p", exits); !called {
				t.Fatal("it isn't tried three times")
			}
			r = d.next(d.place)
			d.step(r, "fetch", "p", nil)
		}
		_, called, err := d.step(r, "exits", "p", exits)
		if called {
			t.Fatal("it is tried a fourth time")
		}
		if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
			t.Fatal(endErr)
		}
		if got := d.ticket("1"); got.Standing != store.Aside || !strings.Contains(got.Note, "exits") {
			t.Errorf("the ticket: %+v", got)
		}

		time.Sleep(time.Hour)
		r = d.next(d.place)
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "exits", d.write("1"))
		d.end(r)
		if got := d.ticket("1"); got.Standing != store.Handled || got.Note != "" {
			t.Errorf("once it is handled, the ticket: %+v", got)
		}
	})
}

func TestACleanStopCountsNoDeath(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		ctx, stop := context.WithCancel(t.Context())
		for range 5 {
			_, err := r.Step(ctx, orchestrator.Step{Key: "slow", Params: "p"}, func(ctx context.Context) (api.PipeResult, error) {
				stop()
				return api.PipeResult{}, ctx.Err()
			})
			if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
				t.Fatal(endErr)
			}
			if err := d.engine.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.start()
			r = d.next(d.place)
			if r.row.Deaths != 0 || r.row.Attempts != 0 {
				t.Fatalf("the run: %+v", r.row)
			}
			ctx, stop = context.WithCancel(t.Context())
			d.does(r, "fetch", nil)
		}
		stop()
		d.end(r)
	})
}

func TestARejectedTicketIsTriedAgainAndThenDead(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.place.Retry = orchestrator.Retry{First: 10 * time.Second, Longest: 20 * time.Minute, Attempts: 6}
		d.process("1", rejects("queue Sales", "1"))
		for _, pause := range []time.Duration{10 * time.Second, 50 * time.Second, 250 * time.Second, 20 * time.Minute, 20 * time.Minute} {
			if _, ok := d.mayBeNext(d.place); ok {
				t.Fatal("it is due at once")
			}
			time.Sleep(pause - time.Second)
			if _, ok := d.mayBeNext(d.place); ok {
				t.Fatalf("it is due before %s", pause)
			}
			time.Sleep(2 * time.Second)
			r := d.next(d.place)
			if !r.row.Parked {
				t.Error("it doesn't begin anew")
			}
			d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
			d.does(r, "write", rejects("queue Sales", "1"))
			d.end(r)
		}
		if got := d.ticket("1"); got.Standing != store.StandingDead || got.DueAt != 0 {
			t.Errorf("the ticket: %+v", got)
		}
		time.Sleep(time.Hour)
		if _, ok := d.mayBeNext(d.place); ok {
			t.Error("it is tried again")
		}
		if aside, dead := d.log.count("a ticket is set aside"), d.log.count("isn't tried again by itself"); aside != 5 || dead != 1 {
			t.Errorf("%d and %d lines", aside, dead)
		}
	})
}

func TestOneTicketsTroubleStopsNoOther(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("queue Sales", "1"))
		r := d.begin()
		d.does(r, "fetch", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			mark, _ := d.store.Mark(ctx)
			got, err := s.Claim(ctx, store.Claim{System: "desk", Tickets: []string{"1", "2"}, Limit: 1, Since: mark})
			if err != nil || len(got.Tickets) != 1 || got.Tickets[0].Ticket != "2" {
				t.Errorf("claimed %+v, error %v", got, err)
			}
			return api.Success(nil), err
		})
		d.does(r, "write", d.write("2"))
		d.end(r)
	})
}

func TestATicketThatIsLeftIsSaidOnceAndPassedOver(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		unsure := func(context.Context, gate.Step) (api.PipeResult, error) { return api.Failure("not sure"), nil }
		d.process("1", unsure)
		got := d.ticket("1")
		if got.Standing != store.StandingLeft || got.Note != "not sure" {
			t.Errorf("the ticket: %+v", got)
		}
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		if r.stored {
			t.Error("it is claimed again at once")
		}
		d.end(r)
		time.Sleep(61 * time.Second)
		d.process("1", unsure)
		if got := d.ticket("1"); got.Attempts != 2 {
			t.Errorf("the ticket: %+v", got)
		}
		if n := d.log.count("a ticket is left as it is"); n != 1 {
			t.Errorf("it is said %d times", n)
		}
	})
}

func TestThreeTicketsRejectedForOneCauseMakeItWait(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		for _, id := range []string{"1", "2", "3"} {
			d.process(id, rejects("queue Sales", id))
		}
		waiting := d.runs(store.Filter{Reason: store.ReasonCause})
		if len(waiting) != 1 || waiting[0].Attempts != 0 {
			t.Errorf("waiting for the cause: %+v", waiting)
		}
		for _, id := range []string{"4", "5"} {
			d.process(id, func(_ context.Context, s gate.Step) (api.PipeResult, error) {
				s.Waits(gate.Wait{Reason: store.ReasonCause, Cause: "queue Sales"})
				return api.PipeResult{}, gate.ErrStopped
			})
		}
		if n := d.log.count("many tickets are"); n != 1 {
			t.Errorf("the cause is said %d times", n)
		}
		time.Sleep(75 * time.Second)
		r := d.next(d.place)
		tries := 0
		for ok := true; ok; r, ok = d.mayBeNext(d.place) {
			d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
			_, _, err := d.step(r, "write", "p", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
				if s.Tries() == "" {
					s.Waits(gate.Wait{Reason: store.ReasonCause, Cause: "queue Sales"})
					return api.PipeResult{}, gate.ErrStopped
				}
				tries++
				result, err := d.write(s.Tickets()[0].Ticket)(ctx, s)
				s.Later(store.Batch{Success: []string{"queue Sales"}})
				return result, err
			})
			if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
				t.Fatal(endErr)
			}
			if tries > 0 {
				break
			}
		}
		if tries != 1 {
			t.Fatalf("%d tried", tries)
		}
		due := 0
		for r, ok := d.mayBeNext(d.place); ok; r, ok = d.mayBeNext(d.place) {
			due++
			d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
			d.does(r, "write", d.write(r.tickets[0].Ticket))
			d.end(r)
		}
		if due != 4 {
			t.Errorf("%d are due when it succeeds, of 4", due)
		}
		time.Sleep(2 * causesEach)
		if n := d.log.count(`it go on" refused="no right on queue Sales" waited=`); n != 1 {
			t.Errorf("that it is over is said %d times:\n%s", n, d.log.b.String())
		}
	})
}

// What follows a move is refused: the run waits, and doesn't keep others waiting; the third
// ticket closes the cause.
func TestWhatIsRefusedBehindAMoveWaitsAMinuteAndCounts(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		tries := 0
		refused := func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			tries++
			id := s.Tickets()[0].Ticket
			s.Refused(gate.Rejection{System: "desk", Ticket: id, Write: true, Cause: "note missing", Err: api.ErrDenied})
			s.Waits(gate.Wait{Reason: store.ReasonCause, Cause: "note missing", Err: api.ErrDenied})
			return api.PipeResult{}, errors.Join(gate.ErrStopped, api.ErrDenied)
		}
		for n, id := range []string{"1", "2", "3"} {
			r := d.begin()
			d.does(r, "fetch", d.fetch(id))
			d.does(r, "move", d.write(id))
			_, _, err := d.step(r, "note", "p", refused)
			if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
				t.Fatal(endErr)
			}
			if _, ok := d.mayBeNext(d.place); ok {
				t.Fatal("it is due again at once")
			}
			if closed := d.log.count("many tickets are"); closed != n/2 {
				t.Fatalf("after %d tickets the cause is closed %d times", n+1, closed)
			}
		}
		if got := d.runs(store.Filter{Reason: store.ReasonCause}); len(got) != 3 || tries != 3 {
			t.Errorf("%d tries, waiting: %+v", tries, got)
		}
	})
}

func TestThreeDifferentTicketsInARowAreTheRunnersTrouble(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		for i, id := range []string{"1", "2", "3", "4"} {
			r := d.begin()
			d.does(r, "fetch", d.fetch(id))
			_, _, err := d.step(r, "write", "p", fails)
			endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err))
			if (endErr != nil) != (i >= 2) {
				t.Errorf("ticket %s: the runner's error is %v", id, endErr)
			}
		}
		d.process("5", d.write("5"))
		r := d.begin()
		d.does(r, "fetch", d.fetch("6"))
		_, _, err := d.step(r, "write", "p", fails)
		if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
			t.Errorf("after a success: %v", endErr)
		}
	})
}

func TestASystemsFailureIsATicketsWhereOthersPass(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", fails)
		for i := range 12 {
			time.Sleep(12 * time.Second)
			d.process(fmt.Sprint(100+i), d.write(fmt.Sprint(100+i)))
			r, ok := d.mayBeNext(d.place)
			if !ok {
				continue
			}
			d.does(r, "fetch", nil)
			_, _, err := d.step(r, "write", "p", fails)
			if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
				t.Fatal(endErr)
			}
			if d.ticket("1").Standing == store.Aside {
				return
			}
		}
		t.Errorf("the ticket: %+v", d.ticket("1"))
	})
}

func TestAChangedConfigurationFreesNothingThatIsHandledAndSaysSoOnce(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", d.write("1"))
		d.place = &orchestrator.Place{Runner: "sort", Path: d.place.Path, Hash: "h2", Workers: 1}
		for range 2 {
			d.die()
			r := d.begin()
			d.does(r, "fetch", d.fetch("1"))
			if r.stored {
				t.Error("a handled ticket is claimed again")
			}
			d.end(r)
		}
		if n := d.log.count("the configuration of a runner has changed"); n != 1 {
			t.Errorf("it is said %d times", n)
		}
	})
}

func TestAnotherConfigurationTakesAtOnceWhatWaitsForARejectedTicket(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("queue Sales", "1"))
		d.die()
		if _, ok := d.mayBeNext(d.place); ok {
			t.Fatal("the same configuration takes it before it is due")
		}
		d.place = &orchestrator.Place{Runner: "sort", Path: d.place.Path, Hash: "h2", Workers: 1}
		d.die()
		r := d.next(d.place)
		if !r.row.Parked {
			t.Error("it doesn't begin anew")
		}
		d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
		d.does(r, "write", d.write("1"))
		d.end(r)
	})
}

func TestARunnerThatIsGoneFromTheConfigurationIsSaid(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("queue Sales", "1"))
		d.process("2", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			if result, err := d.write("2")(ctx, s); err != nil {
				return result, err
			}
			return rejects("queue Sales", "2")(ctx, s)
		})
		d.place = &orchestrator.Place{Runner: "another", Path: d.place.Path, Hash: "h1", Workers: 1}
		d.items.Runner, d.keep = "another", 30*24*time.Hour
		d.die()
		time.Sleep(2 * time.Second)
		if idle, begun := d.log.count("runs can't go on because"), d.log.count("runs that have begun to change tickets can't go on"); idle != 1 || begun != 1 {
			t.Errorf("%d and %d lines", idle, begun)
		}
		after := func(days int) {
			d.engine.mu.Lock()
			d.engine.offset = time.Duration(days) * 24 * time.Hour
			d.engine.mu.Unlock()
			if err := d.engine.unknownRunners(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		after(8)
		left := func() (ids []string) {
			for _, row := range d.runs(store.Filter{States: []store.State{store.Ready, store.Waiting}}) {
				ids = append(ids, row.Tickets...)
			}
			return ids
		}
		if got := left(); !slices.Equal(got, []string{"2"}) {
			t.Errorf("after a week runs at %q are left", got)
		}
		if got := d.ticket("1").Standing; got != store.Free {
			t.Errorf("a ticket that nothing was written to stands as %q: with its runner back nobody would take it up", got)
		}
		after(31)
		if got := left(); len(got) != 0 || d.ticket("2").Standing != store.Handled || d.log.count("is given up") != 1 {
			t.Errorf("runs at %q are left when ended runs go, too; the ticket: %+v", got, d.ticket("2"))
		}
	})
}

// Nobody can finish what such a run has sent: it ends when nothing of it can be at work.
func TestADiscardEndsARunWhoseRunnerIsGoneFromTheConfiguration(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, err := d.intent("1")(ctx, s)
			s.Waits(gate.Wait{Reason: store.ReasonUntil, Until: s.Effects()[0].Until})
			return api.PipeResult{}, errors.Join(err, api.ErrUncertain)
		})
		run := d.runs(store.Filter{})[0]
		d.place = &orchestrator.Place{Runner: "another", Path: d.place.Path, Hash: "h1", Workers: 1}
		d.items.Runner = "another"
		d.die()
		d.ask(store.VerbDiscard, store.RequestArgs{Runs: []string{run.ID}})
		if row := d.runs(store.Filter{})[0]; row.State == store.Ended {
			t.Error("it ended though its request may be at work")
		}
		time.Sleep(time.Hour + time.Minute)
		if row := d.runs(store.Filter{})[0]; row.Outcome != store.Canceled {
			t.Errorf("the run: %+v", row)
		}
	})
}

// A host whose configuration has fewer runners leaves alone what another one works at.
func TestARunnerThatAnotherHostHasIsNotGone(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("queue Sales", "1"))
		d.over = elsewhere{d.store}
		d.place = &orchestrator.Place{Runner: "another", Path: d.place.Path, Hash: "h1", Workers: 1}
		d.items.Runner = "another"
		d.die()
		d.engine.mu.Lock()
		d.engine.offset = 8 * 24 * time.Hour
		d.engine.mu.Unlock()
		if err := d.engine.unknownRunners(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.runs(store.Filter{})[0].State != store.Waiting || d.log.count("can't go on") != 0 {
			t.Error("it was dropped, or said to be without a runner")
		}
	})
}

// elsewhere is a store at which another host works at everything.
type elsewhere struct{ store.Store }

func (elsewhere) Living(context.Context, string) ([]string, error) { return []string{"h1"}, nil }

// Nor can a process whose configuration doesn't have the service any more.
func TestADiscardEndsARunWhoseServiceIsGoneFromTheConfiguration(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, err := d.intent("1")(ctx, s)
			s.Waits(gate.Wait{Reason: store.ReasonUntil, Until: s.Effects()[0].Until})
			return api.PipeResult{}, errors.Join(err, api.ErrUncertain)
		})
		d.finish = func(context.Context, gate.Step, store.Effect) error { return gate.ErrNoService }
		d.ask(store.VerbDiscard, store.RequestArgs{Runs: []string{d.runs(store.Filter{})[0].ID}})
		for range 60 {
			time.Sleep(time.Second)
			if r, ok := d.mayBeNext(d.place); ok {
				d.end(r)
			}
		}
		if row := d.runs(store.Filter{})[0]; row.Outcome != store.Canceled {
			t.Errorf("the run: %+v", row)
		}
	})
}
