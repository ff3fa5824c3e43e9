package orchestrator

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// frame is one execution of a pipe in a run, as its children see it.
type frame struct {
	run Run
	key string // of the execution

	mu    sync.Mutex
	calls map[*node]int // so far, of each child
}

type frameKey struct{}

// inRun is the context of the pipe at which a run begins.
func inRun(ctx context.Context, r Run) context.Context {
	return context.WithValue(ctx, frameKey{}, &frame{run: r})
}

// outOfRun is the context of what is outside of every run, such as its trigger.
func outOfRun(ctx context.Context) context.Context {
	return context.WithValue(ctx, frameKey{}, (*frame)(nil))
}

func (n *node) frame(ctx context.Context) *frame {
	if n.engine.options.Runs == nil {
		return nil
	}
	f, _ := ctx.Value(frameKey{}).(*frame)
	return f
}

// call returns the key of the next call of n within the execution. A loop of a plugin
// calls one place several times.
func (f *frame) call(n *node) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = make(map[*node]int)
	}
	f.calls[n]++
	key := n.name
	if f.key != "" {
		key = f.key + "/" + key
	}
	if number := f.calls[n]; number > 1 {
		key += "#" + strconv.Itoa(number)
	}
	return key
}

// step is the call of n that the key stands for.
func (n *node) step(key, given string) Step {
	return Step{
		Key: key, Path: n.path, Name: n.called(), Use: n.use, Plugin: n.owner.plugin, File: n.owner.file, Params: given,
		Effect: n.labels[params.LabelEffect], Brief: n.labels[params.LabelBrief] == "true",
	}
}

// called is what people call the pipe.
func (n *node) called() string {
	if n.id != "" {
		return n.id
	}
	return n.use
}

// firing is one execution of a runner, or of another child of the root, on behalf of its
// place: the run that its pipe is to continue, or to begin.
type firing struct {
	place    *place
	run      Run    // to be continued; nil begins a new one
	due      bool   // that run was due: nothing has fired
	answered bool   // the trigger isn't asked: it has succeeded
	claimed  func() // of the new run
	overdue  func(sent time.Time)
	ended    func() // of the interval's only firing
	begun    time.Time
	lent     bool // its request is overdue: it has no worker any more
	over     bool
	changes  int         // of the engine when it began
	waits    atomic.Bool // a loop of it has items, and none has come to an end
}

type firingKey struct{}

func withFiring(ctx context.Context, f *firing) context.Context {
	return context.WithValue(ctx, firingKey{}, f)
}

func (p *place) firing(ctx context.Context) *firing {
	if f, ok := ctx.Value(firingKey{}).(*firing); ok && f.place == p {
		return f
	}
	return nil
}

// trigger asks the trigger of the place's runner, unless it has answered before.
func (p *place) trigger(ask *node) func(context.Context, api.Scope) (api.PipeResult, error) {
	interval := ask.interval()
	return func(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
		f := p.firing(ctx)
		if f != nil && f.answered {
			return api.Success(nil), nil
		}
		result := api.Success(nil)
		if !p.owed {
			var err error
			if result, err = ask.process(outOfRun(ctx), scope); err != nil || !result.Succeeded() {
				return result, err
			}
		}
		slots, shared := p.engine.runs.(Slots)
		if f == nil || !shared || interval <= 0 {
			return result, nil
		}
		mine, ended, err := slots.Fire(ctx, p.Place, interval)
		// A trigger that has succeeded may not do so again for long.
		if p.owed = err != nil; p.owed {
			return api.PipeResult{}, fmt.Errorf("asking whether another process has fired: %w", err)
		}
		if !mine {
			return api.Failure("another process fires in this interval"), nil
		}
		f.ended = ended
		return result, nil
	}
}

// interval is the shortest time between two successes of a trigger, 0 if it isn't known.
func (n *node) interval() time.Duration {
	own, err := params.PlainParams(n.spec, n.fixed)
	if err != nil {
		return 0
	}
	seconds, _ := own[n.labels[params.LabelInterval]].(float64)
	return time.Duration(seconds * float64(time.Second))
}

// call begins a run at the place, or continues the one for which its runner was called.
func (p *place) call(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	f := p.firing(ctx)
	if f == nil {
		f = &firing{place: p}
	}
	run := f.run
	f.run = nil
	if run == nil {
		run = p.engine.runs.Begin(p.Place, f.claimed)
	}
	if f.overdue != nil {
		run.OnOverdue(f.overdue)
	}
	return p.attempt(ctx, run, func(ctx context.Context) (api.PipeResult, error) { return p.node.process(ctx, scope) })
}

// attempt carries out what a run has still to do.
func (p *place) attempt(ctx context.Context, run Run, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	result, err := do(inRun(ctx, run))
	for run.Again() && ctx.Err() == nil {
		result, err = do(inRun(ctx, run))
	}
	// What the attempt has done is stored also after a stop.
	if left := run.End(context.WithoutCancel(ctx), result, err); left != nil {
		return api.PipeResult{}, left
	}
	if err != nil { // it concerns only a ticket
		return api.Failure("%s", err.Error()), nil
	}
	return result, nil
}
