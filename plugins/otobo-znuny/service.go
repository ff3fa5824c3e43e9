package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// TicketSystem is the service: one help desk, seen by one agent. It is safe for
// concurrent use; writes to one ticket wait for each other, because otherwise the
// notes of two writers couldn't be distinguished.
type TicketSystem struct {
	client       *wire.Client
	zone         *time.Location
	marker       string
	maxNoteBytes int
	reading      wire.ReadOptions
	late         time.Duration
	articles     articleIDs
	records      records
	former       string // path of the journal of release 0.1.0
	agents       agentDirectory
	writing      ticketLocks
	logger       *slog.Logger
}

var (
	_ api.TicketSystem  = (*TicketSystem)(nil)
	_ api.TicketCreator = (*TicketSystem)(nil)
	_ api.HealthChecker = (*TicketSystem)(nil)
)

func newTicketSystem(p Params, h api.Host) (*TicketSystem, error) {
	p = p.withDefaults()
	if err := p.Validate(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return nil, &api.FieldError{Field: "time_zone", Err: err}
	}
	if p.Password == "" {
		p.Password, _ = h.Env(wire.PasswordVariable)
	}
	if p.Password == "" {
		return nil, &api.FieldError{
			Field: "password",
			Err:   fmt.Errorf("is not given: write it into the params of this service or set the environment variable %s", wire.PasswordVariable),
		}
	}
	h.Redact(p.Password)
	c, err := wire.New(p.clientConfig(h))
	if err != nil {
		return nil, err
	}
	if p.TLS.InsecureSkipVerify {
		h.Logger().Warn("tls.insecure_skip_verify is set: anybody on the way to the help desk can read the password")
	}
	return &TicketSystem{
		client:       c,
		zone:         zone,
		late:         p.Late,
		former:       formerJournal(h.App().StateDir, c.URL(), c.Username()),
		marker:       p.NoteMarker,
		maxNoteBytes: p.MaxNoteBytes,
		reading:      wire.ReadOptions{FirstArticle: p.Articles == articlesFirst, Attachments: p.Attachments, HTML: p.HTML},
		logger:       h.Logger(),
	}, nil
}

// CheckHealth makes the smallest possible search: it needs the server, the web service
// and the login.
func (s *TicketSystem) CheckHealth(ctx context.Context) error {
	_, err := s.searchIDs(ctx, wire.Message{}, 1)
	return err
}

// Close ends the session and closes idle connections.
func (s *TicketSystem) Close() error {
	if err := s.client.LogOut(context.Background()); err != nil {
		s.logger.Info("the session stays in the help desk until it has been idle for two hours; a Znuny whose web service has the operation SessionRemove ends it at once (docs/otobo-znuny.md)", "err", err.Error())
	}
	s.client.CloseIdleConnections()
	return nil
}
