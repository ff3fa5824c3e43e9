package model

import (
	"context"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// bert has the weights of an encoder of BERT's kind with a classifier on top,
// and computes it: BERT, DistilBERT, RoBERTa and its descendants, ELECTRA and
// DeBERTa differ in names, embeddings, attention and head.
type bert struct {
	config  config
	kernels *engine.Kernels
	threads *engine.Threads
	arena   *engine.Arena
	spaces  sync.Pool // *workspace

	words      []float32
	positions  []float32 // nil: no positions are added
	typeZero   []float32 // nil: no types are added
	norm       norm
	projection *engine.Packed // nil: the embeddings are as wide as the layers
	layers     []bertLayer
	relative   *relative    // nil: positions are only in the embeddings
	beside     *convolution // nil: there is none beside the first layer
	head       head
}

type bertLayer struct {
	qkv, attended, inner, outer *engine.Packed
	attendedNorm, outerNorm     norm
}

func newBERT(ctx context.Context, c config, k *engine.Kernels, t *engine.Threads, w weights) (*bert, error) {
	b := &bert{config: c, kernels: k, threads: t, layers: make([]bertLayer, c.Layers)}
	var err error
	if b.arena, err = readWeights(ctx, c.Names.Base, k, w, b.read); err != nil {
		return nil, err
	}
	return b, nil
}

// Close frees the weights; no call may be running.
func (b *bert) Close() error { return b.arena.Free() }

func (b *bert) read(r *reader) {
	c, n := b.config, b.config.Names
	embeddings := n.Base + "embeddings."
	b.words = r.values(embeddings+"word_embeddings.weight", c.Vocabulary, c.Embedding)
	if c.Relative == nil || c.Relative.Absolute {
		b.positions = r.values(embeddings+"position_embeddings.weight", c.Positions, c.Embedding)
	}
	if c.Types > 0 {
		// One text has only the first of the types.
		b.typeZero = r.values(embeddings+"token_type_embeddings.weight", c.Types, c.Embedding)
	}
	if c.Embedding != c.Hidden {
		b.projection = r.linearParts(c.Hidden, c.Embedding, n.ProjectionHasBias, n.Base+n.Projection)
	}
	b.norm = r.norm(embeddings+"LayerNorm", c.normWidth())
	for i := range b.layers {
		r.next()
		name := func(part string) string { return tensor(n.Base, n.Layer, i, part) }
		l := &b.layers[i]
		l.qkv = r.linear(c.Hidden, c.Hidden, name(n.Query), name(n.Key), name(n.Value))
		l.attended = r.linear(c.Hidden, c.Hidden, name(n.Attended))
		l.attendedNorm = r.norm(name(n.AttendedNorm), c.Hidden)
		l.inner = r.linear(c.Inner, c.Hidden, name(n.Inner))
		l.outer = r.linear(c.Hidden, c.Inner, name(n.Outer))
		l.outerNorm = r.norm(name(n.OuterNorm), c.Hidden)
	}
	if c.Relative != nil {
		b.relative, b.beside = readRelative(r, c, b.layers), readConvolution(r, c)
	}
	b.head = r.head(c, n.HeadDense, n.HeadClassifier, true)
}

// normWidth is the width of the embeddings when they are normalized: ELECTRA
// projects them afterwards, DeBERTa before.
func (c config) normWidth() int {
	if c.Relative != nil {
		return c.Hidden
	}
	return c.Embedding
}
