package model

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/onnx"
)

// LoadONNX reads the model in folder, with a file of ONNX in it as the network.
func LoadONNX(folder, file string, r *onnx.Runtime, t *engine.Threads) (*Model, error) {
	m, err := describe(folder)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, filepath.FromSlash(file))
	session, err := r.Load(path, t.Limit())
	if err != nil {
		return nil, err
	}
	if n := session.Labels(); n > 0 && n != len(m.config.Labels) {
		return nil, errors.Join(
			fmt.Errorf("ONNX model %s has %d labels, but config.json names %d in id2label", path, n, len(m.config.Labels)),
			session.Close())
	}
	m.backend = fmt.Sprintf("onnxruntime %s %s", r.Version(), file)
	m.network = &onnxNetwork{session: session, labels: len(m.config.Labels), threads: t}
	return m, nil
}

// onnxNetwork computes each sequence in a run of its own. A batch would have to be
// padded to its longest, and what a network of int8 weights answers would depend on
// the other texts, because it scales the numbers of a batch by their common range.
type onnxNetwork struct {
	session *onnx.Session
	labels  int
	threads *engine.Threads
}

func (n *onnxNetwork) Logits(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	leave, err := n.threads.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	logits := make([][]float32, len(sequences))
	for i, s := range sequences {
		out, err := n.session.Run(ctx, [][]int32{s})
		if err != nil {
			return nil, err
		}
		if len(out[0]) != n.labels {
			return nil, fmt.Errorf("the ONNX model computed %d logits for %d labels", len(out[0]), n.labels)
		}
		logits[i] = out[0]
	}
	return logits, nil
}

func (n *onnxNetwork) Close() error { return n.session.Close() }
