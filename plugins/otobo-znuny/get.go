package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// batchSize is how many tickets one request reads: 50 with articles take Znuny
// 130 ms, a single one 35.
const batchSize = 50

// GetTicket reads a ticket with its articles and dynamic fields. The servers don't
// distinguish a ticket that doesn't exist from one that may not be read, so the error
// is both api.ErrNotFound and api.ErrDenied.
func (s *TicketSystem) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	id, err := checkID(id)
	if err != nil {
		return api.Ticket{}, err
	}
	found, err := s.getRecords(ctx, []string{id}, s.reading.Message())
	if err != nil {
		return api.Ticket{}, err
	}
	r, ok := found[id]
	if !ok {
		return api.Ticket{}, noSuchTicket(id)
	}
	return r.Ticket(s.zone, s.reading), nil
}

// The values of the param articles.
const (
	articlesAll   = "all"
	articlesFirst = "first"
)

// getRecord reads one ticket as the server sends it, to see what is there.
func (s *TicketSystem) getRecord(ctx context.Context, id string) (wire.Record, error) {
	found, err := s.getRecords(ctx, []string{id}, wire.ReadOptions{}.Message())
	if err != nil {
		return nil, err
	}
	r, ok := found[id]
	if !ok {
		return nil, noSuchTicket(id)
	}
	return r, nil
}

func noSuchTicket(id string) error {
	return wire.UnexpectedAnswer(wire.TicketGet, id, "the answer has no such ticket")
}

// getTickets reads many tickets and keeps their order. It leaves out one that can't be
// read, such as one that has been moved or deleted since it was found, and logs it.
func (s *TicketSystem) getTickets(ctx context.Context, wanted []string, what wire.ReadOptions, log logFunc) ([]api.Ticket, error) {
	tickets := make([]api.Ticket, 0, len(wanted))
	for len(wanted) > 0 {
		batch := wanted[:min(batchSize, len(wanted))]
		wanted = wanted[len(batch):]
		found, err := s.getReadable(ctx, batch, what.Message(), log)
		if err != nil {
			return nil, err
		}
		for _, id := range batch {
			if r, ok := found[id]; ok {
				tickets = append(tickets, r.Ticket(s.zone, what))
			}
		}
	}
	return tickets, nil
}

// logFunc is a method of a logger, with its level.
type logFunc func(ctx context.Context, message string, args ...any)

// getReadable reads a batch. The servers reject a whole batch because of one ticket
// that can't be read; repeated halving finds it in few requests. A batch whose answer
// is too large is halved, too.
func (s *TicketSystem) getReadable(ctx context.Context, batch []string, what wire.Message, log logFunc) (map[string]wire.Record, error) {
	found, err := s.getRecords(ctx, batch, what)
	switch {
	case err == nil:
		return found, nil
	case len(batch) == 1 && (notReadable(err) || errors.Is(err, wire.ErrTooLarge)):
		// One ticket must not block all others.
		log(ctx, "a ticket was found but can't be read, and is left out", "ticket", batch[0], "err", err.Error())
		return nil, nil
	case !notReadable(err) && !errors.Is(err, wire.ErrTooLarge):
		return nil, err
	}
	all := make(map[string]wire.Record, len(batch))
	for _, half := range [][]string{batch[:len(batch)/2], batch[len(batch)/2:]} {
		part, err := s.getReadable(ctx, half, what, log)
		if err != nil {
			return nil, err
		}
		for id, r := range part {
			all[id] = r
		}
	}
	return all, nil
}

// getRecords reads tickets in one request; what says how much of them.
func (s *TicketSystem) getRecords(ctx context.Context, batch []string, what wire.Message) (map[string]wire.Record, error) {
	m := maps.Clone(what)
	m["TicketID"] = batch
	a, err := s.client.Read(ctx, wire.TicketGet, batchName(batch), m)
	if err != nil {
		return nil, err
	}
	if a.Tickets == nil {
		return nil, wire.UnexpectedAnswer(wire.TicketGet, batchName(batch), "the answer has no ticket")
	}
	found := make(map[string]wire.Record, len(batch))
	for _, r := range a.Tickets {
		found[r.Text("TicketID")] = r
		s.agents.learn(r)
		switch _, cut := what["ArticleLimit"]; {
		case !cut:
			s.articles.learn(r, false)
		case s.untouched(r):
			s.articles.learn(r, true)
		default: // what follows the first article isn't known any longer
			s.articles.forget(r.Text("TicketID"))
		}
	}
	return found, nil
}

// untouched reports whether no agent did anything to a ticket since its first article, the
// only one that was read: each note of an agent sets the time of the ticket's change. So
// notes that will be written have higher ids than that article, and none is there that
// reads the same. Both times are by the help desk's one clock.
func (s *TicketSystem) untouched(r wire.Record) bool {
	articles := r.Articles()
	if len(articles) != 1 {
		return false
	}
	began, changed := articles[0].Time("CreateTime", s.zone), r.Time("Changed", s.zone)
	return !began.IsZero() && !changed.IsZero() && !changed.After(began.Add(time.Second))
}

// newestArticle is the highest id among the articles of these sender types, 0 if there
// are none. It asks only for the last of them: while no agent has written, no text is
// transferred, however long the customer's is.
func (s *TicketSystem) newestArticle(ctx context.Context, id string, senders []string) (int64, error) {
	m := wire.Message{"AllArticles": 1, "ArticleLimit": 1, "ArticleOrder": "DESC", "Attachments": 0}
	if len(senders) == 1 { // the servers group several, and the last of a group isn't the newest
		m["ArticleSenderType"] = senders
	}
	found, err := s.getRecords(ctx, []string{id}, m)
	if err != nil {
		return 0, err
	}
	r, ok := found[id]
	if !ok {
		return 0, noSuchTicket(id)
	}
	return r.NewestArticle(), nil
}

func batchName(batch []string) string {
	if len(batch) == 1 {
		return batch[0]
	}
	return fmt.Sprintf("%s and %d more", batch[0], len(batch)-1)
}

// checkID rejects what the servers would read as something else, such as a list of
// ids.
func checkID(id string) (string, error) {
	id = strings.TrimSpace(id)
	if id == "" || strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" {
		return "", &api.FieldError{Field: "ticket_id", Err: fmt.Errorf("%w: is not a ticket id, which is a whole number above zero", api.ErrInvalid)}
	}
	return id, nil
}

// notReadable reports whether a ticket, or one of a batch, can't be read although
// others can.
func notReadable(err error) bool {
	return errors.Is(err, api.ErrNotFound)
}
