package main

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// markerSubject is the value of the param note_marker that puts the mark into the
// subject; its other values are names of dynamic fields and "".
const markerSubject = "subject"

// noteKey identifies a note on a ticket: a hash of the ticket and all that a reader
// sees of the note, or of the words that the configuration gives for it. It depends on
// nothing else, so a restarted process gets the same one.
type noteKey [sha256.Size]byte

func keyOf(ticket string, n pendingNote) noteKey {
	if n.Once != "" {
		return sha256.Sum256(fmt.Appendf(nil, "once %q %q", ticket, n.Once))
	}
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q %t", ticket, squeeze(n.Subject), squeeze(n.Body), n.IsVisibleForCustomer != 0))
}

// token is the mark as written on a note: 60 bits of the key.
func (k noteKey) token() string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(k[:])[:12])
}

const markerPrefix = "[otai:"

// markSubject appends the mark to the subject and keeps its length in bounds.
func markSubject(subject, token string) string {
	mark := " " + markerPrefix + token + "]"
	return wire.Truncate(subject, maxSubject-len(mark)) + mark
}

// mark puts the mark where the configuration wants it. A note with Once needs one,
// which is in the subject by default.
func (n *pendingNote) mark(ticket, marker string) {
	switch {
	case n.Mark != "":
	case marker == markerSubject || marker == "" && n.Once != "":
		n.Mark = keyOf(ticket, *n).token()
		n.Subject = markSubject(n.Subject, n.Mark)
	case marker != "":
		n.Mark = keyOf(ticket, *n).token()
		n.Dynamic = append(n.Dynamic, wire.DynamicField{Name: strings.TrimPrefix(marker, wire.DynamicPrefix), Value: n.Mark})
	}
}

// carriesMark reports whether a stored article bears this mark.
func carriesMark(r wire.Record, mark string) bool {
	if strings.HasSuffix(r.Text("Subject"), markerPrefix+mark+"]") {
		return true
	}
	for _, v := range r.DynamicFields() {
		if wire.Canonical(v) == mark {
			return true
		}
	}
	return false
}

// sameNote reports whether a stored article is the note. The servers trim texts and
// send an HTML body as plain text, so white space doesn't count, and of HTML only the
// subject does; a mark is more reliable.
func sameNote(n pendingNote, stored wire.Record) bool {
	if n.Mark != "" && carriesMark(stored, n.Mark) {
		return true
	}
	if n.Once != "" || stored.Text("SenderType") != n.SenderType || squeeze(stored.Text("Subject")) != squeeze(n.Subject) {
		return false
	}
	if strings.HasPrefix(strings.ToLower(n.ContentType), "text/html") {
		return true
	}
	return squeeze(stored.Text("Body")) == squeeze(n.Body)
}

func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
}
