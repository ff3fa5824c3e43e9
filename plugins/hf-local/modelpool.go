package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// classifier is a loaded model. It is safe for concurrent use until it is closed.
type classifier interface {
	Classify(ctx context.Context, texts []string) ([]model.Result, error)
	Close() error
}

// modelKey identifies a loaded model: the same files, computed in another way, are
// another model.
type modelKey struct {
	folder  string // without symbolic links
	backend string
	threads int
}

// modelPool has the loaded models of the whole plugin, each of them once, however many
// services use it. The first caller that acquires a model loads it while others wait;
// it is freed when the last one releases it. A failed load is forgotten, so that a
// repaired model works without a restart.
type modelPool struct {
	mu     sync.Mutex
	models map[modelKey]*pooledModel

	summing sync.Mutex        // one at a time: it reads all of the weights
	sums    map[string]string // of weights, by their print
}

// pooledModel is a model that is loaded, or being loaded until done is closed.
type pooledModel struct {
	key   modelKey
	done  chan struct{}
	model classifier
	err   error
	took  time.Duration // to load it
	users int           // that have not released it; guarded by the pool's mu
}

func newModelPool() *modelPool {
	return &modelPool{models: make(map[modelKey]*pooledModel), sums: make(map[string]string)}
}

// acquire returns the model of key, which stays loaded until it is released as often as
// it was acquired.
func (s *modelPool) acquire(ctx context.Context, key modelKey, load func(context.Context) (classifier, error)) (*pooledModel, error) {
	for {
		s.mu.Lock()
		p, found := s.models[key]
		if !found {
			p = &pooledModel{key: key, done: make(chan struct{})}
			s.models[key] = p
		}
		p.users++
		s.mu.Unlock()
		if !found {
			s.fill(ctx, p, load)
		} else {
			select {
			case <-p.done:
			case <-ctx.Done():
				return nil, errors.Join(ctx.Err(), s.releaseLater(p))
			}
		}
		if p.err == nil {
			return p, nil
		}
		// Another call was canceled while it loaded the model, not this one.
		if found && ctx.Err() == nil && (errors.Is(p.err, context.Canceled) || errors.Is(p.err, context.DeadlineExceeded)) {
			continue
		}
		return nil, p.err
	}
}

func (s *modelPool) fill(ctx context.Context, p *pooledModel, load func(context.Context) (classifier, error)) {
	// Deferred, and with an error from the start: if loading panics, a host that
	// recovers must not leave the others waiting.
	p.err = errors.New("loading the model broke off")
	defer func() {
		if p.err != nil {
			s.mu.Lock()
			delete(s.models, p.key)
			s.mu.Unlock()
		}
		close(p.done)
	}()
	began := time.Now()
	p.model, p.err = load(ctx)
	p.took = time.Since(began)
}

// releaseLater releases a model that may still be loading.
func (s *modelPool) releaseLater(p *pooledModel) error {
	s.mu.Lock()
	select {
	case <-p.done:
		s.mu.Unlock()
		if p.err != nil {
			return nil
		}
		return s.release(p)
	default:
		p.users-- // not the last one: the call that loads it remains
		s.mu.Unlock()
		return nil
	}
}

// release frees the model if no one else has it. The caller must not be using it.
func (s *modelPool) release(p *pooledModel) error {
	s.mu.Lock()
	p.users--
	last := p.users == 0
	if last {
		delete(s.models, p.key)
	}
	s.mu.Unlock()
	if !last {
		return nil
	}
	return p.model.Close()
}
