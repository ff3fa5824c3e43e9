package orchestrator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// ledger is a Runs that keeps in memory what it was given.
type ledger struct {
	mu      sync.Mutex
	places  []*orchestrator.Place
	begun   int
	entries []*entry          // of Begin
	keys    []string          // of all steps, in order
	params  map[string]string // of the steps, by key
	effects map[string]string
	claims  string         // key of the step whose success with data is a claim
	kept    map[string]any // values of steps that were carried out before, by key
	again   int            // how often a run begins anew
	due     map[*orchestrator.Place][]*entry
	ready   map[*orchestrator.Place]chan struct{}
	soon    int // how often it is said that something goes on soon
	ends    []string
	working int
	most    int
	opened  bool
	down    time.Time // until when nothing can be taken
}

type entry struct {
	l       *ledger
	claimed func()
	item    *orchestrator.LoopItem
	resumed bool
	again   int
	done    func(error)
	overdue func(time.Time)
}

func newLedger() *ledger {
	return &ledger{
		params: map[string]string{}, effects: map[string]string{}, kept: map[string]any{},
		due: map[*orchestrator.Place][]*entry{}, ready: map[*orchestrator.Place]chan struct{}{},
	}
}

func (l *ledger) Open(_ context.Context, places []*orchestrator.Place) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places, l.opened = places, true
	for _, p := range places {
		l.ready[p] = make(chan struct{}, 1)
	}
	if len(l.kept) > 0 { // what an earlier process left
		l.due[places[0]] = []*entry{{l: l, resumed: true}}
	}
	return nil
}

func (l *ledger) enter(e *entry) *entry {
	l.working++
	l.most = max(l.most, l.working)
	return e
}

func (l *ledger) Begin(_ *orchestrator.Place, claimed func()) orchestrator.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun++
	l.entries = append(l.entries, &entry{l: l, claimed: claimed, again: l.again})
	return l.enter(l.entries[len(l.entries)-1])
}

func (l *ledger) Next(_ context.Context, p *orchestrator.Place) (orchestrator.Run, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.down) {
		return nil, false, errors.New("no connection")
	}
	if len(l.due[p]) == 0 {
		return nil, false, nil
	}
	e := l.due[p][0]
	l.due[p] = l.due[p][1:]
	return l.enter(e), true, nil
}

func (l *ledger) Soon(context.Context, *orchestrator.Place) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.soon--
	return l.soon >= 0, nil
}

func (l *ledger) Ready(p *orchestrator.Place) <-chan struct{} { return l.ready[p] }

func (e *entry) Resumed() bool { return e.resumed }

func (e *entry) Item() (orchestrator.LoopItem, bool) {
	if e.item == nil {
		return orchestrator.LoopItem{}, false
	}
	return *e.item, true
}

func (e *entry) Step(ctx context.Context, s orchestrator.Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	e.l.mu.Lock()
	e.l.keys = append(e.l.keys, s.Key)
	e.l.params[s.Key], e.l.effects[s.Key] = s.Params, s.Effect
	value, has := e.l.kept[s.Key]
	e.l.mu.Unlock()
	if has && e.resumed {
		return api.Success(map[string]any{"value": value}), nil
	}
	r, err := do(ctx)
	if s.Key == e.l.claims && r.Succeeded() && r.Data["value"] != nil && e.claimed != nil {
		e.claimed()
	}
	return r, err
}

func (e *entry) Each(ctx context.Context, s orchestrator.Step, p *orchestrator.Place, items []orchestrator.LoopItem) (orchestrator.Tally, error) {
	var all sync.WaitGroup
	e.l.mu.Lock()
	e.l.keys = append(e.l.keys, s.Key)
	for i := range items {
		all.Add(1)
		e.l.due[p] = append(e.l.due[p], &entry{l: e.l, item: &items[i], done: func(error) { all.Done() }})
	}
	e.l.mu.Unlock()
	e.l.ready[p] <- struct{}{}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	select {
	case <-ended:
		return orchestrator.Tally{Count: len(items), Applied: len(items)}, nil
	case <-ctx.Done():
		e.l.mu.Lock()
		defer e.l.mu.Unlock()
		for _, left := range e.l.due[p] {
			left.done(nil)
		}
		e.l.due[p] = nil
		return orchestrator.Tally{}, ctx.Err()
	}
}

func (e *entry) OnOverdue(give func(time.Time)) { e.overdue = give }

func (e *entry) Again() bool {
	e.again--
	return e.again >= 0
}

func (e *entry) Found() bool { return e.item == nil }

func (e *entry) End(_ context.Context, r api.PipeResult, err error) error {
	e.l.mu.Lock()
	e.l.working--
	e.l.ends = append(e.l.ends, fmt.Sprint(r.Status, " ", err))
	e.l.mu.Unlock()
	if e.done != nil {
		e.done(err)
		return nil
	}
	return err
}

// hooks are what the steps of a test do, by their text.
type hooks map[string]func(ctx context.Context, s api.Scope) (any, error)

type doParams struct {
	Text  string `otai:"text"`
	Value any    `otai:"value"`
}

type seqParams struct {
	Steps []api.ChildPipe `otai:"steps"`
	Times int             `otai:"times" default:"1"`
	Extra map[string]any  `otai:",rest"`
}

type whenParams struct {
	On      api.ChildPipe `otai:"on"`
	Run     api.ChildPipe `otai:"run"`
	Workers int           `otai:"workers" default:"1"`
	First   time.Duration `otai:"retry" default:"PT1M"`
	Repeat  bool          `otai:"repeat"`
}

func (p *whenParams) Runs() (int, bool) { return p.Workers, p.Repeat }
func (p *whenParams) Retries() (first, longest time.Duration, attempts int) {
	return p.First, time.Hour, 6
}

type forParams struct {
	Items   []any           `otai:"items"`
	Key     string          `otai:"key"`
	Workers int             `otai:"workers" default:"4"`
	Steps   []api.ChildPipe `otai:"steps"`
}

func (p *forParams) Loop() ([]any, string, string, int) { return p.Items, "item", p.Key, p.Workers }
func (p *forParams) Item(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	return sequence(ctx, seqParams{Steps: p.Steps, Times: 1}, scope)
}

type searchParams struct {
	Criteria api.SearchCriteria `otai:"criteria"`
}

func sequence(ctx context.Context, p seqParams, scope api.Scope) (api.PipeResult, error) {
	for range p.Times {
		for _, step := range p.Steps {
			r, err := step.Run(ctx, scope)
			if err != nil || !r.Succeeded() {
				return r, err
			}
			if step.ID() != "" {
				scope = scope.WithResult(step.ID(), r)
			}
		}
	}
	return api.Success(nil), nil
}

// stateful is a pipe with state.
type stateful struct{ do api.PipeFunc[doParams] }

func (a *stateful) Process(ctx context.Context, p doParams, s api.Scope) (api.PipeResult, error) {
	return a.do(ctx, p, s)
}

// every succeeds once an interval.
type every struct{ last time.Time }

type everyParams struct {
	Interval time.Duration `otai:"interval"`
}

func (e *every) Process(_ context.Context, p everyParams, _ api.Scope) (api.PipeResult, error) {
	if time.Since(e.last) < p.Interval {
		return api.Failure("not yet"), nil
	}
	e.last = time.Now()
	return api.Success(nil), nil
}

func newHooked(t *testing.T, do hooks, log *bytes.Buffer, d map[string]any, o orchestrator.Options) *orchestrator.Engine {
	t.Helper()
	call := func(ctx context.Context, p doParams, s api.Scope) (api.PipeResult, error) {
		value := p.Value
		if f := do[p.Text]; f != nil {
			v, err := f(ctx, s)
			if err != nil {
				return api.PipeResult{}, err
			}
			if v != nil {
				value = v
			}
		}
		return api.Success(map[string]any{"value": value}), nil
	}
	list := []api.Injectable{
		api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil }),
		api.NewPipeFunc("Root", "", func(context.Context, rootParams, api.Scope) (api.PipeResult, error) {
			t.Error("the root's pipe was called")
			return api.Success(nil), nil
		}).WithLabel("children", "separate"),
		api.NewPipeFunc("When", "", func(ctx context.Context, p whenParams, s api.Scope) (api.PipeResult, error) {
			if r, err := p.On.Run(ctx, s); err != nil || !r.Succeeded() || r.Data["value"] == false {
				return api.Skip("not yet"), err
			}
			return p.Run.Run(ctx, s)
		}).WithLabel("triggered-by", "on").WithLabel("concurrent", "true"),
		api.NewPipeFunc("Seq", "", sequence).WithLabel("concurrent", "true").WithLabel("children", "sequence"),
		api.NewPipeFunc("For", "", func(context.Context, forParams, api.Scope) (api.PipeResult, error) {
			t.Error("the loop's pipe was called")
			return api.Success(nil), nil
		}).WithLabel("concurrent", "true"),
		api.NewPipeFunc("Do", "", call).WithLabel("concurrent", "true").WithLabel("effect", "once"),
		api.NewPipeFunc("Locked", "", call),
		api.NewPipe("Alone", "", func(api.Host) (*stateful, error) { return &stateful{do: call}, nil }).WithLabel("concurrent", "true"),
		api.NewPipe("Shared", "", func(api.Host) (api.PipeFunc[doParams], error) { return call, nil }).WithLabel("concurrent", "true"),
		api.NewPipe("Every", "", func(api.Host) (*every, error) { return &every{last: time.Now()}, nil }).WithLabel("interval", "interval"),
		api.NewPipeFunc("Search", "", func(context.Context, searchParams, api.Scope) (api.PipeResult, error) {
			return api.Success(map[string]any{"tickets": []any{"a", "b"}, "found": 2}), nil
		}).WithLabel("concurrent", "true").WithLabel("yields", "tickets,found:number"),
	}
	r := registry.New(":")
	if err := r.Register("otai-t", "t", api.AppConfig{}, list); err != nil {
		t.Fatal(err)
	}
	if log == nil {
		log = &bytes.Buffer{}
	}
	o.Registry, o.DefaultRenderer, o.Logger = r, "t:Renderer", slog.New(slog.NewTextHandler(&locked{w: log}, nil))
	e, err := orchestrator.New(orchestrator.Definition{Root: d, RootPath: "root"}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func do(id, text string, value any) map[string]any {
	return step(id, "t:Do", map[string]any{"text": text, "value": value})
}

func seq(id string, steps ...any) map[string]any {
	return step(id, "t:Seq", map[string]any{"steps": steps})
}

func when(id string, on, run map[string]any, more ...any) map[string]any {
	p := map[string]any{"on": on, "run": run}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return step(id, "t:When", p)
}

// opened returns the places of a configuration.
func opened(t *testing.T, d map[string]any) []*orchestrator.Place {
	t.Helper()
	l := newLedger()
	if err := newHooked(t, nil, nil, d, orchestrator.Options{Once: true, Runs: l}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(l.places)
}
