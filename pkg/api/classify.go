package api

import (
	"context"
	"fmt"
)

// Classifier labels texts.
type Classifier interface {
	Classify(ctx context.Context, r ClassificationRequest) (Classification, error)
}

// BatchClassifier is optional on a [Classifier]. The answers have the length and
// the order of the requests; an error is for the whole batch.
type BatchClassifier interface {
	Classifier
	ClassifyBatch(ctx context.Context, rs []ClassificationRequest) ([]Classification, error)
}

// ClassificationRequest is a text to label. An empty Model is the service's own.
type ClassificationRequest struct {
	_ struct{}

	Text, Model, APIToken string
}

// Classification is a label with the model's confidence in it, from 0 to 1, and
// the scores of all labels, best first.
type Classification struct {
	_ struct{}

	Label      string  `otai:"label" doc:"The best label."`
	Confidence float64 `otai:"confidence" doc:"How sure the model is, 0 to 1."`
	Scores     []Score `otai:"scores" doc:"All labels, best first."`
	Truncated  bool    `otai:"truncated" doc:"The text was longer than the model can read."`
}

// Score is one label's confidence, from 0 to 1.
type Score struct {
	_ struct{}

	Label      string  `otai:"label" doc:"The label."`
	Confidence float64 `otai:"confidence" doc:"How sure the model is, 0 to 1."`
}

// ClassifyAll classifies in one batch where c can, else one text after another.
func ClassifyAll(ctx context.Context, c Classifier, rs []ClassificationRequest) ([]Classification, error) {
	if b, ok := c.(BatchClassifier); ok {
		out, err := b.ClassifyBatch(ctx, rs)
		if err != nil {
			return nil, err
		}
		if len(out) != len(rs) {
			return nil, fmt.Errorf("the classifier answered %d of %d texts", len(out), len(rs))
		}
		return out, nil
	}
	out := make([]Classification, 0, len(rs))
	for i, r := range rs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answer, err := c.Classify(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("text %d of %d: %w", i+1, len(rs), err)
		}
		out = append(out, answer)
	}
	return out, nil
}
