package runs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/revert"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// thorough is whether there is time for all.
func thorough() bool { return os.Getenv("OTAI_TEST_ALL") != "" || os.Getenv("OTAI_TEST_CHAOS") != "" }

// many is for tests of hundreds of tickets, or of days, whose stores cost the race detector ten times as much:
// build/test.sh runs them without it, and continuous integration with it, too.
func many(t *testing.T) {
	t.Helper()
	if raceDetector && !thorough() {
		t.Skip("it is tried without the race detector: set OTAI_TEST_ALL=1")
	}
}

// desk is a run store in a folder, and the processes that work with it one after another.
type desk struct {
	t      *testing.T
	store  store.Store
	place  *orchestrator.Place
	items  *orchestrator.Place
	engine *Engine
	log    *logBuffer
	finish func(ctx context.Context, s gate.Step, e store.Effect) error
	revert func(ctx context.Context, o gate.Reverting) (revert.Plan, gate.PutBack, error)
	secret string
	keep   time.Duration
	over   store.Store // what the next process works with instead of store
	lease  time.Duration
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// others are the lines that don't say what one ticket's decision was.
func (l *logBuffer) others() int { return l.count("\n") - l.count("msg=decided ") }

// inDesk runs a test with a store, in a bubble whose time passes by itself.
func inDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		place := &orchestrator.Place{Runner: "sort", Path: "orchestrator.params.steps[0].params.run", Hash: "h1", Workers: 1}
		d := &desk{
			t: t, store: s, place: place, log: &logBuffer{},
			items: &orchestrator.Place{Runner: "sort", Path: place.Path + ".each", Hash: "h1each", Workers: 4, Loop: place},
		}
		d.start()
		defer func() {
			if err := d.engine.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, d)
	})
}

// start begins another process.
func (d *desk) start() {
	d.t.Helper()
	over := d.over
	if over == nil {
		over = d.store
	}
	d.engine = New(Options{
		Store: over, Logger: slog.New(slog.NewTextHandler(d.log, nil)), Host: store.Host{Instance: "here", Lease: d.lease}, Keep: cmp.Or(d.keep, 24*time.Hour),
		Redact: func(text string) string {
			if d.secret == "" {
				return text
			}
			return strings.ReplaceAll(text, d.secret, "***")
		},
		Finish: func(ctx context.Context, s gate.Step, e store.Effect) error {
			if d.finish == nil {
				return nil
			}
			return d.finish(ctx, s, e)
		},
		Revert: d.revert,
	})
	if err := d.engine.Open(d.t.Context(), []*orchestrator.Place{d.place, d.items}); err != nil {
		d.t.Fatal(err)
	}
}

// die ends the process without a word, and begins another one.
func (d *desk) die() {
	d.t.Helper()
	d.kill()
	d.start()
}

func (d *desk) kill() {
	old := d.engine
	close(old.closing)
	old.cancel()
	old.done.Wait()
	old.places.close()
}

func (d *desk) next(p *orchestrator.Place) *run {
	d.t.Helper()
	r, ok := d.mayBeNext(p)
	if !ok {
		d.t.Fatal("no run is due")
	}
	return r
}

func (d *desk) mayBeNext(p *orchestrator.Place) (*run, bool) {
	d.t.Helper()
	r, ok, err := d.engine.Next(d.t.Context(), p)
	if err != nil {
		d.t.Fatal(err)
	}
	if !ok {
		return nil, false
	}
	return r.(*run), true
}

func (d *desk) begin() *run {
	return d.engine.Begin(d.place, nil).(*run)
}

// work is what a step does in a test.
type work func(ctx context.Context, s gate.Step) (api.PipeResult, error)

// step calls a step of a run and returns its result, and whether it was called at all.
func (d *desk) step(r *run, key, params string, do work) (result api.PipeResult, called bool, err error) {
	result, err = r.Step(d.t.Context(), orchestrator.Step{Key: key, Path: "p." + key, Name: key, Params: params}, func(ctx context.Context) (api.PipeResult, error) {
		called = true
		if do == nil {
			return api.Success(map[string]any{"of": key}), nil
		}
		s, ok := gate.StepOf(ctx)
		if !ok {
			d.t.Fatal("no step in the context")
		}
		return do(ctx, s)
	})
	return result, called, err
}

// does calls a step that is to succeed.
func (d *desk) does(r *run, key string, do work) api.PipeResult {
	d.t.Helper()
	result, _, err := d.step(r, key, "p", do)
	if err != nil {
		d.t.Fatal(err)
	}
	return result
}

// fetch claims tickets as the gate does.
func (d *desk) fetch(tickets ...string) work {
	return func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		mark, err := d.store.Mark(ctx)
		if err != nil {
			return api.PipeResult{}, err
		}
		got, err := s.Claim(ctx, store.Claim{System: "desk", Tickets: tickets, Limit: len(tickets), Since: mark})
		if err != nil {
			return api.PipeResult{}, err
		}
		s.Searched()
		list := []any{}
		for _, t := range got.Tickets {
			list = append(list, ticket(t.Ticket))
		}
		return api.Success(map[string]any{"fetched_tickets": list}), nil
	}
}

func ticket(id string) map[string]any {
	return map[string]any{"id": id, "subject": "s" + id, "body": "b" + id, "queue": nil}
}

// write is a write to a ticket: its intent, and its outcome with the step's result.
func (d *desk) write(id string) work {
	return func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		f := store.Effect{
			Key: s.NextWrite("note", id), Step: s.Key(), Operation: "note", System: "desk", Service: "otobo", Ticket: id,
			State: store.Intent, Intent: []byte("{}"),
		}
		if err := s.Commit(ctx, store.Batch{Durable: true, Effects: []store.Effect{f}}); err != nil {
			return api.PipeResult{}, err
		}
		if err := s.Fence(ctx, f.Key, 30*time.Second); err != nil {
			return api.PipeResult{}, err
		}
		f.State = store.Done
		s.Later(store.Batch{Durable: true, Effects: []store.Effect{f}})
		return api.Success(nil), nil
	}
}

// intent begins a write whose answer never comes.
func (d *desk) intent(id string) work {
	return func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		f := store.Effect{
			Key: s.NextWrite("note", id), Step: s.Key(), Operation: "note", System: "desk", Service: "otobo", Ticket: id,
			State: store.Intent, Intent: []byte("{}"),
		}
		if err := s.Commit(ctx, store.Batch{Durable: true, Effects: []store.Effect{f}}); err != nil {
			return api.PipeResult{}, err
		}
		return api.PipeResult{}, s.Fence(ctx, f.Key, 30*time.Second)
	}
}

// rejects is a write that the help desk rejects.
func rejects(cause, id string) work {
	return func(_ context.Context, s gate.Step) (api.PipeResult, error) {
		s.Refused(gate.Rejection{Cause: cause, Label: "no right on " + cause, System: "desk", Ticket: id, Write: true, Err: api.ErrDenied})
		return api.Failure("rejected"), nil
	}
}

func fails(_ context.Context, s gate.Step) (api.PipeResult, error) {
	s.Failed(api.ErrTemporary)
	return api.PipeResult{}, api.ErrTemporary
}

// stored waits until an end is stored: its worker doesn't.
func stored(r orchestrator.Run, err error) error {
	<-r.(*run).ended
	return err
}

func (d *desk) end(r *run) {
	d.t.Helper()
	if err := stored(r, r.End(d.t.Context(), api.Success(nil), nil)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) runs(f store.Filter) []store.Run {
	d.t.Helper()
	rows, err := d.store.Runs(d.t.Context(), f)
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

func (d *desk) loaded(id string) *store.Loaded {
	d.t.Helper()
	l, err := d.store.Load(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

func (d *desk) ticket(id string) store.Ticket {
	d.t.Helper()
	ts, err := d.store.Tickets(d.t.Context(), "sort", "desk", []string{id})
	if err != nil {
		d.t.Fatal(err)
	}
	if len(ts) == 0 {
		return store.Ticket{}
	}
	return ts[0]
}

// process is a whole attempt: a fetch, and a step that does something.
func (d *desk) process(id string, do work) *run {
	d.t.Helper()
	r := d.begin()
	d.does(r, "fetch", d.fetch(id))
	_, _, err := d.step(r, "write", "p", do)
	if endErr := stored(r, r.End(d.t.Context(), api.Success(nil), err)); endErr != nil && !errors.Is(endErr, err) {
		d.t.Fatal(endErr)
	}
	return r
}
