package model

import (
	"context"
	"fmt"
)

// Logits computes the logits of sequences of token ids, for whoever has tokens
// instead of texts.
func (m *Model) Logits(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	for i, s := range sequences {
		if len(s) == 0 || len(s) > m.maxTokens {
			return nil, fmt.Errorf("sequence %d has %d tokens; the model %s reads 1 to %d", i, len(s), m.folder, m.maxTokens)
		}
		for _, id := range s {
			if id < 0 || int(id) >= m.config.Vocabulary {
				return nil, fmt.Errorf("sequence %d has the token %d; the model %s knows 0 to %d", i, id, m.folder, m.config.Vocabulary-1)
			}
		}
	}
	return m.network.Logits(ctx, sequences)
}
