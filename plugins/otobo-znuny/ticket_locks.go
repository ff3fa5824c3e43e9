package main

import (
	"context"
	"sync"
)

// ticketLocks admit one writer at a time to a ticket. The zero value has none locked.
type ticketLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when unlocked
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
