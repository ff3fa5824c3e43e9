package main

import (
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// articleIDs has the highest article id of each ticket as it was last read, which saves
// reading it again before a note. It is bounded; what it forgets costs one more read.
// The zero value is empty.
type articleIDs struct {
	mu     sync.Mutex
	newest map[string]lastArticle
}

// lastArticle is what is known of a ticket's articles. agents: it is known only that no
// agent wrote a later one, for of others the ticket's own time says nothing.
type lastArticle struct {
	id     int64
	agents bool
}

// maxRemembered bounds what the service remembers.
const maxRemembered = 10_000

// learn records a ticket that was read with its last articles, or with those that were
// there when an agent last did anything to it.
func (m *articleIDs) learn(r wire.Record, agents bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(r.Text("TicketID"), lastArticle{id: r.NewestArticle(), agents: agents})
}

// forget drops a ticket.
func (m *articleIDs) forget(ticket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.newest, ticket)
}

// add records an article of a ticket.
func (m *articleIDs) add(ticket string, article int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(ticket, lastArticle{id: article, agents: m.newest[ticket].agents})
}

// put is called with the lock held. Ids only grow.
func (m *articleIDs) put(ticket string, a lastArticle) {
	if m.newest == nil || len(m.newest) >= maxRemembered {
		m.newest = make(map[string]lastArticle)
	}
	a.id = max(a.id, m.newest[ticket].id)
	m.newest[ticket] = a
}

// of is the highest article id seen on a ticket, for notes of these senders.
func (m *articleIDs) of(ticket string, senders []string) (id int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.newest[ticket]
	if last.agents && !slices.Equal(senders, []string{agent}) {
		return 0, false
	}
	return last.id, known
}
