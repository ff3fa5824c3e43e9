package main

import (
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// classification makes an answer of a model's scores, which are best first: the label of
// the best one, and as many scores as top_k says.
func (s *Service) classification(r model.Result) api.Classification {
	best := r.Scores
	if s.params.TopK > 0 {
		best = best[:min(s.params.TopK, len(best))]
	}
	c := api.Classification{
		Label:      best[0].Label,
		Confidence: best[0].Confidence,
		Scores:     make([]api.Score, len(best)),
		Truncated:  r.Truncated,
	}
	for i, score := range best {
		c.Scores[i] = api.Score{Label: score.Label, Confidence: score.Confidence}
	}
	return c
}
