package main

import (
	"context"
	"fmt"
	"strings"
	"unicode"

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
	a, err := newArticle("note.", n)
	if err != nil {
		return err
	}
	return s.deliver(ctx, id, change{notes: []pendingNote{{article: a}}})
}

// newArticle turns a note into what the servers take. place is where the note
// stands, for errors: "note.", "notes[1].".
func newArticle(place string, n api.Note) (article, error) {
	body := strings.ReplaceAll(n.Body, "\x00", "") // the servers end the text at a NUL
	if strings.TrimSpace(body) == "" {
		return article{}, &api.FieldError{Field: place + "body", Err: fmt.Errorf("%w: is empty: the help desk takes no note without text", api.ErrInvalid)}
	}
	subject := oneLine(n.Subject, maxSubject)
	if subject == "" {
		// The servers demand one, the contract doesn't.
		subject = truncate(oneLine(strings.TrimSpace(body), maxSubject), 80)
	}
	if len(n.Fields) > 0 {
		return article{}, &api.FieldError{Field: place + "fields", Err: fmt.Errorf("%w: a note has no further fields here", api.ErrInvalid)}
	}
	a := article{
		Subject: subject, Body: body, ContentType: contentType(n.ContentType),
		CommunicationChannel: "Internal", SenderType: "agent",
	}
	if n.VisibleToCustomer {
		a.IsVisibleForCustomer = 1
	}
	return a, nil
}

// contentType adds the charset, without which the servers refuse the article.
func contentType(s string) string {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "text/plain; charset=utf-8"
	case strings.Contains(strings.ToLower(s), "charset"):
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

// sameNote reports whether a stored article is a. The servers trim texts and send
// the plain rendering of an HTML body, so that white space doesn't count, and of
// HTML only the subject.
func sameNote(a article, stored record) bool {
	if stored.text("SenderType") != a.SenderType || squeeze(stored.text("Subject")) != squeeze(a.Subject) {
		return false
	}
	if strings.HasPrefix(strings.ToLower(a.ContentType), "text/html") {
		return true
	}
	return squeeze(stored.text("Body")) == squeeze(a.Body)
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
	return t, nil
}
