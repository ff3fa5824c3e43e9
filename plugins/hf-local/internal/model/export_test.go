package model

import (
	"context"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// Network is a network without a tokenizer, for tests that have token ids.
type Network struct {
	network
	MaxTokens int
	config    config
}

// LoadNetwork reads the model in folder, without its tokenizer.
func LoadNetwork(ctx context.Context, folder string, k *engine.Kernels, t *engine.Threads) (*Network, error) {
	c, err := readConfig(folder)
	if err != nil {
		return nil, err
	}
	n, err := loadNetwork(ctx, folder, c, k, t)
	if err != nil {
		return nil, err
	}
	return &Network{network: n, MaxTokens: c.maxTokens(), config: c}, nil
}

// Scores turns logits into scores.
func (n *Network) Scores(logits []float32) []Score {
	return scores(n.config.ProblemType, n.config.Labels, logits)
}
