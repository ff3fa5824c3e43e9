package trial

import (
	"cmp"
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/internal/untold"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// What a ticket system may offer beyond the contract, found by assertion.
type (
	idFinder interface {
		FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error)
		ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error)
	}
	// chooser says which of some tickets a search finds.
	chooser interface {
		FindAmong(ctx context.Context, ids []string, c api.SearchCriteria) ([]string, error)
	}
	named     interface{ SystemID() string }
	linker    interface{ TicketLink(id string) string }
	connected interface{ Connections() int }
)

// system is a ticket system as the pipes of a trial see it. What a plugin offers beyond the
// contract isn't passed on, so that nothing is written by another way.
type system struct {
	t       *Trial
	service orchestrator.Service
	inner   foreign
	desk    *desk
}

// creator is one that makes tickets, too.
type creator struct{ *system }

// Wrap is for the engine: it returns what stands before a ticket system, and every other
// service itself.
func (t *Trial) Wrap(s orchestrator.Service, instance any) any {
	inner, ok := instance.(api.TicketSystem)
	if !ok {
		return instance
	}
	made := t.systemOf(s, inner)
	if _, ok := instance.(api.TicketCreator); ok {
		return &creator{made}
	}
	return made
}

func (t *Trial) systemOf(s orchestrator.Service, inner api.TicketSystem) *system {
	t.mu.Lock()
	defer t.mu.Unlock()
	if made := t.systems[s.ID]; made != nil {
		return made
	}
	foreign := newForeign(inner)
	id := cmp.Or(foreign.id(), s.ID)
	d := t.desks[id]
	if d == nil {
		d = newDesk(id)
		t.desks[id] = d
	}
	made := &system{t: t, service: s, inner: foreign, desk: d}
	t.systems[s.ID] = made
	return made
}

func (s *system) name() string { return s.desk.name }

func (s *system) link(id string) string {
	if s.t.o.Source.Given != nil {
		return ""
	}
	return s.inner.link(id)
}

type claimKey struct{}

// WithClaim says, for searches with the returned context, whether they claim what they find;
// without it a run's first search does. Pipes find the method by assertion.
func (s *system) WithClaim(ctx context.Context, claim bool) context.Context {
	return context.WithValue(ctx, claimKey{}, claim)
}

// claims reports whether a search is one that gets tickets for its run.
func (s *step) claims(ctx context.Context) bool {
	if claim, said := ctx.Value(claimKey{}).(bool); said {
		return claim
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.searched && s.item == nil
}

// FindTickets answers the search that a run begins with from the tickets of the trial, and any
// other one from the ticket system, with what was written since.
func (s *system) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	if c.Limit < 0 || c.Offset < 0 {
		return nil, fmt.Errorf("search tickets: %w: limit and offset must not be negative", api.ErrInvalid)
	}
	at := stepOf(ctx)
	if at == nil || !at.claims(ctx) {
		return s.look(ctx, c)
	}
	found, err := s.claim(ctx, at, c)
	at.mu.Lock()
	at.searched, at.failing = true, err
	claimed := at.claimed
	if len(found) > 0 {
		at.claimed = nil
	}
	at.mu.Unlock()
	if err == nil && len(found) > 0 && claimed != nil {
		claimed()
	}
	return found, err
}

// look is a search by which a run gets nothing.
func (s *system) look(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	if s.t.o.Source.Given == nil {
		found, err := s.inner.FindTickets(ctx, c)
		s.desk.found(found, variant(c))
		return s.desk.laidOver(found), err
	}
	found := []api.Ticket{}
	for _, t := range s.desk.laidOver(s.t.o.Source.Given) {
		if why, _ := criteria.Judge(t, c, nil); !why.Any() {
			found = append(found, t)
		}
	}
	return page(found, c), nil
}

const defaultLimit = 10 // what a limit of 0 means

func page(found []api.Ticket, c api.SearchCriteria) []api.Ticket {
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	found = found[min(c.Offset, len(found)):]
	return found[:min(limit, len(found))]
}

// GetTicket reads a ticket, with what was written since.
func (s *system) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	if t, ok := s.desk.now(id, ""); ok && s.t.o.Source.fixed() {
		return t, nil
	}
	if s.t.o.Source.Given != nil {
		return api.Ticket{}, fmt.Errorf("it is none of the tickets that are tried: %w", api.ErrNotFound)
	}
	t, err := s.inner.GetTicket(ctx, id)
	if err != nil {
		if s.t.o.Written == nil || !s.t.o.Written(id) {
			err = untold.Error(err, id)
		}
		return t, err
	}
	s.desk.saw(t, "")
	return s.desk.laidOver([]api.Ticket{t})[0], nil
}
