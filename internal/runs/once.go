package runs

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// effectOnce is the label of a pipe that is carried out once.
const effectOnce = "once"

// stepOnce carries out a pipe with the label effect: once. Its intent is on the disk
// before and its outcome after; without an outcome nobody knows, and it isn't repeated.
func (r *run) stepOnce(ctx context.Context, s orchestrator.Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	f := store.Effect{Key: s.Key + " " + store.OpOnce, Step: s.Key, Operation: store.OpOnce, Service: s.Path, State: store.Intent, Intent: kept.EncodeOnce(kept.Once{Step: s.Name, Use: s.Use, Plugin: s.Plugin, File: s.File, At: r.e.at(s.Path)})}
	if i := r.subject(); i >= 0 {
		f.System, f.Ticket = r.tickets[i].System, r.tickets[i].Ticket
	}
	switch had, ok := r.effect(s, f); {
	case ok && had.State == store.Done:
		return r.doneOnce(s, had), nil
	case ok && had.State == store.Closed: // somebody chose to go on behind it
		return api.Skip("it was left out by a person"), nil
	case ok && had.State == store.Intent:
		r.inDoubt(had)
		return api.PipeResult{}, ends.ErrHalt
	}
	if _, err := r.commitPersistently(ctx, store.Batch{Durable: true, AtWork: r.atWork(s), Effects: []store.Effect{f}}); err != nil {
		return api.PipeResult{}, err
	}
	st := &step{r: r, s: s}
	r.saw.Begin(s)
	result, err := do(st.calling(ctx))
	f.State = onceState(result, err)
	if f.State == store.Done {
		f.Outcome, _, _ = kept.EncodeResult(result, nil, nil, r.e.clean) // nil where it may not be kept
	}
	if f.State != store.Intent {
		st.Later(store.Batch{Durable: true, Effects: []store.Effect{f}})
	}
	r.learn(ctx, st, result, err)
	if f.State == store.Intent {
		r.inDoubt(f)
		r.saw.Stopped = false
	}
	return result, err
}

// inDoubt says that nobody knows whether what the effect stands for was carried out.
func (r *run) inDoubt(f store.Effect) {
	r.saw.Doubt, r.doubted = kept.DecodeOnce(f).Step, f
}

// onceState is what an answer says about whether the pipe did its work.
func onceState(result api.PipeResult, err error) store.EffectState {
	switch {
	case err == nil && result.Succeeded():
		return store.Done
	case err == nil,
		errors.Is(err, api.ErrTemporary), errors.Is(err, api.ErrInvalid), errors.Is(err, api.ErrDenied), errors.Is(err, api.ErrNotFound):
		return store.Refused
	default:
		return store.Intent
	}
}

// effect finds the effect of a pipe with effect: once: by its key, else one that the run
// has from another form of its configuration.
func (r *run) effect(s orchestrator.Step, f store.Effect) (store.Effect, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, had := range r.effects {
		if had.Key == f.Key {
			return had, true
		}
	}
	for _, had := range r.effects {
		if had.Operation == store.OpOnce && had.Service == s.Path && had.State != store.Refused {
			return had, true
		}
	}
	return store.Effect{}, false
}

// doneOnce is the result of what was carried out before: an empty one where it may not
// be kept.
func (r *run) doneOnce(s orchestrator.Step, f store.Effect) api.PipeResult {
	if len(f.Outcome) > 0 {
		if k, err := kept.DecodeResult(f.Outcome, nil); err == nil {
			return k.PipeResult
		}
	}
	if r.e.once("empty " + s.Path) {
		r.e.logger.Info("this step was carried out before and its result may not be kept: the steps behind it see an empty one", "step", s.Name, "path", s.Path)
	}
	return api.Success(map[string]any{})
}
