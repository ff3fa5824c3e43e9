package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// AddNote adds a note, internal unless it says otherwise.
func (s *TicketSystem) AddNote(ctx context.Context, id string, n api.Note) error {
	id, err := checkID(id)
	if err != nil {
		return err
	}
	p, err := s.newNote("note.", n)
	if err != nil {
		return err
	}
	return s.deliver(ctx, id, change{Notes: []pendingNote{p}})
}

// agent is the kind of sender that a note has unless it says otherwise.
const agent = "agent"

// noteKeys are what Note.Fields may contain, besides dynamic fields of articles: the
// servers' own names, and two of ours. Attachments are files. Once is a text: a note
// with it is written to a ticket only once, whoever repeats it and when.
var noteKeys = map[string]bool{
	"Attachments": true, "Once": true,
	"From": true, "SenderType": true, "CommunicationChannel": true, "TimeUnit": true, "NoAgentNotify": true,
	"HistoryType": true, "HistoryComment": true,
}

// newNote turns a note into what the servers accept. place is where the note is, for
// errors: "note.", "notes[1].".
func (s *TicketSystem) newNote(place string, n api.Note) (pendingNote, error) {
	body := strings.ReplaceAll(n.Body, "\x00", "") // the servers end the text at a NUL
	if strings.TrimSpace(body) == "" {
		return pendingNote{}, &api.FieldError{Field: place + "body", Err: fmt.Errorf("%w: is empty: the help desk takes no note without text", api.ErrInvalid)}
	}
	subject := oneLine(n.Subject, maxSubject)
	if subject == "" {
		// The servers require one, the contract doesn't.
		subject = wire.Truncate(oneLine(strings.TrimSpace(body), maxSubject), 80)
	}
	p := pendingNote{Article: wire.Article{
		Subject: keepZero(subject), Body: keepZero(cutBody(body, s.maxNoteBytes)), ContentType: contentType(n.ContentType),
		CommunicationChannel: "Internal", SenderType: agent,
	}}
	if n.VisibleToCustomer {
		p.IsVisibleForCustomer = 1
	}
	return p, p.setFields(place, n.Fields)
}

func (p *pendingNote) setFields(place string, fields map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		v := fields[key]
		at := place + "fields." + key
		if name, dynamic := strings.CutPrefix(key, wire.DynamicPrefix); dynamic && name != "" {
			p.Dynamic = append(p.Dynamic, wire.DynamicField{Name: name, Value: fieldValue(v)})
			continue
		}
		if !noteKeys[key] {
			return unknownKey("add a note", place+"fields.", key, noteKeys)
		}
		if key == "Attachments" {
			files, err := newAttachments(at, v)
			if err != nil {
				return err
			}
			p.Files = files
			continue
		}
		value := wire.Canonical(v)
		if value == "" {
			return &api.FieldError{Field: at, Err: fmt.Errorf("%w: is empty", api.ErrInvalid)}
		}
		switch key {
		case "Once":
			p.Once = value
		case "From":
			p.From = oneLine(value, maxSubject)
		case "SenderType":
			p.SenderType = value
		case "CommunicationChannel":
			p.CommunicationChannel = value
		case "TimeUnit":
			p.TimeUnit = value
		case "HistoryType":
			p.HistoryType = value
		case "HistoryComment":
			p.HistoryComment = oneLine(value, 190)
		case "NoAgentNotify":
			if wire.Truth(v) {
				p.NoAgentNotify = 1
			}
		}
	}
	return nil
}

// contentType adds the charset, without which the servers reject the article.
func contentType(s string) string {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "text/plain; charset=utf-8"
	case strings.Contains(strings.ToLower(s), "charset"), !strings.HasPrefix(strings.ToLower(s), "text/"):
		return s
	default:
		return s + "; charset=utf-8"
	}
}
