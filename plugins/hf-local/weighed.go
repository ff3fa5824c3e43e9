package main

import (
	"context"
	"maps"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// weighed is a loaded model with the files that it was loaded from.
type weighed struct {
	*model.Model
	weights hub.Weights

	mu    sync.Mutex
	about map[string]map[string]string // what it is, by the name that it was asked for
}

// provenance is what the model is under a name. find is asked until it knows all.
func (w *weighed) provenance(name string, find func() (about map[string]string, all bool)) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	about, ok := w.about[name]
	if !ok {
		about, ok = find()
		if ok && w.about == nil {
			w.about = make(map[string]map[string]string)
		}
		if ok {
			w.about[name] = about
		}
	}
	return maps.Clone(about)
}

// sumOf is the sum of weights, computed once for the same files. Files that others have
// replaced meanwhile have none: what was loaded isn't there any more.
func (s *modelPool) sumOf(ctx context.Context, w hub.Weights) (string, error) {
	s.summing.Lock()
	defer s.summing.Unlock()
	files := w.Print()
	if sum, ok := s.sums[files]; ok {
		return sum, nil
	}
	if w.Now().Print() != files {
		return "", nil
	}
	sum, err := w.Sum(ctx)
	if err != nil || w.Now().Print() != files {
		return "", err
	}
	s.sums[files] = sum
	return sum, nil
}
