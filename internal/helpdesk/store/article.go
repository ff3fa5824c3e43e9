package store

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// Article is a message or a note in a ticket.
type Article struct {
	ID, Number        int64 // Number counts within the ticket, from 1
	Subject, Body     string
	From, To, Cc, Bcc string
	MIMEType, Charset string
	Sender, Channel   Entry
	Visible           bool
	Created           time.Time
	CreatedBy         int64
	Files             []File
	Orphan            bool // stored without its text
}

// File is an attachment of an article.
type File struct {
	Name, ContentType string
	Content           []byte
	HTMLBody          bool // the article's own body in HTML
}

// Draft is an article that is not stored yet.
type Draft struct {
	Subject, Body     string
	From, To, Cc, Bcc string
	MIMEType, Charset string
	Sender, Channel   Entry
	Visible           bool
	Files             []File
	Event, Comment    string // of the line in the history
}

// MaxSubject and MaxTitle are the widths of columns of the database, in characters.
const (
	MaxSubject = 3800
	MaxTitle   = 255
)

// Tidy brings the draft into the form that the servers store: headers on one line, nothing after a NUL, and HTML as
// plain text with the original as a file.
func (d *Draft) Tidy() {
	oneLine := strings.NewReplacer("\r", "", "\n", "")
	for _, header := range []*string{&d.Subject, &d.From, &d.To, &d.Cc, &d.Bcc} {
		*header = oneLine.Replace(UntilNUL(*header))
	}
	d.Body = UntilNUL(d.Body)
	if d.MIMEType == "text/html" {
		original := File{
			Name: "file-2", ContentType: `text/html; charset="` + d.Charset + `"`, Content: []byte(d.Body), HTMLBody: true,
		}
		d.Files = append([]File{original}, d.Files...)
		d.Body, d.MIMEType = plainText(d.Body), "text/plain"
	}
}

// AddArticle stores a draft. As on the real servers, which write the two halves of an article one after the other, a subject that
// is too long for its column is an error and leaves an article without text.
func (s *Store) AddArticle(t *Ticket, d Draft, by int64) (*Article, error) {
	s.LastArticle++
	a := &Article{
		ID: s.LastArticle, Number: int64(len(t.Articles)) + 1,
		Subject: d.Subject, Body: d.Body, From: d.From, To: d.To, Cc: d.Cc, Bcc: d.Bcc, MIMEType: d.MIMEType, Charset: d.Charset,
		Sender: d.Sender, Channel: d.Channel, Visible: d.Visible, Files: d.Files, Created: s.Now(), CreatedBy: by,
	}
	t.Articles = append(t.Articles, a)
	if utf8.RuneCountInString(d.Subject) > MaxSubject {
		a.Orphan = true
		return nil, wire.KernelError("Article could not be created, please contact the system administrator")
	}
	if d.Sender.Name == "agent" {
		t.UnlockTimeout = s.Now().Unix()
	}
	s.recordArticle(t, by, a.ID, d.Event, d.Comment)
	return a, nil
}
