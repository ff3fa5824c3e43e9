package main

import (
	"strings"
	"sync"
	"time"
)

// memory is what the service keeps of the tickets that it saw, so as to recognise
// its own notes. The zero value is empty. It holds ids and hashes, no texts of
// customers, and is bounded: what it forgets costs one more read.
type memory struct {
	mu      sync.Mutex
	tickets map[string]seen
	doubts  map[noteKey]doubt
}

// seen is a ticket as it was last read.
type seen struct {
	newest int64      // the highest article id
	tail   []tailNote // the agents' internal notes that are the ticket's last articles
}

// tailNote is one of the notes after which nobody wrote anything.
type tailNote struct {
	key     noteKey // of its content
	token   string  // of its mark, if it bears one in its subject
	created int64   // seconds since 1970, 0 unknown
}

// doubt is a note of a write that failed: it may stand on the ticket, above the
// article id after.
type doubt struct {
	after int64
	until time.Time // a later note that reads the same is another one
}

const (
	maxRemembered = 10_000    // bounds both maps
	doubtLasts    = time.Hour // callers repeat within minutes
)

// saw takes note of a ticket that was read with its last articles.
func (m *memory) saw(r record) {
	id := r.text("TicketID")
	s := seen{newest: r.newestArticle()}
	all := r.articles()
	for i := len(all) - 1; i >= 0; i-- {
		a := all[i]
		if a.text("SenderType") == "customer" {
			break
		}
		subject, token := a.text("Subject"), ""
		if before, mark, found := strings.Cut(subject, " "+markerPrefix); found {
			subject, token = before, strings.TrimSuffix(mark, "]")
		}
		s.tail = append(s.tail, tailNote{
			key:   contentKey(id, subject, a.text("Body"), truth(a["IsVisibleForCustomer"])),
			token: token, created: a.number("IncomingTime"),
		})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetSome()
	s.newest = max(s.newest, m.tickets[id].newest)
	m.tickets[id] = s
}

// forget makes a ticket one that was not seen.
func (m *memory) forget(ticket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tickets, ticket)
}

// wrote takes note of an article that this process added.
func (m *memory) wrote(ticket string, article int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetSome()
	m.tickets[ticket] = seen{newest: max(article, m.tickets[ticket].newest)}
}

func (m *memory) forgetSome() {
	if m.tickets == nil || len(m.tickets) >= maxRemembered {
		m.tickets = make(map[string]seen)
	}
}

// newestArticle is the highest article id seen on a ticket.
func (m *memory) newestArticle(ticket string) (id int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, known := m.tickets[ticket]
	return s.newest, known
}

// takeTail reports whether the ticket ends with this very note, written between
// two times, and lets it count once.
func (m *memory) takeTail(ticket string, n pendingNote, from, to time.Time) bool {
	key := keyOf(ticket, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.tickets[ticket]
	for i, t := range s.tail {
		same := t.key == key || t.token != "" && t.token == key.token()
		if same && within(t.created, from, to) {
			s.tail = append(s.tail[:i:i], s.tail[i+1:]...)
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

// keep notes that a note may have been written although its update failed, so that
// the caller's repetition looks before it writes.
func (m *memory) keep(key noteKey, after int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doubts == nil || len(m.doubts) >= maxRemembered {
		m.doubts = make(map[noteKey]doubt)
	}
	m.doubts[key] = doubt{after: after, until: time.Now().Add(doubtLasts)}
}

// doubt is the bound of a note that may already stand on the ticket.
func (m *memory) doubt(key noteKey) (after int64, doubtful bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, found := m.doubts[key]
	return d.after, found && time.Now().Before(d.until)
}

// settle forgets a note whose update is done.
func (m *memory) settle(key noteKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.doubts, key)
}
