package main

import (
	"sync"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// articleIDs has the highest article id of each ticket as it was last read, which saves
// reading it again before a note. It is bounded; what it forgets costs one more read.
// The zero value is empty.
type articleIDs struct {
	mu     sync.Mutex
	newest map[string]int64
}

// maxRemembered bounds what the service remembers.
const maxRemembered = 10_000

// learn records a ticket that was read with its last articles.
func (m *articleIDs) learn(r wire.Record) {
	m.add(r.Text("TicketID"), r.NewestArticle())
}

// forget drops a ticket.
func (m *articleIDs) forget(ticket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.newest, ticket)
}

// add records an article of a ticket. Ids only grow.
func (m *articleIDs) add(ticket string, article int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.newest == nil || len(m.newest) >= maxRemembered {
		m.newest = make(map[string]int64)
	}
	m.newest[ticket] = max(article, m.newest[ticket])
}

// of is the highest article id seen on a ticket.
func (m *articleIDs) of(ticket string) (id int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, known = m.newest[ticket]
	return id, known
}
