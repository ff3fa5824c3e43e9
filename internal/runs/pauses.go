package runs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

var _ orchestrator.Pauser = (*Engine)(nil)

// Paused implements [orchestrator.Pauser].
func (e *Engine) Paused(p *orchestrator.Place) bool { return e.paused(p.Runner) }

func (e *Engine) paused(runner string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return store.Paused(e.pauses, runner)
}

// lookForPauses learns which runners are paused, by whatever host.
func (e *Engine) lookForPauses(ctx context.Context) error {
	now, err := e.o.Store.Pauses(ctx)
	if err != nil {
		return err
	}
	e.mu.Lock()
	before := e.pauses
	e.pauses = now
	e.mu.Unlock()
	for _, p := range now {
		if !slices.ContainsFunc(before, func(b store.Pause) bool { return b.Runner == p.Runner }) {
			e.logger.Warn("a runner is paused: nothing of it begins", "runner", cmp.Or(p.Runner, "all"), "until", ResumeCommand(p))
		}
	}
	ended := false
	for _, p := range before {
		if !slices.ContainsFunc(now, func(n store.Pause) bool { return n.Runner == p.Runner }) {
			ended = true
			e.logger.Info("a runner that was paused goes on", "runner", cmp.Or(p.Runner, "all"))
		}
	}
	if ended {
		e.places.wakeAll()
	}
	return nil
}

// Full implements [gate.Step].
func (s *step) Full(ctx context.Context, service string, perHour int) error {
	e, p := s.r.e, store.Pause{Runner: s.r.row.Runner, Service: service, PerHour: perHour}
	e.refused.Add(1)
	added, err := e.o.Store.Pause(ctx, p)
	if err != nil {
		return err
	}
	if added {
		e.logger.Error("as many tickets were changed within an hour as max_changes allows: the runner is paused", "runner", p.Runner, "service", service, "tickets_per_hour", perHour, "until", ResumeCommand(p))
	}
	return e.lookForPauses(ctx)
}

// ResumeCommand is what ends a pause.
func ResumeCommand(p store.Pause) string {
	return strings.TrimSpace("otai runs resume " + p.Runner)
}

// mayGoOn reports whether a further step may run though nothing was found out against it: not
// where the runner is paused.
func (r *run) mayGoOn() bool {
	if !r.e.paused(r.row.Runner) {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saw.Wait = &gate.Wait{Reason: store.ReasonPaused}
	return false
}

// pause pauses a runner, or all with "", and says so.
func pause(ctx context.Context, s store.Store, runner string) (string, error) {
	_, err := s.Pause(ctx, store.Pause{Runner: runner})
	who := "all runners are"
	if runner != "" {
		who = "the runner " + runner + " is"
	}
	return who + " paused: nothing begins until `" + ResumeCommand(store.Pause{Runner: runner}) + "`", err
}

// resume ends pauses, and says so. Several hosts may do the same, so it says what is true now.
func resume(ctx context.Context, s store.Store, runner string) (string, error) {
	if _, err := s.Resume(ctx, runner); err != nil {
		return "", err
	}
	left, err := s.Pauses(ctx)
	switch {
	case err != nil:
		return "", err
	case runner == "":
		return "all runners go on", nil
	case store.Paused(left, runner):
		return "the runner " + runner + " is still paused, as all are: `otai runs resume` lets all go on", nil
	}
	return "the runner " + runner + " goes on", nil
}
