package runs

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func (d *desk) once(r *run, do func(context.Context) (api.PipeResult, error)) (result api.PipeResult, called bool, err error) {
	s := orchestrator.Step{Key: "around/mail", Path: "p.mail", Name: "mail", Params: "p", Effect: "once"}
	result, err = r.Step(d.t.Context(), s, func(ctx context.Context) (api.PipeResult, error) {
		called = true
		return do(ctx)
	})
	return result, called, err
}

func sent(context.Context) (api.PipeResult, error) {
	return api.Success(map[string]any{"id": "m1"}), nil
}

func TestAPipeWithEffectOnceIsCarriedOutOnce(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		if _, called, err := d.once(r, sent); !called || err != nil {
			t.Fatal(called, err)
		}
		d.does(r, "next", nil)
		d.die()
		r = d.next(d.place)
		if _, _, err := d.step(r, "fetch", "changed", nil); err == nil || !r.Again() {
			t.Fatal("it doesn't begin anew")
		}
		d.does(r, "fetch", nil)
		result, called, err := d.once(r, sent)
		if called || err != nil || result.Data["id"] != "m1" {
			t.Errorf("called again %v, error %v, result %+v", called, err, result)
		}
		d.end(r)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

func TestAResultOfAPipeWithEffectOnceThatMayNotBeKeptIsEmpty(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.secret = "m1"
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		if _, _, err := d.once(r, sent); err != nil {
			t.Fatal(err)
		}
		d.does(r, "next", nil)
		d.die()
		r = d.next(d.place)
		d.does(r, "fetch", nil)
		if result, called, err := d.once(r, sent); called || err != nil || len(result.Data) != 0 {
			t.Errorf("called again %v, error %v, result %+v", called, err, result)
		}
		d.end(r)
		if n := d.log.count("see an empty one"); n != 1 {
			t.Errorf("it is said %d times", n)
		}
	})
}

func TestAPipeWithEffectOnceWithoutAnOutcomeIsInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		skip   bool
		called bool
	}{"done again": {called: true}, "left out": {skip: true}} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				r := d.begin()
				d.does(r, "fetch", d.fetch("1"))
				if _, _, err := d.once(r, func(context.Context) (api.PipeResult, error) {
					d.die()
					return api.Success(nil), nil
				}); err != nil {
					t.Fatal(err)
				}
				r = d.next(d.place)
				if _, _, err := d.step(r, "fetch", "p", nil); err == nil {
					t.Fatal("the run goes on")
				}
				if err := stored(r, r.End(t.Context(), api.PipeResult{}, ends.ErrHalt)); err != nil {
					t.Fatal(err)
				}
				row := d.runs(store.Filter{})[0]
				if row.Outcome != store.Dead || d.ticket("1").Standing != store.StandingDead || d.ticket("1").Note != "in doubt: mail" {
					t.Errorf("the run %+v, the ticket %+v", row, d.ticket("1"))
				}
				changed := d.ticket("1") // by a person
				changed.DueAt = 1
				if err := d.store.PutTickets(t.Context(), []store.Ticket{changed}); err != nil {
					t.Fatal(err)
				}
				other := d.begin()
				d.does(other, "fetch", d.fetch("1"))
				if len(other.tickets) != 0 {
					t.Fatal("another run would do it again")
				}
				d.end(other)
				args, _ := json.Marshal(store.RequestArgs{Runs: []string{row.ID}, SkipStep: c.skip})
				if answer, err := Execute(t.Context(), d.store, record.Maker{}, store.Request{Verb: store.VerbRetry, Args: args}); err != nil || answer != "1 tried again" {
					t.Fatal(answer, err)
				}
				d.engine.places.wakeAll()
				r = d.next(d.place)
				d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
				if _, called, err := d.once(r, sent); called != c.called || err != nil {
					t.Errorf("called %v, error %v", called, err)
				}
				d.end(r)
			})
		})
	}
}

func TestWhatAPipeWithEffectOnceSaysDecidesWhetherItMayBeRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		result api.PipeResult
		err    error
		want   store.EffectState
	}{
		"done":                 {api.Success(nil), nil, store.Done},
		"it answered no":       {api.Failure("no such address"), nil, store.Refused},
		"left out":             {api.Skip("on holiday"), nil, store.Refused},
		"certainly not done":   {api.PipeResult{}, api.ErrTemporary, store.Refused},
		"it may have been":     {api.PipeResult{}, api.ErrUncertain, store.Intent},
		"an error like any":    {api.PipeResult{}, errors.New("broken pipe"), store.Intent},
		"not allowed":          {api.PipeResult{}, api.ErrDenied, store.Refused},
		"a panic":              {api.PipeResult{}, &orchestrator.PanicError{}, store.Intent},
		"stopped in the midst": {api.PipeResult{}, context.Canceled, store.Intent},
	} {
		t.Run(name, func(t *testing.T) {
			if got := onceState(c.result, c.err); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

func (d *desk) ask(verb string, args store.RequestArgs) string {
	d.t.Helper()
	body, _ := json.Marshal(args)
	id, err := d.store.Ask(d.t.Context(), store.Request{Verb: verb, Args: body})
	if err != nil {
		d.t.Fatal(err)
	}
	time.Sleep(time.Second)
	r, ok, err := d.store.Asked(d.t.Context(), id)
	if err != nil || !ok || r.Answer == "" {
		d.t.Fatalf("not answered within a second: %+v %v %v", r, ok, err)
	}
	return r.Answer
}

func TestWhatPeopleAskForIsDoneWithinASecond(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("c", "1"))
		if answer := d.ask(store.VerbRetry, store.RequestArgs{All: true}); answer != "1 tried again" {
			t.Error(answer)
		}
		r := d.next(d.place)
		d.does(r, "fetch", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Success(nil), nil })
		d.does(r, "write", d.write("1"))
		d.end(r)
		if answer := d.ask(store.VerbRetry, store.RequestArgs{Handled: true, Runner: "sort"}); answer != "1 tried again" {
			t.Error(answer)
		}
		d.process("1", d.write("1"))
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
		if answer := d.ask("polish", store.RequestArgs{}); !strings.Contains(answer, "another version") {
			t.Error(answer)
		}
	})
}

func TestACanceledRunStopsAtOnceAndKeepsItsTicketWhileARequestMayBeAtWork(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		_, _, err := d.step(r, "write", "p", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, err := d.intent("1")(ctx, s)
			d.ask(store.VerbDiscard, store.RequestArgs{Runs: []string{r.row.ID}})
			s.Failed(api.ErrUncertain)
			s.Waits(gate.Wait{Reason: store.ReasonUntil, Until: s.Effects()[0].Until})
			return api.PipeResult{}, errors.Join(err, api.ErrUncertain)
		})
		if _, called, _ := d.step(r, "next", "p", nil); called {
			t.Error("a further step runs")
		}
		if endErr := stored(r, r.End(t.Context(), api.PipeResult{}, err)); endErr != nil {
			t.Fatal(endErr)
		}
		if got := d.ticket("1"); !got.Working || got.Run != r.row.ID {
			t.Errorf("the ticket: %+v", got)
		}
		time.Sleep(30 * time.Second)
		d.finish = func(_ context.Context, s gate.Step, f store.Effect) error {
			f.State = store.Done
			s.Later(store.Batch{Effects: []store.Effect{f}})
			return nil
		}
		r = d.next(d.place)
		if _, called, err := d.step(r, "fetch", "p", nil); called || err == nil {
			t.Errorf("called %v, error %v", called, err)
		}
		d.end(r)
		if row := d.runs(store.Filter{})[0]; row.Outcome != store.Canceled || d.ticket("1").Standing != store.Handled {
			t.Errorf("the run %+v, the ticket %+v", row, d.ticket("1"))
		}
	})
}

// broken is a store that can't be used now.
type broken struct {
	store.Store
	down atomic.Bool
}

func (b *broken) Commit(ctx context.Context, batch store.Batch) (*store.Cause, error) {
	if b.down.Load() {
		return nil, store.ErrUnavailable
	}
	return b.Store.Commit(ctx, batch)
}

func TestAnOutcomeWaitsForAStoreThatCannotBeUsed(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		b := &broken{Store: d.store}
		d.over = b
		d.die()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		b.down.Store(true)
		began := time.Now()
		time.AfterFunc(time.Minute, func() { b.down.Store(false) })
		if _, called, err := d.step(r, "next", "p", nil); !called || err != nil {
			t.Errorf("called %v, error %v", called, err)
		}
		if waited := time.Since(began); waited < time.Minute || waited > 63*time.Second {
			t.Errorf("it went on after %s", waited)
		}
		b.down.Store(true)
		time.AfterFunc(time.Minute, func() { b.down.Store(false) })
		d.end(r)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

func TestARunWhoseEndCouldNotBeStoredIsTakenUpAgain(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		d.engine.leave(r) // as after an end that nobody could store
		time.Sleep(25 * time.Second)
		again := d.next(d.place)
		if again.row.ID != r.row.ID {
			t.Error("another run is due")
		}
		d.does(again, "fetch", nil)
		d.does(again, "write", d.write("1"))
		d.end(again)
	})
}

// losesAnswer is a store whose database ends when it has stored that a run is taken.
type losesAnswer struct {
	store.Store
	lost bool
}

func (l *losesAnswer) TakeRun(ctx context.Context, host, run string, fence int64) (*store.Loaded, error) {
	got, err := l.Store.TakeRun(ctx, host, run, fence)
	if err == nil && !l.lost {
		l.lost = true
		return nil, store.ErrUnavailable
	}
	return got, err
}

// Its job is over by then: whoever took it has to notice.
func TestARunThatWasTakenThoughTheAnswerGotLostIsGivenBackAtOnce(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.process("1", rejects("c", "1"))
		d.over = &losesAnswer{Store: d.store}
		d.die()
		d.ask(store.VerbRetry, store.RequestArgs{All: true})
		row := d.runs(store.Filter{})[0]
		l, err := d.store.Load(t.Context(), row.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.engine.attempt(t.Context(), d.place, row.ID, l.Run.Fence); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
		if err := d.engine.attempt(t.Context(), d.place, row.ID, l.Run.Fence); err != nil {
			t.Fatal(err)
		}
		if row := d.runs(store.Filter{})[0]; row.State != store.Ready {
			t.Errorf("the run: %+v", row)
		}
	})
}

func TestAFiringThatFindsNothingWritesNothing(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		b := &counting{Store: d.store}
		d.over = b
		d.die()
		time.Sleep(2 * time.Second)
		d.mayBeNext(d.place) // what an earlier process left is looked for once
		b.writes.Store(0)
		for range 600 {
			r := d.begin()
			d.does(r, "fetch", d.fetch())
			d.end(r)
			if _, ok := d.mayBeNext(d.place); ok {
				t.Fatal("a run is due")
			}
			time.Sleep(time.Second)
		}
		if n := b.writes.Load(); n != 0 {
			t.Errorf("%d writes in ten idle minutes", n)
		}
	})
}

// counting counts what may write although nothing is to do.
type counting struct {
	store.Store
	writes atomic.Int64
}

func (c *counting) Commit(ctx context.Context, b store.Batch) (*store.Cause, error) {
	c.writes.Add(1)
	return c.Store.Commit(ctx, b)
}

func (c *counting) Take(ctx context.Context, host, runner, hash string) (*store.Loaded, int64, error) {
	c.writes.Add(1)
	return c.Store.Take(ctx, host, runner, hash)
}

func (c *counting) Adopt(ctx context.Context, host, runner, hash string) (int, error) {
	c.writes.Add(1)
	return c.Store.Adopt(ctx, host, runner, hash)
}

// A run whose search gave back all that it had claimed is like one that found nothing: an
// error of its steps concerns no ticket.
func TestARunThatGaveBackAllItClaimedIsAboutNoTicket(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			if _, err := d.fetch("1")(ctx, s); err != nil {
				return api.PipeResult{}, err
			}
			s.SetAside("1", errors.New("500"))
			return api.Success(map[string]any{"fetched_tickets": []any{}}), nil
		})
		bad := errors.New("a list has no 0")
		_, _, err := d.step(r, "write", "", func(context.Context, gate.Step) (api.PipeResult, error) { return api.PipeResult{}, bad })
		if end := r.End(t.Context(), api.PipeResult{}, err); !errors.Is(end, bad) {
			t.Errorf("the runner is given %v", end)
		}
		if l := d.loaded(r.row.ID); l.Run.State != store.Ended || l.Run.Outcome != store.Left || len(l.Steps) > 0 {
			t.Errorf("the run is %+v, with %d steps", l.Run, len(l.Steps))
		}
		if got := d.ticket("1"); got.Standing != store.Aside || got.Run != "" || got.Note != "500" || got.Attempts != 1 {
			t.Errorf("the ticket stands as %+v", got)
		}
		if n := d.log.count("a ticket is set aside"); n != 1 {
			t.Errorf("%d lines of a ticket that is set aside", n)
		}
		time.Sleep(2 * time.Minute)
		next := d.begin() // due again, and once more
		d.does(next, "fetch", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			result, err := d.fetch("1")(ctx, s)
			s.SetAside("1", errors.New("500"))
			return result, err
		})
		d.end(next)
		if got := d.ticket("1"); got.Attempts != 2 || time.Until(time.UnixMicro(got.DueAt)) < 4*time.Minute {
			t.Errorf("the second time: %+v", got)
		}
	})
}
