package orchestrator

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Runs keeps runs, so that one that was interrupted continues at its first step without
// a result, in this process or another. [Options].Runs takes one; without it a run is
// forgotten when its process ends.
type Runs interface {
	// Open is called once, before any other method, with all places of the configuration.
	Open(ctx context.Context, places []*Place) error
	// Begin returns a new run at p. It is stored with the first thing worth keeping: a
	// claimed ticket or a write. claimed is called, at most once, when the run has claimed
	// a ticket, which means that there may be work for another worker.
	Begin(p *Place, claimed func()) Run
	// Next returns a run at p that is due: interrupted, set aside until now, or an item of
	// a loop. Oldest first, what was begun before what was not.
	Next(ctx context.Context, p *Place) (Run, bool, error)
	// Soon reports whether a run at p is due or waits for what ends by itself within a
	// request's time, not for a pause. With Once and UntilEmpty the engine waits for it.
	Soon(ctx context.Context, p *Place) (bool, error)
	// Ready receives a value when Next may have a run for p that it did not have before.
	Ready(p *Place) <-chan struct{}
}

// Pauser is optional on a [Runs]: while the runner of a place is paused nothing begins there.
// Ready receives a value when it isn't any more.
type Pauser interface{ Paused(p *Place) bool }

// Slots is optional on a [Runs] that several processes share: of those whose trigger
// succeeds in the same interval, one fires.
type Slots interface {
	// Fire reports whether this process fires at p in the present interval. If so, ended is
	// called when the firing has ended.
	Fire(ctx context.Context, p *Place, interval time.Duration) (mine bool, ended func(), err error)
}

// Longs is optional on a [Runs] by which other processes see what this one does.
type Longs interface {
	// KeepLong is called every few seconds with the calls of plugins' code that have taken
	// unusually long and have not returned, mostly none.
	KeepLong(ctx context.Context, calls []LongCall)
}

// LongCall is a call of a pipe that has not returned yet: nothing can end it.
type LongCall struct {
	Path, At, Use      string        // its place in the configuration, and in its files as file:line:column
	Plugin, File, Step string        // whose code runs, and what people call the pipe
	Took               time.Duration // until now
}

// Run is one run in this process. Its methods are for one goroutine.
type Run interface {
	// Resumed reports whether the run was begun before: its trigger isn't asked again.
	Resumed() bool
	// Item returns what an item of a loop is given beside the scope of its place.
	Item() (LoopItem, bool)
	// Step returns the result that the step had before the run was interrupted, or that of
	// do. Steps with child pipes are not passed to it; their children are.
	Step(ctx context.Context, s Step, do func(ctx context.Context) (api.PipeResult, error)) (api.PipeResult, error)
	// Each makes each item a run of its own at place and waits until each has ended, or
	// waits for the first time.
	Each(ctx context.Context, s Step, place *Place, items []LoopItem) (Tally, error)
	// OnOverdue is called before the first step. The run calls give, at most once, when a
	// request of it, sent at that time, is without an answer for unusually long: it counts
	// as one that waits, and its worker begins another one.
	OnOverdue(give func(sent time.Time))
	// Again reports whether the run begins anew at once: what its steps were given has
	// changed, so their results count no longer. The place's pipe is called once more.
	Again() bool
	// End ends the attempt with what the place's pipe returned. The error is what remains
	// an error of the runner: nil for what concerns only a ticket.
	End(ctx context.Context, result api.PipeResult, err error) error
	// Found reports, when the attempt has ended, whether the run has or had a ticket that a
	// search found. With UntilEmpty only what such a run did may be work for others.
	Found() bool
}

// Place is where runs begin: the pipe that a runner runs, another child of the root, the
// root itself if it has no children of its own pace, or the steps of a loop.
type Place struct {
	Runner  string // by what the store knows the runner: its id, else what stands for it
	Path    string // in the configuration
	Hash    string // of the subtree as configured; a run is continued only at a place with its hash
	Workers int    // how many runs there may be at one time in this process
	Retry   Retry  // when a ticket that was refused is tried again
	Repeat  bool   // a ticket that was handled is not passed over
	Loop    *Place // for the steps of a loop: the place whose runs make its items; else nil
	// Steps are the keys that steps of its runs can have, without the numbers of calls.
	Steps map[string]bool
}

// Retry says when a ticket that was refused is tried again: after First, then after
// pauses that grow fivefold up to Longest, Attempts times in all.
type Retry struct {
	First, Longest time.Duration
	Attempts       int
}

// Step is one call of a pipe without child pipes.
type Step struct {
	Key    string // place in the run, with the number of the call where there are several
	Path   string // in the configuration
	Name   string // its id, else its use: what people call it
	Use    string // of its pipe
	Plugin string // whose code it is; "" of the host's
	File   string // of the plugin
	Params string // hash of the rendered params; "" if they could not be rendered
	Effect string // the label of its pipe: "", "none" or "once"
	Brief  bool   // by the label of its pipe: it costs nothing to call it again
}

// LoopItem is one item of a loop.
type LoopItem struct {
	Key    string                    // unique in its loop
	Name   string                    // under which the steps see the value
	Value  any                       // plain
	Ticket string                    // the ticket that it is, if it is one
	Params map[string]any            // parent params of the loop's steps, plain
	Seen   map[string]api.PipeResult // results of the steps before the loop that its steps see
}

// Tally is what became of the items of a loop. Count is the sum of the others.
type Tally struct {
	Count, Applied, Left, Waiting, Dead, Other int
}
