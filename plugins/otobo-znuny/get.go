package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// batchSize tickets are read in one request: 50 with articles take 130 ms on
// Znuny, where one alone takes 35.
const batchSize = 50

// GetTicket reads a ticket with all articles and dynamic fields. A ticket that
// doesn't exist and one that may not be read are the same answer: it is both
// api.ErrNotFound and api.ErrDenied.
func (s *TicketSystem) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	id, err := checkID(id)
	if err != nil {
		return api.Ticket{}, err
	}
	found, err := s.getRecords(ctx, []string{id}, s.reading.ask())
	if err != nil {
		return api.Ticket{}, err
	}
	r, ok := found[id]
	if !ok {
		return api.Ticket{}, noSuchTicket(id)
	}
	return r.ticket(s.zone, s.reading), nil
}

// The values of the param articles.
const (
	articlesAll   = "all"
	articlesFirst = "first"
)

// getRecord reads one ticket as the server sends it, to look what is there.
func (s *TicketSystem) getRecord(ctx context.Context, id string) (record, error) {
	found, err := s.getRecords(ctx, []string{id}, reading{}.ask())
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
	return UnexpectedAnswer(opGet, id, "the answer holds no such ticket")
}

// getTickets reads many tickets and keeps their order. A ticket that was found
// but can't be read, since it was moved or deleted meanwhile, is left out.
func (s *TicketSystem) getTickets(ctx context.Context, wanted []string, what reading) ([]api.Ticket, error) {
	tickets := make([]api.Ticket, 0, len(wanted))
	for len(wanted) > 0 {
		batch := wanted[:min(batchSize, len(wanted))]
		wanted = wanted[len(batch):]
		found, err := s.getReadable(ctx, batch, what.ask())
		if err != nil {
			return nil, err
		}
		for _, id := range batch {
			if r, ok := found[id]; ok {
				tickets = append(tickets, r.ticket(s.zone, what))
			}
		}
	}
	return tickets, nil
}

// getReadable reads a batch. One ticket that can't be read makes the servers
// refuse the whole batch; halving it again and again finds the one in few
// requests. A batch that is too large to be answered is halved too.
func (s *TicketSystem) getReadable(ctx context.Context, batch []string, what message) (map[string]record, error) {
	found, err := s.getRecords(ctx, batch, what)
	switch {
	case err == nil:
		return found, nil
	case len(batch) == 1 && (notReadable(err) || errors.Is(err, ErrTooLarge)):
		// One ticket must not keep all others from being worked on.
		s.logger.WarnContext(ctx, "a ticket was found but can't be read, and is left out", "ticket", batch[0], "err", err.Error())
		return nil, nil
	case !notReadable(err) && !errors.Is(err, ErrTooLarge):
		return nil, err
	}
	all := make(map[string]record, len(batch))
	for _, half := range [][]string{batch[:len(batch)/2], batch[len(batch)/2:]} {
		part, err := s.getReadable(ctx, half, what)
		if err != nil {
			return nil, err
		}
		for id, r := range part {
			all[id] = r
		}
	}
	return all, nil
}

// getRecords reads tickets in one request, by id. what says how much of them.
func (s *TicketSystem) getRecords(ctx context.Context, batch []string, what message) (map[string]record, error) {
	m := maps.Clone(what)
	m["TicketID"] = batch
	a, err := s.client.Read(ctx, opGet, batchName(batch), m)
	if err != nil {
		return nil, err
	}
	if a.Tickets == nil {
		return nil, UnexpectedAnswer(opGet, batchName(batch), "the answer holds no ticket")
	}
	found := make(map[string]record, len(batch))
	for _, r := range a.Tickets {
		found[r.text("TicketID")] = r
		s.agents.saw(r)
		switch _, cut := what["ArticleLimit"]; {
		case !cut:
			s.memory.saw(r)
		default:
			// What came after the first article is not known any more.
			s.memory.forget(r.text("TicketID"))
		}
	}
	return found, nil
}

// newestArticle is the highest id among the articles of these sender types, 0
// without one. Only the last of them is asked for: where no agent has written yet,
// no text travels, however long the customer's is.
//
// In its first hour a process without a journal of the time before may meet a note of
// the process before it, at the ticket's end or below later ones. Where agents have
// written since then, the whole ticket is read, so that memory sees its end.
func (s *TicketSystem) newestArticle(ctx context.Context, id string, senders []string) (int64, error) {
	m := message{"AllArticles": 1, "ArticleLimit": 1, "ArticleOrder": "DESC", "Attachments": 0}
	if len(senders) == 1 { // of several the servers make groups, and the last of one is not the newest
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
	from, to := s.doubtfulSpan()
	recent := func(a record) bool {
		written := a.number("IncomingTime")
		return written == 0 || written >= from.Unix()
	}
	if time.Since(to) < doubtLasts && slices.ContainsFunc(r.articles(), recent) {
		if r, err = s.getRecord(ctx, id); err != nil {
			return 0, err
		}
	}
	return r.newestArticle(), nil
}

func batchName(batch []string) string {
	if len(batch) == 1 {
		return batch[0]
	}
	return fmt.Sprintf("%s and %d more", batch[0], len(batch)-1)
}

// checkID refuses what the servers would read as something else, such as a list
// of ids.
func checkID(id string) (string, error) {
	id = strings.TrimSpace(id)
	if id == "" || strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" {
		return "", &api.FieldError{Field: "ticket_id", Err: fmt.Errorf("%w: %q is no ticket id: it is a whole number above zero", api.ErrInvalid, truncate(id, 40))}
	}
	return id, nil
}

// notReadable reports whether a single ticket, or one of a batch, can't be read,
// while others can.
func notReadable(err error) bool {
	return errors.Is(err, api.ErrNotFound)
}
