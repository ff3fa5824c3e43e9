package models

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// beast is a classifier and a store of models each of whose methods does what none may do.
type beast struct{ does func() error }

func (b beast) Classify(context.Context, api.ClassificationRequest) (api.Classification, error) {
	return api.Classification{}, b.does()
}

func (b beast) ClassifyBatch(context.Context, []api.ClassificationRequest) ([]api.Classification, error) {
	return nil, b.does()
}

func (b beast) ModelFolder() string { _ = b.does(); return "" }

func (b beast) EnsureModel(context.Context, string, func(string, int64, int64)) (string, error) {
	return "", b.does()
}

func (b beast) PullModel(context.Context, string, bool, func(string, int64, int64)) (map[string]any, error) {
	return nil, b.does()
}

func (b beast) ListModels(context.Context) ([]map[string]any, error) { return nil, b.does() }

func (b beast) VerifyModel(context.Context, string, func(string, int64, int64)) (map[string]any, error) {
	return nil, b.does()
}

func TestHoweverAClassifierEndsTheCommandHasAnError(t *testing.T) {
	ask := func(_ context.Context, f func() error) error { return freeze.Call(0, f) }
	for way, does := range map[string]func() error{
		"a panic": func() error { panic("boom") },
		"Goexit":  func() error { runtime.Goexit(); return nil },
	} {
		c, s := newClassifier(ask, beast{does}), askedStore{ask, beast{does}}
		for method, call := range map[string]func() error{
			"Classify": func() error { _, err := c.Classify(t.Context(), api.ClassificationRequest{}); return err },
			"ClassifyBatch": func() error {
				_, err := api.ClassifyAll(t.Context(), c, make([]api.ClassificationRequest, 2))
				return err
			},
			"ModelFolder": func() error { _, err := s.ModelFolder(t.Context()); return err },
			"EnsureModel": func() error { _, err := s.EnsureModel(t.Context(), "", nil); return err },
			"PullModel":   func() error { _, err := s.PullModel(t.Context(), "", false, nil); return err },
			"ListModels":  func() error { _, err := s.ListModels(t.Context()); return err },
			"VerifyModel": func() error { _, err := s.VerifyModel(t.Context(), "", nil); return err },
		} {
			if err := call(); !freeze.Broken(err) {
				t.Errorf("%s, %s: %v", method, way, err)
			}
		}
	}
	if _, batches := newClassifier(ask, oneByOne{new(int)}).(api.BatchClassifier); batches {
		t.Error("a classifier without batches has them")
	}
	if err := ask(t.Context(), func() error { return errors.New("down") }); freeze.Broken(err) {
		t.Error("an error is broken")
	}
}
