package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// What follows is optional on a ticket system; the host finds it by the methods' names
// and standard types.

// SystemID names the help desk, whichever agent logs in: two services with the same
// one see the same tickets.
func (s *TicketSystem) SystemID() string {
	u, err := url.Parse(s.client.URL())
	if err != nil {
		return s.client.URL()
	}
	u.User = nil
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.String()
}

// FindTicketIDs searches as FindTickets does, without reading what it finds.
func (s *TicketSystem) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	m, _, limit, err := s.searchOf(ctx, c)
	if err != nil {
		return nil, err
	}
	found, err := s.searchEach(ctx, m, c.Offset+limit)
	if err != nil {
		return nil, err
	}
	return found[min(c.Offset, len(found)):], nil
}

// ReadTickets reads tickets in the order of their ids. The criteria say what to read of
// them, not which. A ticket that can't be read is left out.
func (s *TicketSystem) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	_, what, err := s.searchMessage(c)
	if err != nil {
		return nil, err
	}
	wanted := make([]string, len(ids))
	for i, id := range ids {
		if wanted[i], err = checkID(id); err != nil {
			return nil, fmt.Errorf("read tickets: %w", err)
		}
	}
	return s.getTickets(ctx, wanted, what, s.logger.DebugContext)
}

// ReadableTickets are those of the tickets that the agent may read. Their articles are left where they are.
func (s *TicketSystem) ReadableTickets(ctx context.Context, ids []string) (readable []string, err error) {
	for _, id := range ids {
		if id, err = checkID(id); err != nil {
			return nil, fmt.Errorf("read tickets: %w", err)
		}
		_, err := s.client.Read(ctx, wire.TicketGet, id, wire.Message{"TicketID": []string{id}})
		switch {
		case err == nil:
			readable = append(readable, id)
		case !notReadable(err):
			return nil, err
		}
	}
	return readable, nil
}

// UseFence has f called before each request that writes, right before its first byte.
// The deadline of f's context is the request's own. If f returns an error, nothing is
// sent, and the write's error wraps it. UseFence is called before the first write.
func (s *TicketSystem) UseFence(f func(context.Context) error) { s.client.UseFence(f) }

// UseStore has the records of writes kept by the host, one for the intent that the
// context of the write belongs to. load returns nothing if there is none; after save
// has returned, the record is durable. If save returns an error, nothing is sent, and
// the write's error wraps it. UseStore is called before the first write.
func (s *TicketSystem) UseStore(load func(context.Context) ([]byte, error), save func(context.Context, []byte) error) {
	s.records.fromHost, s.records.toHost = load, save
}

// Late is how long a request that writes may take, unless the deadline that its fence is
// given says otherwise, and how long after that the help desk may still carry it out.
func (s *TicketSystem) Late() (timeout, late time.Duration) {
	return s.client.WriteTimeout(), s.late
}

// Connections is how many requests are out at one time, at most, those included whose
// answer is late.
func (s *TicketSystem) Connections() int { return s.client.Connections() }

// FormerJournal is the file in which release 0.1.0 kept what it was about to write, so
// that the host finishes what such a process has left. "" without a state folder.
func (s *TicketSystem) FormerJournal() string { return s.former }

func formerJournal(dir, service, login string) string {
	if dir == "" {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", service, login))
	return filepath.Join(dir, "updates-"+hex.EncodeToString(sum[:6])+".jsonl")
}

// searchOf is the search for these criteria.
func (s *TicketSystem) searchOf(ctx context.Context, c api.SearchCriteria) (m wire.Message, what wire.ReadOptions, limit int, err error) {
	if m, what, err = s.searchMessage(c); err != nil {
		return nil, what, 0, err
	}
	limit = c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if limit < 0 || c.Offset < 0 {
		return nil, what, 0, fmt.Errorf("search tickets: %w: limit and offset must not be negative", api.ErrInvalid)
	}
	m, err = s.withAgentIDs(ctx, m)
	return m, what, limit, err
}
