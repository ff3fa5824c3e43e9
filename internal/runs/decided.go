package runs

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// What the steps of a run decide, and the records that its end leaves.

var _ decisions.Sink = (*step)(nil)

// calling is the context of a step's call.
func (s *step) calling(ctx context.Context) context.Context {
	return decisions.With(gate.WithStep(ctx, s), s)
}

func (s *step) Name() string { return s.s.Name }

// Classified implements [decisions.Sink].
func (s *step) Classified(c decisions.Classification) {
	c.Step, c.At = s.s.Name, s.r.e.at(s.s.Path)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.r.e.o.Records.KeepText {
		s.r.said.Text = s.r.e.o.Redact(c.Text)
	}
	s.r.said.Classify(c, s.r.wrote())
	s.r.unsaid = true
}

// Decided implements [decisions.Sink].
func (s *step) Decided(p decisions.Pipe) {
	p.Step, p.At, p.Reason = s.s.Name, s.r.e.at(s.s.Path), s.r.e.o.Redact(p.Reason)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.said.Decide(p, s.r.wrote())
	s.r.unsaid = true
}

// at is where a path of the configuration stands.
func (e *Engine) at(path string) string {
	if e.o.At == nil {
		return ""
	}
	return e.o.At(path)
}

// wrote reports whether the run has written something, or begun to.
func (r *run) wrote() bool {
	for _, f := range r.effects {
		if f.State == store.Done || f.State == store.Intent {
			return true
		}
	}
	return false
}

// recall takes up what the steps have said before the run was interrupted. Where their
// results were dropped it counts only if something was written by it.
func (r *run) recall() {
	kept, ok := r.steps[store.StepSaid]
	if !ok {
		return
	}
	_, remembers := r.steps[ends.StepMemory]
	if r.wrote() || len(r.steps) > 1 && !(remembers && len(r.steps) == 2) {
		r.said = record.SaidOf(kept)
	}
}

// unsay forgets what steps have said whose results don't count any more.
func (r *run) unsay() {
	if !r.wrote() {
		r.said = record.Said{}
	}
	r.unsaid = !r.said.Empty()
}

// saying adds to a batch what the steps have said.
func (r *run) saying(b *store.Batch) {
	ended := b.End != nil && b.End.State == store.Ended && b.End.Outcome != store.Dead
	if r.unsaid && !ended {
		b.Steps = append(b.Steps, r.said.Step())
	}
}

// decide adds to the batch of a run's end the records that it leaves.
func (r *run) decide(b *store.Batch, v ends.Decision) {
	if v.End.State != store.Ended {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := record.End{
		Run: r.row, Outcome: v.End.Outcome, Step: r.saw.At(), Reason: r.e.o.Redact(cmp.Or(v.End.Err, v.Note, r.saw.Reason())),
		Tickets: r.tickets, Said: r.said, Loop: r.hasItems(),
	}
	for _, f := range r.effects {
		for _, closed := range b.Effects {
			if closed.Key == f.Key {
				f = closed
			}
		}
		e.Effects = append(e.Effects, f)
	}
	if i := r.subject(); i >= 0 {
		e.Subject = &r.tickets[i]
	} else if r.p == r.e.reverting && len(r.tickets) > 0 { // which it has only claimed for a write
		e.Subject = &r.tickets[0]
	}
	made := r.e.o.Records.Of(e)
	b.Decisions, r.records = made.Stored, made.Records
	if v.End.Outcome == store.Dead { // else it never goes on
		b.Effects = append(b.Effects, made.Marked()...)
	}
}

// sayDecided logs what a run has written, old and new, once its records are stored.
func (r *run) sayDecided(ctx context.Context) {
	if !r.e.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	for _, d := range r.records {
		if d.Written() != "" {
			r.e.logger.InfoContext(ctx, "decided", d.Attrs()...)
		}
	}
}
