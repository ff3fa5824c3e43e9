package main

import (
	"context"
	"errors"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

var errClosed = errors.New("the service is closed")

// models keeps loaded models by folder. Each is loaded by the first who wants it
// while others wait. A failed load is forgotten, so that a repaired model works
// without a restart.
type models struct {
	load func(ctx context.Context, folder string) (*model.Model, error)

	mu      sync.Mutex
	entries map[string]*entry
	closed  bool
	users   sync.WaitGroup // calls between acquire and release
}

// entry is a model that is loaded, or being loaded until done is closed.
type entry struct {
	done  chan struct{}
	model *model.Model
	err   error
}

func newModels(load func(context.Context, string) (*model.Model, error)) *models {
	return &models{load: load, entries: make(map[string]*entry)}
}

// acquire returns the model in folder, which stays loaded until release.
func (m *models) acquire(ctx context.Context, folder string) (got *model.Model, release func(), err error) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil, nil, errClosed
	}
	m.users.Add(1)
	m.mu.Unlock()
	defer func() {
		if got == nil {
			m.users.Done()
		}
	}()
	if got, err = m.get(ctx, folder); err != nil {
		return nil, nil, err
	}
	return got, m.users.Done, nil
}

func (m *models) get(ctx context.Context, folder string) (*model.Model, error) {
	for {
		m.mu.Lock()
		e, found := m.entries[folder]
		if !found {
			e = &entry{done: make(chan struct{})}
			m.entries[folder] = e
		}
		m.mu.Unlock()
		if !found {
			m.fill(ctx, folder, e)
			return e.model, e.err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// That another's call was cancelled while it loaded is not our fault.
		if ctx.Err() == nil && (errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded)) {
			continue
		}
		return e.model, e.err
	}
}

func (m *models) fill(ctx context.Context, folder string, e *entry) {
	// Deferred, and with an error from the start: should loading panic, a host
	// that recovers must not leave the others waiting.
	e.err = errors.New("loading the model broke off")
	defer func() {
		if e.err != nil {
			m.mu.Lock()
			delete(m.entries, folder)
			m.mu.Unlock()
		}
		close(e.done)
	}()
	e.model, e.err = m.load(ctx, folder)
}

// close refuses new calls, waits for the running ones and frees the models.
func (m *models) close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.users.Wait()

	m.mu.Lock()
	entries := m.entries
	m.entries = nil
	m.mu.Unlock()
	var errs []error
	for _, e := range entries {
		errs = append(errs, e.model.Close())
	}
	return errors.Join(errs...)
}
