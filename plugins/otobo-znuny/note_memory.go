package main

import (
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// noteMemory is what the service remembers of tickets, to recognize its own notes: ids
// and hashes, no texts of customers. It is bounded; what it forgets costs one more
// read. The zero value is empty.
type noteMemory struct {
	mu        sync.Mutex
	tickets   map[string]ticketSnapshot
	uncertain map[noteKey]uncertainNote
}

// ticketSnapshot is a ticket as it was last read.
type ticketSnapshot struct {
	newest   int64          // the highest article id
	trailing []trailingNote // the last articles, as long as they aren't the customer's
}

// trailingNote is a note after which the customer wrote nothing.
type trailingNote struct {
	key     noteKey // of its content
	token   string  // of the mark in its subject, if any
	created int64   // seconds since 1970, 0 if unknown
}

// uncertainNote is a note of a write that failed. If it was written, its article id is
// above after.
type uncertainNote struct {
	after int64
	until time.Time // from then on a note that reads the same is another one
}

const (
	maxRemembered = 10_000    // bounds both maps
	uncertainFor  = time.Hour // callers repeat within minutes
)

// remember records a ticket that was read with its last articles.
func (m *noteMemory) remember(r wire.Record) {
	id := r.Text("TicketID")
	s := ticketSnapshot{newest: r.NewestArticle()}
	all := r.Articles()
	for i := len(all) - 1; i >= 0; i-- {
		a := all[i]
		if a.Text("SenderType") == "customer" {
			break
		}
		subject, token := a.Text("Subject"), ""
		if before, mark, found := strings.Cut(subject, " "+markerPrefix); found {
			subject, token = before, strings.TrimSuffix(mark, "]")
		}
		s.trailing = append(s.trailing, trailingNote{
			key:   contentKey(id, subject, a.Text("Body"), wire.Truth(a["IsVisibleForCustomer"])),
			token: token, created: a.Number("IncomingTime"),
		})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.makeRoom()
	s.newest = max(s.newest, m.tickets[id].newest)
	m.tickets[id] = s
}

// forget drops a ticket.
func (m *noteMemory) forget(ticket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tickets, ticket)
}

// rememberArticle records an article that this process added.
func (m *noteMemory) rememberArticle(ticket string, article int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.makeRoom()
	m.tickets[ticket] = ticketSnapshot{newest: max(article, m.tickets[ticket].newest)}
}

func (m *noteMemory) makeRoom() {
	if m.tickets == nil || len(m.tickets) >= maxRemembered {
		m.tickets = make(map[string]ticketSnapshot)
	}
}

// newestArticle is the highest article id seen on a ticket.
func (m *noteMemory) newestArticle(ticket string) (id int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, known := m.tickets[ticket]
	return s.newest, known
}

// takeTrailing reports whether the ticket ends with this very note, written between
// two times. It does so only once.
func (m *noteMemory) takeTrailing(ticket string, n pendingNote, from, to time.Time) bool {
	key := keyOf(ticket, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.tickets[ticket]
	for i, t := range s.trailing {
		same := t.key == key || t.token != "" && t.token == key.token()
		if same && within(t.created, from, to) {
			s.trailing = append(s.trailing[:i:i], s.trailing[i+1:]...)
			m.tickets[ticket] = s
			return true
		}
	}
	return false
}

// within reports whether a time in seconds since 1970 lies between two others.
func within(seconds int64, from, to time.Time) bool {
	return seconds >= from.Unix() && seconds <= to.Unix()
}

// markUncertain records that a note may have been written although its update failed,
// so that the caller's repetition looks before it writes.
func (m *noteMemory) markUncertain(key noteKey, after int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.uncertain == nil || len(m.uncertain) >= maxRemembered {
		m.uncertain = make(map[noteKey]uncertainNote)
	}
	m.uncertain[key] = uncertainNote{after: after, until: time.Now().Add(uncertainFor)}
}

// uncertainAbove is the bound of a note that may already be on the ticket.
func (m *noteMemory) uncertainAbove(key noteKey) (after int64, uncertain bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, found := m.uncertain[key]
	return d.after, found && time.Now().Before(d.until)
}

// forgetNote drops a note whose update is done.
func (m *noteMemory) forgetNote(key noteKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.uncertain, key)
}
