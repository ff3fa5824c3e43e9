package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type classifyParams struct {
	Text       string         `otai:"text,required" doc:"The text to label."`
	Model      string         `otai:"model_name" doc:"The model; empty: the service's own."`
	APIToken   string         `otai:"api_token,secret" doc:"Token for a model that is not public."`
	Classifier api.Classifier `inject:"classification_service" doc:"What labels the text."`
}

func classify(ctx context.Context, p classifyParams, _ api.Scope) (api.PipeResult, error) {
	c, err := p.Classifier.Classify(ctx, api.ClassificationRequest{Text: p.Text, Model: p.Model, APIToken: p.APIToken})
	if err != nil {
		return api.PipeResult{}, err
	}
	backend := ""
	if teller, ok := p.Classifier.(backendTeller); ok {
		backend = teller.Backend(p.Model)
	}
	return api.Success(map[string]any{
		"label": c.Label, "confidence": c.Confidence, "scores": c.Scores, "truncated": c.Truncated, "backend": backend,
	}), nil
}

// backendTeller is what a classifier may be besides: one that says what computes a
// model, once it is loaded.
type backendTeller interface {
	Backend(model string) string
}
