package models

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// asking calls the service, whose code is a plugin's: a call that doesn't end as it should is
// an error that names the plugin.
type asking func(ctx context.Context, f func() error) error

func (a *standalone) ask(ctx context.Context, f func() error) error {
	return a.engine.Ask(ctx, a.id, f)
}

// answerOf is what such a call answers.
func answerOf[T any](ctx context.Context, ask asking, call func() (T, error)) (answer T, err error) {
	var got T
	err = ask(ctx, func() (err error) {
		got, err = call()
		return err
	})
	if err != nil {
		return answer, err // it may be written to got yet
	}
	return got, nil
}

// classifier is the service as a classifier.
type classifier struct {
	ask   asking
	inner api.Classifier
}

func (c classifier) Classify(ctx context.Context, r api.ClassificationRequest) (api.Classification, error) {
	return answerOf(ctx, c.ask, func() (api.Classification, error) { return c.inner.Classify(ctx, r) })
}

// batchClassifier is one that takes several texts at a time.
type batchClassifier struct {
	classifier
	batches api.BatchClassifier
}

func (c batchClassifier) ClassifyBatch(ctx context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	return answerOf(ctx, c.ask, func() ([]api.Classification, error) { return c.batches.ClassifyBatch(ctx, rs) })
}

func newClassifier(ask asking, inner api.Classifier) api.Classifier {
	c := classifier{ask, inner}
	if batches, ok := inner.(api.BatchClassifier); ok {
		return batchClassifier{c, batches}
	}
	return c
}

// askedStore is the service as a [Store].
type askedStore struct {
	ask   asking
	inner Store
}

func (s askedStore) ModelFolder(ctx context.Context) (string, error) {
	return answerOf(ctx, s.ask, func() (string, error) { return s.inner.ModelFolder(), nil })
}

func (s askedStore) EnsureModel(ctx context.Context, name string, progress Progress) (string, error) {
	return answerOf(ctx, s.ask, func() (string, error) { return s.inner.EnsureModel(ctx, name, progress) })
}

func (s askedStore) PullModel(ctx context.Context, name string, repair bool, progress Progress) (map[string]any, error) {
	return answerOf(ctx, s.ask, func() (map[string]any, error) { return s.inner.PullModel(ctx, name, repair, progress) })
}

func (s askedStore) ListModels(ctx context.Context) ([]map[string]any, error) {
	return answerOf(ctx, s.ask, func() ([]map[string]any, error) { return s.inner.ListModels(ctx) })
}

func (s askedStore) VerifyModel(ctx context.Context, name string, progress Progress) (map[string]any, error) {
	return answerOf(ctx, s.ask, func() (map[string]any, error) { return s.inner.VerifyModel(ctx, name, progress) })
}
