package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
)

// memory is what the service keeps of the tickets that it saw, so as to recognise
// its own notes. The zero value is empty. It holds ids and hashes, no texts of
// customers, and is bounded: what it forgets costs one more read.
type memory struct {
	mu        sync.Mutex
	newest    map[string]int64  // per ticket, the highest article id seen
	unsettled map[noteKey]int64 // notes of writes that failed, with the bound of their article ids
}

// maxRemembered bounds both maps.
const maxRemembered = 10_000

// noteKey is a hash over ticket, subject and body.
type noteKey [sha256.Size]byte

func keyOf(ticket string, a article) noteKey {
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q", ticket, squeeze(a.Subject), squeeze(a.Body)))
}

// saw notes the highest article id of a ticket.
func (m *memory) saw(ticket string, article int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.newest == nil || len(m.newest) >= maxRemembered {
		m.newest = make(map[string]int64)
	}
	m.newest[ticket] = max(m.newest[ticket], article)
}

// newestArticle is the highest article id seen on a ticket.
func (m *memory) newestArticle(ticket string) (id int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, known = m.newest[ticket]
	return id, known
}

// keep notes that a note may have been written although its update failed, so that
// the caller's repetition looks before it writes.
func (m *memory) keep(ticket string, n pendingNote) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unsettled == nil || len(m.unsettled) >= maxRemembered {
		m.unsettled = make(map[noteKey]int64)
	}
	m.unsettled[keyOf(ticket, n.article)] = n.after
}

// doubt is the bound of a note that may already stand on the ticket.
func (m *memory) doubt(ticket string, a article) (after int64, doubtful bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	after, doubtful = m.unsettled[keyOf(ticket, a)]
	return after, doubtful
}

// settle forgets a note whose update is done.
func (m *memory) settle(ticket string, a article) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.unsettled, keyOf(ticket, a))
}

// ticketLocks let one writer at a time to a ticket. The zero value is open.
type ticketLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when given back
}

func (l *ticketLocks) lock(ctx context.Context, ticket string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		holder, taken := l.held[ticket]
		if !taken {
			mine := make(chan struct{})
			if l.held == nil {
				l.held = make(map[string]chan struct{})
			}
			l.held[ticket] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, ticket)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-holder:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
