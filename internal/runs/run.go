package runs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// errAgain ends an attempt before its pipes have ended, like [ends.ErrHalt].
var errAgain = errors.New("the run begins anew: what its steps are given has changed")

// mostDeaths is how often a process may die at one step before the ticket is set aside.
const mostDeaths = 3

// phase is how far an attempt has come.
type phase int

const (
	unprepared phase = iota // nothing has run; what was begun before is finished first
	going
	beginsAnew // what its steps are given has changed: none runs until the place's pipe is called again
	halted     // what was begun can't be finished now: no further step runs
)

// run is one run in this process.
type run struct {
	since   time.Time // it is in this process
	e       *Engine
	p       *orchestrator.Place
	claimed func() // nil once it was called
	ended   chan struct{}
	late    overdue

	// Whose it is, said from outside.
	lost     atomic.Bool     // another host has it
	ours     context.Context //nolint:containedctx // ends when it is lost
	over     context.CancelFunc
	canceled atomic.Bool // by a person

	// For the goroutine that carries it out.
	phase       phase
	spawnedHere bool   // its items live by themselves
	concern     string // the ticket that its end is about

	mu sync.Mutex // for all below: a pipe may write from several goroutines

	// What the store has of it.
	row     store.Run
	stored  bool // the store has it at all
	resumed bool // it was begun before
	steps   map[string]store.Step
	docs    map[string][]byte
	effects []store.Effect
	tickets []store.Ticket
	item    *orchestrator.LoopItem
	memory  ends.Memory        // what the attempts before left
	said    record.Said        // what its steps have decided, of this attempt and before
	records []decisions.Record // that its end leaves

	// What waits to be stored.
	pending store.Batch
	owes    bool // a result is among it that is to be stored before the next step begins
	unsaid  bool // what the steps have decided isn't stored yet

	// What this attempt has seen.
	saw      ends.Attempt
	doubted  store.Effect    // which one is in doubt, of a pipe with effect: once
	searched bool            // also by a result that it had
	leaves   []kept.Leave    // tickets that steps leave alone for good, also by results that it had
	passed   map[string]bool // names of the steps that it has behind it
}

func (e *Engine) newRun(p *orchestrator.Place, row store.Run) *run {
	r := &run{e: e, p: p, row: row, since: time.Now(), ended: make(chan struct{}), late: newOverdue(), steps: make(map[string]store.Step), docs: make(map[string][]byte), passed: make(map[string]bool)}
	r.ours, r.over = context.WithCancel(context.Background())
	return r
}

// load makes a run of what the store has of it.
func (e *Engine) load(p *orchestrator.Place, l *store.Loaded) *run {
	r := e.newRun(p, l.Run)
	r.stored, r.resumed = true, true
	for _, s := range l.Steps {
		r.steps[s.Key] = s
	}
	for _, d := range l.Documents {
		r.docs[d.Ticket] = d.Body
	}
	r.memory = ends.DecodeMemory(r.steps[ends.StepMemory])
	r.effects, r.tickets = l.Effects, l.Tickets
	r.recall()
	if l.Run.Item != nil && p.Loop != nil {
		r.item = e.itemOf(l.Run)
	}
	return r
}

func (r *run) held() store.Held {
	return store.Held{Run: r.row.ID, Host: r.row.Owner, Fence: r.row.Fence}
}

// Resumed implements [orchestrator.Run].
func (r *run) Resumed() bool { return r.resumed }

// Item implements [orchestrator.Run].
func (r *run) Item() (orchestrator.LoopItem, bool) {
	if r.item == nil {
		return orchestrator.LoopItem{}, false
	}
	return *r.item, true
}

// Again implements [orchestrator.Run].
func (r *run) Again() bool {
	if r.phase != beginsAnew {
		return false
	}
	r.phase = going
	return true
}

// Found implements [orchestrator.Run].
func (r *run) Found() bool { return r.concern != "" }

// Step implements [orchestrator.Run].
func (r *run) Step(ctx context.Context, s orchestrator.Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	if err := r.mayStep(ctx); err != nil {
		return api.PipeResult{}, err
	}
	if kept, ok, err := r.had(s); ok || err != nil {
		r.passes(s)
		return kept, err
	}
	if s.Effect == effectOnce {
		return r.stepOnce(ctx, s, do)
	}
	if err := r.beginStep(ctx, s); err != nil {
		return api.PipeResult{}, err
	}
	return r.call(ctx, s, do)
}

// mayStep reports whether a further step of the attempt may run. Before the first one it
// prepares the run.
func (r *run) mayStep(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		r.saw.Stopped = true
		return err
	}
	if r.phase == unprepared {
		r.phase = going
		if err := r.prepare(ctx); err != nil {
			return err
		}
	}
	switch {
	case r.lost.Load():
		return store.ErrFence
	case r.phase == beginsAnew:
		return errAgain
	case r.phase == halted || r.halts():
		return ends.ErrHalt
	case !r.mayGoOn():
		return ends.ErrHalt
	}
	return nil
}

// failed reports an error of the store or of what was to be finished as a failure of the
// system at a step.
func (r *run) failed(key string, err error) error {
	if errors.Is(err, store.ErrFence) {
		r.lose()
		return err
	}
	r.saw.System = &ends.Trouble{Step: orchestrator.Step{Key: key, Path: key, Name: key}, Err: err}
	r.phase = halted
	return err
}

func (r *run) lose() {
	r.lost.Store(true)
	r.over()
}

// sawHalt reports whether the attempt can't go on by what was seen of it.
func (r *run) sawHalt() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saw.Halts()
}

// halts reports the same, also of a run that a person canceled.
func (r *run) halts() bool { return r.canceled.Load() || r.sawHalt() }

// had returns the result that a step had before the run was interrupted.
func (r *run) had(s orchestrator.Step) (api.PipeResult, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st, ok := r.steps[s.Key]
	switch {
	case !ok:
		return api.PipeResult{}, false, nil
	case st.Params != s.Params:
		r.anew()
		return api.PipeResult{}, false, errAgain
	case st.Result == nil:
		return api.PipeResult{}, false, nil
	}
	k, err := kept.DecodeResult(st.Result, r.docs)
	if err != nil { // of an earlier release, or a document was kept out
		return api.PipeResult{}, false, nil
	}
	r.searched = r.searched || k.Search
	r.leaves = append(r.leaves, k.Leaves...)
	return k.PipeResult, true, nil
}

// anew drops the results of the steps; the run keeps its tickets and its effects.
func (r *run) anew() {
	r.phase, r.searched, r.leaves = beginsAnew, false, nil
	items, has := r.steps[stepSpawned]
	clear(r.steps)
	clear(r.docs)
	clear(r.passed)
	r.pending.Forget = true
	r.pending.Steps, r.pending.Documents = nil, nil
	r.unsay()
	if has {
		r.steps[stepSpawned] = items
		r.pending.Steps = []store.Step{items}
	}
}

// beginStep stores that the step is at work, and with it what waits to be stored: the
// result of the step before. Of a run that isn't stored it stores nothing. Where all of
// that costs nothing to do again it waits for the next commit: before a write that is the
// one of its intent.
func (r *run) beginStep(ctx context.Context, s orchestrator.Step) error {
	if !r.stored {
		r.row.AtWork = s.Key
		return nil
	}
	if s.Brief && !r.owes && r.row.Deaths == 0 {
		r.later(store.Batch{AtWork: r.atWork(s)})
		return nil
	}
	_, err := r.commitPersistently(ctx, store.Batch{AtWork: r.atWork(s)})
	return err
}

func (r *run) atWork(s orchestrator.Step) *string {
	key := s.Key
	if r.hasItems() {
		key = stepSpawned + key
	}
	return &key
}

func (r *run) call(ctx context.Context, s orchestrator.Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	st := &step{r: r, s: s}
	r.saw.Begin(s)
	result, err := do(st.calling(ctx))
	r.learn(ctx, st, result, err)
	r.passes(s)
	return result, err
}

// learn keeps a step's result for the next commit, or why it has none.
func (r *run) learn(ctx context.Context, st *step, result api.PipeResult, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil && ctx.Err() != nil:
		r.saw.Stopped = true
	case err != nil:
		r.saw.Erred(st.s, err)
	case !result.Succeeded():
		if result.Failed() {
			r.saw.FailedStep(st.s, result.Message)
		}
	default:
		r.saw.Succeeded()
		r.leaves = append(r.leaves, st.leaves...)
		r.keep(st, result)
		// What the first search found is read anew where it isn't stored.
		r.owes = r.owes || !st.s.Brief && !st.searched
		if r.stored {
			r.pending.Success = append(r.pending.Success, r.e.stepSucceeded(st.s.Path)...)
		}
	}
}

// keep makes a step's result part of what waits to be stored.
func (r *run) keep(st *step, result api.PipeResult) {
	var of []store.Ticket
	if st.searched {
		of = r.tickets
	}
	body, docs, err := kept.EncodeResult(result, of, st.leaves, r.e.clean)
	if err != nil {
		r.e.sayKeptOut(st.s, err)
		body, docs = nil, nil
	}
	s := store.Step{Key: st.s.Key, Params: st.s.Params, Result: body}
	r.pending.Steps = append(r.pending.Steps, s)
	r.pending.Documents = append(r.pending.Documents, docs...)
}
