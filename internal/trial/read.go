package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	readAtOnce  = 50 // tickets in one request
	connections = 4  // requests at one time
	mostFailing = 20 // tickets that can't be read before it is the ticket system
)

// load reads the tickets of a trial whose tickets are known from the start, once for each way
// of reading them.
func (s *system) load(ctx context.Context, c api.SearchCriteria, how string) error {
	d := s.desk
	d.loading.Lock()
	defer d.loading.Unlock()
	if !d.listed {
		if err := s.list(ctx); err != nil {
			return err
		}
		d.listed = true
	}
	if d.loaded[how] || s.t.o.Source.Given != nil {
		return nil
	}
	if err := s.readAll(ctx, c, how); err != nil {
		return err
	}
	d.loaded[how] = true
	return nil
}

func (s *system) list(ctx context.Context) error {
	d, source := s.desk, s.t.o.Source
	if source.Given != nil {
		d.accept(source.Given)
		return nil
	}
	ids, err := s.inner.list(ctx, source)
	if err != nil {
		return err
	}
	d.list(ids)
	s.t.proceed(func(p *Progress) { p.ToRead += len(ids) })
	return nil
}

// readAll reads many tickets at a time, in several requests at once.
func (s *system) readAll(ctx context.Context, c api.SearchCriteria, how string) error {
	d := s.desk
	reading := &reading{system: s, how: how, c: criteria.Reading(c)}
	n := s.inner.connections(connections)
	parts := make(chan []string)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for range n {
		all.Go(func() {
			for part := range parts {
				if err := reading.part(ctx, part); err != nil {
					cancel(err)
				}
			}
		})
	}
	d.mu.Lock()
	ids := d.order
	d.mu.Unlock()
	size := min(readAtOnce, max(1, (len(ids)+n-1)/n))
	for part := range slices.Chunk(ids, size) {
		if ctx.Err() != nil {
			break
		}
		select {
		case parts <- part:
		case <-ctx.Done():
		}
	}
	close(parts)
	all.Wait()
	return context.Cause(ctx)
}

type reading struct {
	*system
	how string
	c   api.SearchCriteria

	mu      sync.Mutex
	some    bool
	failing int
}

// part reads a part of the tickets; if that fails, its halves. A ticket that can't be read is
// only noted.
func (r *reading) part(ctx context.Context, ids []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	read, err := r.request(ctx, ids)
	r.mu.Lock()
	r.some = r.some || err == nil
	if err != nil && len(ids) == 1 {
		r.failing++
	}
	hopeless := err != nil && (r.failing > mostFailing || !r.some && (errors.Is(err, api.ErrTemporary) || r.failing > 0 || errors.Is(err, api.ErrInvalid)))
	r.mu.Unlock()
	switch {
	case err == nil:
	case hopeless, ctx.Err() != nil:
		return err
	case len(ids) > 1:
		return errors.Join(r.part(ctx, ids[:len(ids)/2]), r.part(ctx, ids[len(ids)/2:]))
	}
	r.desk.read(ids, read, r.how, err)
	r.t.proceed(func(p *Progress) { p.Read += len(ids) })
	return nil
}

func (r *reading) request(ctx context.Context, ids []string) ([]api.Ticket, error) {
	if r.inner.ids != nil {
		return r.inner.ReadTickets(ctx, ids, r.c)
	}
	var read []api.Ticket
	for _, id := range ids {
		t, err := r.inner.GetTicket(ctx, id)
		switch {
		case err == nil:
			read = append(read, t)
		case !errors.Is(err, api.ErrNotFound) && !errors.Is(err, api.ErrDenied):
			return nil, fmt.Errorf("read ticket %s: %w", id, err)
		}
	}
	return read, nil
}
