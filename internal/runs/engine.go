package runs

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/internal/revert"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Options are what an [Engine] works with. Store and Host.Instance are required.
type Options struct {
	Store  store.Store
	Queue  Queue // nil: this process takes what is due by itself
	Logger *slog.Logger
	// Redact masks the secrets in a text. What it changes isn't stored.
	Redact func(text string) string
	// Host is this process; its ID and Places are the engine's.
	Host store.Host
	// Keep is how long ended runs are kept, KeepDecisions how long the records of what was
	// decided are; 0: for ever.
	Keep, KeepDecisions time.Duration
	// Records makes those records.
	Records record.Maker
	// At says where in the configuration a path stands, as file:line:column; nil: nobody knows.
	At func(path string) string
	// Finish finishes what a write of the run's own had begun, from its intent.
	Finish func(ctx context.Context, s gate.Step, e store.Effect) error
	// Revert puts a ticket back; see [gate.Gate.Revert].
	Revert func(ctx context.Context, o gate.Reverting) (revert.Plan, gate.PutBack, error)
	// Healthy reports whether the services are healthy at this moment: then a failure of the
	// system that one ticket goes on meeting is that ticket's. nil: nobody knows.
	Healthy func(ctx context.Context) bool
	// MayName reports whether a text may be kept as what a ticket or an item of a loop is called; see
	// [gate.Gate.MayName]. nil: each may.
	MayName func(text string) bool
	// Inherit passes what a process of an earlier release had begun to write to keep, which
	// returns when it is stored; see [gate.Gate.Begun]. nil: nothing.
	Inherit func(ctx context.Context, keep func(ctx context.Context, effects []store.Effect) error) error
	// Ended is called with the end of each attempt that was stored; nil: nobody counts.
	Ended func(Attempt)
	// Clock is the machine's boot and the time since then, where times of two boots can't be
	// compared (SQLite); see [BootClock]. nil: the store's clock counts.
	Clock func() (boot string, nanos int64)
	// Alone makes the process keep to its own runs and what has no living owner: it ends
	// soon, as with --once.
	Alone bool
	// Once says of such a process that it begins nothing anew: it ends when there is nothing
	// that it waits for.
	Once bool
}

// Queue carries runs between hosts.
type Queue interface {
	// Open begins to listen at the places. attempt is called for each run that is due, and
	// returns when this attempt has ended. An error means that it isn't known whether the
	// run was taken: it is called again.
	Open(ctx context.Context, places []*orchestrator.Place, attempt func(ctx context.Context, p *orchestrator.Place, run string, fence int64) error) error
	// Close stops to listen, and returns when no attempt is called any more.
	Close(ctx context.Context) error
}

// Engine implements [orchestrator.Runs] over a store.
type Engine struct {
	o         Options
	logger    *slog.Logger
	places    *places
	inherited *orchestrator.Place
	reverting *orchestrator.Place

	// A run that was just taken must be known as being at work before anybody
	// reconciles.
	taking sync.RWMutex

	mu     sync.Mutex
	host   string // of this incarnation
	offset time.Duration

	// What it works at.
	active map[string]*run
	unsure map[string]bool                  // runs of which it isn't known whether they were taken
	loops  map[string]*loop                 // by the run that waits in Each
	values map[string]orchestrator.LoopItem // items whose value may not be stored

	// What it has seen of failures, and said.
	streak  map[string]*streak         // by place
	fails   map[string]*failing        // steps at which the system fails, by their paths
	success map[string]int64           // store time, of a step by its path
	counted map[string]map[string]bool // causes at which tickets were counted, by the path of the step
	waits   map[string]store.Cause     // causes that were closed when they were last looked at
	// By cause: why a ticket was last refused here, redacted. Those that are no longer counted go.
	reasons map[string]string
	said    map[string]bool      // what is logged once
	pauses  []store.Pause        // as they were when last looked at
	good    map[string]time.Time // by runner: see [State]
	delays  map[string]string    // likewise: its Waits
	lost    time.Time            // since when the store can't be used
	lostErr error
	unwritten
	// How often a run got no answer, with Once.
	unanswered map[string]int

	long    bool // the store has steps of this process that have not ended
	refused atomic.Int64
	work    context.Context //nolint:containedctx // of what Open started
	cancel  context.CancelFunc
	closing chan struct{}
	done    sync.WaitGroup
	ends    sync.WaitGroup // of runs, that are being stored while their workers go on
}

// New makes an engine; [Engine.Open] begins its work.
func New(o Options) *Engine {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Redact == nil {
		o.Redact = func(text string) string { return text }
	}
	if o.Alone {
		o.Queue = nil // it brings what others could do as well
	}
	return &Engine{
		o: o, logger: o.Logger,
		active: make(map[string]*run), loops: make(map[string]*loop), values: make(map[string]orchestrator.LoopItem),
		streak: make(map[string]*streak), fails: make(map[string]*failing),
		success: make(map[string]int64), counted: make(map[string]map[string]bool), said: make(map[string]bool), unanswered: make(map[string]int), unsure: make(map[string]bool), good: make(map[string]time.Time), delays: make(map[string]string), waits: make(map[string]store.Cause),
		closing: make(chan struct{}),
	}
}

// Open implements [orchestrator.Runs]: it makes this process a host, takes over what
// former ones held, and starts what looks after the store until Close.
func (e *Engine) Open(ctx context.Context, ps []*orchestrator.Place) error {
	e.inherited, e.reverting = inheritance(), reversal()
	ps = append(slices.Clone(ps), e.inherited, e.reverting)
	e.places = newPlaces(ps)
	e.o.Host.Places = nil
	for _, p := range ps {
		e.o.Host.Places = append(e.o.Host.Places, store.HostPlace{Runner: p.Runner, Hash: p.Hash, Items: p.Loop != nil})
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.work = work
	for _, begin := range []func(context.Context) error{e.register, e.lookForPauses, e.adopt, e.recallStreaks, e.sayChanged, e.inheritAll} {
		if err := begin(ctx); err != nil {
			cancel()
			return fmt.Errorf("opening the run store: %w", err)
		}
	}
	if e.o.Alone { // the process may end before anything else would finish it
		e.finishInherited(ctx)
	}
	e.cancel = cancel
	if e.o.Queue != nil {
		if err := e.o.Queue.Open(work, ps, e.attempt); err != nil {
			cancel()
			return fmt.Errorf("opening the queue of runs: %w", err)
		}
	}
	e.done.Go(func() { e.tend(work, e.chores()...) })
	e.done.Go(func() { e.tend(work, &chore{each: requestsEach, do: e.reverts}) }) // for 10,000 tickets it takes a while
	e.done.Go(func() { e.serveInherited(work) })
	for range revertWorkers {
		e.done.Go(func() { e.serveReverts(work) })
	}
	if e.o.Host.Lease > 0 {
		e.done.Go(func() { e.renew(work) })
	}
	return nil
}

// Close ends what Open started and leaves: what this process still holds is ready for
// the next one.
func (e *Engine) Close(ctx context.Context) error {
	if e.cancel == nil {
		return nil
	}
	var err error
	if e.o.Queue != nil {
		err = e.o.Queue.Close(ctx)
	}
	close(e.closing)
	stop := context.AfterFunc(ctx, e.cancel)
	e.ends.Wait()
	stop()
	e.cancel()
	e.done.Wait()
	e.places.close()
	return errors.Join(err, e.o.Store.Leave(ctx, e.hostID()))
}

// register makes a new incarnation of this process a host.
func (e *Engine) register(ctx context.Context) error {
	h := e.o.Host
	h.ID = h.Instance + "/" + newID()
	if err := e.o.Store.Register(ctx, h); err != nil {
		return err
	}
	now, err := e.o.Store.Now(ctx)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.host = h.ID
	e.offset = time.Until(time.UnixMicro(now))
	return nil
}

func (e *Engine) hostID() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.host
}

// now is the store's time, by this process's clock.
func (e *Engine) now() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Now().Add(e.offset).UnixMicro()
}

// Begin implements [orchestrator.Runs].
func (e *Engine) Begin(p *orchestrator.Place, claimed func()) orchestrator.Run {
	r := e.newRun(p, store.Run{
		ID: newID(), Runner: p.Runner, Place: p.Path, Hash: p.Hash, State: store.Running, Owner: e.hostID(), Fence: 1,
	})
	r.claimed = claimed
	e.enter(r)
	return r
}

func (e *Engine) enter(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.active[r.row.ID] = r
}

func (e *Engine) leave(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.active, r.row.ID)
}

// working returns the runs at which this process works.
func (e *Engine) working() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids := make([]string, 0, len(e.active))
	for id := range e.active {
		ids = append(ids, id)
	}
	return ids
}

func (e *Engine) clock() (boot string, nanos int64) {
	if e.o.Clock == nil {
		return "", 0
	}
	return e.o.Clock()
}

// once reports whether it is the first time that this is to be said.
func (e *Engine) once(what string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.said[what] {
		return false
	}
	e.said[what] = true
	return true
}

// newID is the id of a run or a host's start: the time, then chance.
func newID() string {
	var b [12]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMicro())<<8)
	_, _ = rand.Read(b[7:])
	return hex.EncodeToString(b[1:])
}
