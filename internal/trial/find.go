package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	mostLeftOut = 500 // tickets more than its limit a search asks for
	askedAtOnce = 200 // tickets of one question to the ticket system
)

// variant is what stands for how tickets are read by the criteria of a search: "" as the
// service reads them.
func variant(c api.SearchCriteria) string {
	how := criteria.Reading(c)
	if len(how.Fields) == 0 {
		return ""
	}
	return encoded(how)
}

func encoded(c api.SearchCriteria) string {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Sprintf("%#v", c)
	}
	return string(text)
}

// claim gets tickets for a run.
func (s *system) claim(ctx context.Context, at *step, c api.SearchCriteria) ([]api.Ticket, error) {
	if s.t.o.Closed {
		c = criteria.WithoutStates(c)
	}
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	ids, err := s.candidates(ctx, at.runner(), c, limit)
	if err != nil {
		return nil, err
	}
	how := variant(c)
	d := s.desk
	if err := s.judgeAll(ctx, at.runner(), ids, c, how); err != nil {
		return nil, err
	}
	got, first := d.give(at, ids, c, how, limit)
	if first > 0 { // the work that is known so far
		s.t.proceed(func(p *Progress) { p.Found += first })
	}
	found := make([]api.Ticket, len(got))
	for i, h := range got {
		h.system = s
		found[i] = h.before
	}
	at.take(got)
	return found, nil
}

// give gives a runner tickets that meet the criteria: those that it has not had, and that no run
// is at. At the first time it also counts all of them.
func (d *desk) give(at *step, ids []string, c api.SearchCriteria, how string, limit int) (got []*held, first int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.runner(at.runner())
	skip := c.Offset
	if d.order == nil { // the ticket system has left them out
		skip = 0
	}
	for _, id := range ids {
		t := d.tickets[id]
		v, known := k.judged[id]
		if !known || v.why.Any() || t.unread != nil || v.version != t.version {
			continue
		}
		if !k.counted {
			first++
		}
		if len(got) == limit && k.counted {
			break
		}
		if len(got) == limit || k.given[id] || t.at != nil {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		k.given[id], t.at, t.gotten = true, at.root(), true
		got = append(got, &held{id: id, fetched: true, before: t.now(how), notJudged: v.open})
	}
	k.counted = true
	k.forget()
	return got, first
}

func (r *run) take(got []*held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tickets = append(r.tickets, got...)
}

// candidates are tickets that the search may find, read, in its order.
func (s *system) candidates(ctx context.Context, runner string, c api.SearchCriteria, limit int) ([]string, error) {
	d := s.desk
	how := variant(c)
	if s.t.o.Source.fixed() {
		if err := s.load(ctx, c, how); err != nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		k := d.runner(runner)
		if k.rest == nil {
			k.rest = slices.Clone(d.order)
		}
		return k.rest, nil
	}
	d.mu.Lock()
	given := d.runner(runner).given
	out := min(len(given)+d.atWork(), mostLeftOut)
	d.mu.Unlock()
	ask := c
	ask.Limit = limit + out
	fresh := func(id string) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		t := d.tickets[id]
		return !given[id] && (t == nil || t.at == nil)
	}
	if s.inner.ids != nil {
		ids, err := s.inner.FindTicketIDs(ctx, ask)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return !fresh(id) })
		ids = ids[:min(limit, len(ids))]
		read, err := s.inner.ReadTickets(ctx, ids, c)
		if err != nil {
			return nil, err
		}
		return d.found(read, how), nil
	}
	read, err := s.inner.FindTickets(ctx, ask)
	if err != nil {
		return nil, err
	}
	return d.found(read, how), nil
}

// judgeAll judges the tickets that the runner has not had, as they are now. What only the
// ticket system understands is asked there, for many tickets at once.
func (s *system) judgeAll(ctx context.Context, runner string, ids []string, c api.SearchCriteria, how string) error {
	d := s.desk
	key := encoded(unpaged(c))
	open := make(map[string][]string) // ids by what is open of them
	d.mu.Lock()
	k := d.runner(runner)
	for _, id := range ids {
		t := d.tickets[id]
		if v, ok := k.judged[id]; k.given[id] || ok && v.key == key && v.version == t.version {
			continue
		}
		v := judgment{key: key, version: t.version}
		switch {
		case t.unread != nil: // nothing is known of it
		case !s.t.o.Source.fixed() && t.version == 0: // the ticket system has found it
		default:
			v.why, v.open = criteria.Judge(t.now(how), c, t.changed)
		}
		k.judged[id] = v
		if !v.why.Any() && len(v.open) > 0 {
			about := fmt.Sprint(v.open)
			open[about] = append(open[about], id)
		}
	}
	d.mu.Unlock()
	for _, some := range open {
		if err := s.askAbout(ctx, k, some, c); err != nil {
			return err
		}
	}
	return nil
}

// unpaged is the same search for any number of tickets.
func unpaged(c api.SearchCriteria) api.SearchCriteria {
	c.Limit, c.Offset = 0, 0
	return c
}

// askAbout asks the ticket system which tickets meet the criteria that it alone understands.
func (s *system) askAbout(ctx context.Context, k *reader, ids []string, c api.SearchCriteria) error {
	if s.inner.among == nil || s.t.o.Source.Given != nil {
		return nil // they stay open, and the prediction says so
	}
	d := s.desk
	d.mu.Lock()
	about := k.judged[ids[0]].open
	d.mu.Unlock()
	for some := range slices.Chunk(ids, askedAtOnce) {
		meet, err := s.inner.FindAmong(ctx, some, criteria.Only(c, about))
		if errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		met := make(map[string]bool, len(meet))
		for _, id := range meet {
			met[id] = true
		}
		d.mu.Lock()
		for _, id := range some {
			v := k.judged[id]
			v.open = slices.DeleteFunc(slices.Clone(v.open), func(key string) bool { return !d.tickets[id].changed[key] })
			if !met[id] {
				v.why = criteria.Reason{Field: strings.Join(about, ", ")}
			}
			k.judged[id] = v
		}
		d.mu.Unlock()
	}
	return nil
}
