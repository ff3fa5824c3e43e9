package main

import (
	"context"
	"errors"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// classifier is a loaded model. It is safe for concurrent use until it is closed.
type classifier interface {
	Classify(ctx context.Context, texts []string) ([]model.Result, error)
	Close() error
}

// shelfKey tells models apart: the same files, computed in another way, are
// another model.
type shelfKey struct {
	folder  string // without symbolic links
	backend string
	threads int
}

// shelf holds the models that are loaded, each once, however many services use
// it. It belongs to the plugin. A model is loaded by the first who takes it, while
// others wait, and freed when the last one puts it back. A failed load is
// forgotten, so that a repaired model works without a restart.
type shelf struct {
	mu     sync.Mutex
	places map[shelfKey]*place
}

// place is a model that is loaded, or being loaded until done is closed.
type place struct {
	key   shelfKey
	done  chan struct{}
	model classifier
	err   error
	takes int // by whom it is not put back; guarded by the shelf's mu
}

func newShelf() *shelf { return &shelf{places: make(map[shelfKey]*place)} }

// take returns the model of key, which stays loaded until it is put back as often
// as it was taken.
func (s *shelf) take(ctx context.Context, key shelfKey, load func(context.Context) (classifier, error)) (*place, error) {
	for {
		s.mu.Lock()
		p, found := s.places[key]
		if !found {
			p = &place{key: key, done: make(chan struct{})}
			s.places[key] = p
		}
		p.takes++
		s.mu.Unlock()
		if !found {
			s.fill(ctx, p, load)
		} else {
			select {
			case <-p.done:
			case <-ctx.Done():
				return nil, errors.Join(ctx.Err(), s.putBackLater(p))
			}
		}
		if p.err == nil {
			return p, nil
		}
		// That another's call was cancelled while it loaded is not our fault.
		if found && ctx.Err() == nil && (errors.Is(p.err, context.Canceled) || errors.Is(p.err, context.DeadlineExceeded)) {
			continue
		}
		return nil, p.err
	}
}

func (s *shelf) fill(ctx context.Context, p *place, load func(context.Context) (classifier, error)) {
	// Deferred, and with an error from the start: should loading panic, a host
	// that recovers must not leave the others waiting.
	p.err = errors.New("loading the model broke off")
	defer func() {
		if p.err != nil {
			s.mu.Lock()
			delete(s.places, p.key)
			s.mu.Unlock()
		}
		close(p.done)
	}()
	p.model, p.err = load(ctx)
}

// putBackLater puts back a model that may still be loading.
func (s *shelf) putBackLater(p *place) error {
	s.mu.Lock()
	select {
	case <-p.done:
		s.mu.Unlock()
		if p.err != nil {
			return nil
		}
		return s.putBack(p)
	default:
		p.takes-- // not the last: who loads it has it
		s.mu.Unlock()
		return nil
	}
}

// putBack frees the model if nobody else has it. No call of the one who puts it
// back may be running.
func (s *shelf) putBack(p *place) error {
	s.mu.Lock()
	p.takes--
	last := p.takes == 0
	if last {
		delete(s.places, p.key)
	}
	s.mu.Unlock()
	if !last {
		return nil
	}
	return p.model.Close()
}
