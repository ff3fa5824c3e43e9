package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// record is what is kept of a write from before its first request until its outcome is
// known: how its notes are recognized, and what needn't be sent again.
type record struct {
	After   int64  `json:"after"`             // the articles of this write have higher ids
	Fields  bool   `json:"fields,omitempty"`  // the ticket's attributes were written
	Created string `json:"created,omitempty"` // id of the ticket that CreateTicket made
}

// records keeps them: where the host says, or, without a store of the host, in memory
// until the process ends. The zero value is the latter.
type records struct {
	fromHost func(context.Context) ([]byte, error)
	toHost   func(context.Context, []byte) error

	mu     sync.Mutex
	memory map[string]record // by the key of the change
}

// load finds the record of an earlier call with the same change.
func (r *records) load(ctx context.Context, key string) (kept record, found bool, err error) {
	if r.fromHost == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		kept, found = r.memory[key]
		return kept, found, nil
	}
	text, err := r.fromHost(ctx)
	if err != nil || len(text) == 0 {
		return record{}, false, err
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return record{}, false, fmt.Errorf("read the record of an earlier attempt: %w", err)
	}
	return kept, true, nil
}

// save keeps a record durably. If it can't, nothing may be sent.
func (r *records) save(ctx context.Context, key string, kept record) error {
	if r.fromHost == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.memory == nil || len(r.memory) >= maxRemembered {
			r.memory = make(map[string]record)
		}
		r.memory[key] = kept
		return nil
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return r.toHost(ctx, text)
}

// ofHost is the host's record, empty if there is none.
func (r *records) ofHost(ctx context.Context) (record, error) {
	if r.fromHost == nil {
		return record{}, nil
	}
	kept, _, err := r.load(ctx, "")
	return kept, err
}

// saveCreated has the host keep which ticket was created.
func (r *records) saveCreated(ctx context.Context, id string) error {
	if r.fromHost == nil {
		return nil
	}
	return r.save(ctx, "", record{Created: id})
}

// drop forgets a write whose outcome is certain. The host does so by itself.
func (r *records) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.memory, key)
}
