package runs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// step is one call of a step, as the gate sees it.
type step struct {
	r        *run
	s        orchestrator.Step
	writes   map[string]int // so far, by operation and ticket
	searched bool           // it is the one whose search claimed
	leaves   []kept.Leave   // tickets that it leaves alone for good
}

var _ gate.Step = (*step)(nil)

func (s *step) Runner() string { return s.r.row.Runner }
func (s *step) Hash() string   { return claimHash(s.r.p) }
func (s *step) Repeat() bool   { return s.r.p.Repeat }
func (s *step) Paused() bool   { return s.r.e.paused(s.r.row.Runner) }
func (s *step) Place() string  { return s.s.Path }

func (s *step) WhileHeld(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.r.ours, func() { cancel(store.ErrFence) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// claimHash is the hash under which tickets are tried: that of the place whose search
// found them.
func claimHash(p *orchestrator.Place) string { return outermost(p).Hash }

// outermost is the place whose runs make, at last, the items at p.
func outermost(p *orchestrator.Place) *orchestrator.Place {
	for p.Loop != nil {
		p = p.Loop
	}
	return p
}

func (s *step) FirstSearch() bool {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return !s.r.searched && s.r.item == nil
}

func (s *step) Searched() {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.searched, s.searched = true, true
}

func (s *step) Key() string { return s.s.Key }

func (s *step) Tries() string {
	if !s.r.row.Try {
		return ""
	}
	return s.r.row.Cause
}

func (s *step) Tickets() []store.Ticket {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return slices.Clone(s.r.tickets)
}

func (s *step) Item() (string, bool) {
	if s.r.item == nil || s.r.item.Ticket == "" {
		return "", false
	}
	return s.r.item.Ticket, true
}

func (s *step) Due(ctx context.Context, system string, limit int) ([]string, error) {
	return s.r.e.o.Store.DueTickets(ctx, s.r.e.hostID(), s.r.row.Runner, s.r.row.Hash, system, limit)
}

func (s *step) Lent(t store.Ticket) bool {
	return s.r.row.Parent != "" && t.LastRun == s.r.row.Parent
}

func (s *step) Effects() []store.Effect {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return slices.Clone(s.r.effects)
}

func (s *step) NextWrite(operation, ticket string) string {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.writes == nil {
		s.writes = make(map[string]int)
	}
	of := operation + " " + ticket
	s.writes[of]++
	return fmt.Sprintf("%s %s %d", s.s.Key, of, s.writes[of])
}

func (s *step) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost.Load() {
		return store.Claimed{}, store.ErrFence
	}
	c.Held, c.Runner, c.Hash, c.Repeat = r.held(), r.row.Runner, s.Hash(), r.p.Repeat
	if !r.stored {
		row := r.row
		c.Create, c.Steps = &row, r.pending.Steps
	}
	got, err := r.e.o.Store.Claim(ctx, c)
	if err != nil || len(got.Tickets) > 0 { // else nothing was written
		r.e.noteWrite(ctx, err)
	}
	if err != nil {
		r.fenced(err)
		return got, err
	}
	if len(got.Tickets) == 0 {
		return got, nil
	}
	if !r.stored {
		r.stored, r.pending.Steps = true, nil
	}
	r.searched, s.searched = true, true
	for _, t := range got.Tickets {
		r.putTicket(t)
	}
	if r.claimed != nil {
		r.claimed()
		r.claimed = nil
	}
	return got, nil
}

func (s *step) ClaimOne(ctx context.Context, t store.Ticket) (store.Ticket, bool, error) {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost.Load() {
		return store.Ticket{}, false, store.ErrFence
	}
	var create *store.Run
	if !r.stored {
		row := r.row
		create = &row
	}
	taken, busy, err := r.e.o.Store.ClaimOne(ctx, r.held(), create, t)
	r.e.noteWrite(ctx, err)
	if err != nil || busy {
		r.fenced(err)
		return taken, busy, err
	}
	r.stored = true
	r.putTicket(taken)
	return taken, false, nil
}

func (s *step) Commit(ctx context.Context, b store.Batch) error {
	if b.Begin != nil {
		begin := *b.Begin
		begin.Boot, begin.BootClock = s.r.e.clock()
		b.Begin = &begin
	}
	_, err := s.r.commit(ctx, b)
	s.r.fenced(err)
	return err
}

func (s *step) Fence(ctx context.Context, effect string, lasts time.Duration) error {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost.Load() {
		return store.ErrFence
	}
	boot, clock := s.r.e.clock()
	err := r.e.o.Store.Fence(ctx, r.held(), effect, lasts, boot, clock)
	r.fenced(err)
	if err == nil {
		r.begun(store.Begin{Effect: effect, Lasts: lasts, Boot: boot, BootClock: clock})
	}
	return err
}

func (s *step) Later(b store.Batch) { s.r.later(b) }

func (s *step) NotAllowed(system, ticket string, err error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.NotAllowed = &ends.Rejection{Rejection: gate.Rejection{Cause: store.CauseAllow, System: system, Ticket: ticket, Write: true, Err: err}, Step: s.s}
}

func (s *step) Refused(f gate.Rejection) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.Rejections = append(s.r.saw.Rejections, ends.Rejection{Rejection: f, Step: s.s})
}

func (s *step) Waits(w gate.Wait) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.Wait = &w
}

func (s *step) Failed(err error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.System = &ends.Trouble{Step: s.s, Err: err}
}

func (s *step) Overtaken(ticket, why string) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.Overtaken, s.r.saw.Why = ticket, why
}

// SetAside implements [gate.Step]: what becomes of the ticket is decided as of one that was
// refused.
func (s *step) SetAside(ticket string, why error) {
	r := s.r
	reason := r.e.o.Redact(why.Error())
	v, ok := r.givesBack(ticket, reason)
	if ok { // the run goes on with others: it is the ticket that has to be tried again
		r.sayRefused(v, ticket, s.s.Name, reason, "otai runs retry --ticket "+ticket)
	}
}

func (r *run) givesBack(ticket, reason string) (v ends.Decision, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.tickets, func(t store.Ticket) bool { return t.Fetched && t.Ticket == ticket })
	if i < 0 {
		return v, false
	}
	t := r.tickets[i]
	e := ends.Ending{Now: r.e.now(), Retry: withDefaults(r.p.Retry)}
	if t.Standing == store.Aside {
		e.Attempts = t.Attempts
	}
	v = ends.Refused(e, reason)
	t = r.standing(t, v)
	t.Run, t.Fetched = "", false
	b := store.Batch{Tickets: []store.Ticket{t}}
	r.apply(b)
	r.pending = joined(r.pending, b)
	return v, true
}

func (s *step) InDoubt(string) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.Doubt = s.s.Name
}

func (s *step) Leaves(system, ticket, why string) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.leaves = append(s.leaves, kept.Leave{System: system, Ticket: ticket})
	s.r.saw.Leaves(s.s, why)
}

func (s *step) Gone(ticket string) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.saw.Gone = ticket
}
