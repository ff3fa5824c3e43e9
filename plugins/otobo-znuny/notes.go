package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// The servers' columns: a longer title or subject ends in status 500, a longer
// subject also in an article without content.
const (
	maxTitle   = 255
	maxSubject = 3800
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

// noteKeys are what Note.Fields may hold, besides dynamic fields of articles: the
// servers' own names, and two of ours. Attachments are files, Once is a text: a
// note with it is written to a ticket once only, whoever repeats it and when.
var noteKeys = map[string]bool{
	"Attachments": true, "Once": true,
	"From": true, "SenderType": true, "CommunicationChannel": true, "TimeUnit": true, "NoAgentNotify": true,
	"HistoryType": true, "HistoryComment": true,
}

// newNote turns a note into what the servers take. place is where the note
// stands, for errors: "note.", "notes[1].".
func (s *TicketSystem) newNote(place string, n api.Note) (pendingNote, error) {
	body := strings.ReplaceAll(n.Body, "\x00", "") // the servers end the text at a NUL
	if strings.TrimSpace(body) == "" {
		return pendingNote{}, &api.FieldError{Field: place + "body", Err: fmt.Errorf("%w: is empty: the help desk takes no note without text", api.ErrInvalid)}
	}
	subject := oneLine(n.Subject, maxSubject)
	if subject == "" {
		// The servers demand one, the contract doesn't.
		subject = truncate(oneLine(strings.TrimSpace(body), maxSubject), 80)
	}
	p := pendingNote{article: article{
		Subject: heard(subject), Body: heard(cutBody(body, s.maxNoteBytes)), ContentType: contentType(n.ContentType),
		CommunicationChannel: "Internal", SenderType: "agent",
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
		if name, dynamic := strings.CutPrefix(key, dynamicPrefix); dynamic && name != "" {
			p.Dynamic = append(p.Dynamic, dynamicField{Name: name, Value: sendable(v)})
			continue
		}
		if !noteKeys[key] {
			return refusedKey("add a note", place+"fields.", key, noteKeys)
		}
		if key == "Attachments" {
			files, err := newAttachments(at, v)
			if err != nil {
				return err
			}
			p.Files = files
			continue
		}
		value := canonical(v)
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
			if truth(v) {
				p.NoAgentNotify = 1
			}
		}
	}
	return nil
}

// heard makes a text of 0 one that the servers hear: to Perl it is none, and they trim
// texts before they look. A space of no width, which is no white space, stands behind
// it.
func heard(s string) string {
	if strings.TrimSpace(s) == "0" {
		return "0\u200b"
	}
	return s
}

// cutBody keeps a body below max bytes and says so at its end.
func cutBody(body string, maxBytes int) string {
	if maxBytes <= 0 || len(body) <= maxBytes {
		return body
	}
	mark := fmt.Sprintf("\n[… cut by otai: the text has %d bytes]", len(body))
	end := max(maxBytes-len(mark), 0)
	for end > 0 && !utf8.RuneStart(body[end]) {
		end--
	}
	return body[:end] + mark
}

// contentType adds the charset, without which the servers refuse the article.
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

// oneLine removes control characters, line breaks too, since the servers would
// join the lines without a space.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return truncate(strings.Join(strings.Fields(s), " "), n)
}

// sameNote reports whether a stored article is the note. The servers trim texts
// and send the plain rendering of an HTML body, so that white space doesn't count,
// and of HTML only the subject; a mark is better.
func sameNote(n pendingNote, stored record) bool {
	if n.Mark != "" && stored.carries(n.Mark) {
		return true
	}
	if n.Once != "" || stored.text("SenderType") != n.SenderType || squeeze(stored.text("Subject")) != squeeze(n.Subject) {
		return false
	}
	if strings.HasPrefix(strings.ToLower(n.ContentType), "text/html") {
		return true
	}
	return squeeze(stored.text("Body")) == squeeze(n.Body)
}

func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
}

// title is checked here, because the servers ignore an empty one silently.
func title(s string) (string, error) {
	t := oneLine(s, maxTitle)
	if t == "" {
		return "", &api.FieldError{Field: "subject", Err: fmt.Errorf("%w: is empty", api.ErrInvalid)}
	}
	return heard(t), nil
}
