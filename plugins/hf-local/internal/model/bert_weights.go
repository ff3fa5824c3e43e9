package model

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// weights is where a network's tensors come from.
type weights interface {
	// Check says whether a tensor of that shape can be read.
	Check(name string, shape ...int) error
	// Read fills dst with the tensor.
	Read(dst []float32, name string, shape ...int) error
}

// bert holds the weights of a BertForSequenceClassification and computes it.
type bert struct {
	config  config
	kernels *engine.Kernels
	threads *engine.Threads
	arena   *engine.Arena
	spaces  sync.Pool // *workspace

	words, positions, typeZero []float32
	normGamma, normBeta        []float32
	layers                     []bertLayer
	poolW, poolB               []float32
	classW, classB             []float32
}

type bertLayer struct {
	qkv, attended, inner, outer                    *engine.Packed
	attendGamma, attendBeta, outerGamma, outerBeta []float32
}

// newBERT reads the weights. It demands every tensor in its shape before it gets
// memory for any, so the memory is bounded by the size of the file.
func newBERT(ctx context.Context, c config, k *engine.Kernels, t *engine.Threads, w weights) (*bert, error) {
	r := &bertReader{ctx: ctx, config: c, kernels: k, weights: w, check: true}
	r.read(&bert{layers: make([]bertLayer, c.Layers)})
	if r.err != nil {
		return nil, r.err
	}
	arena := engine.NewArena(r.size)
	b := &bert{config: c, kernels: k, threads: t, arena: arena, layers: make([]bertLayer, c.Layers)}
	r = &bertReader{ctx: ctx, config: c, kernels: k, weights: w, arena: arena}
	r.read(b)
	if r.err != nil {
		return nil, errors.Join(r.err, arena.Free())
	}
	return b, nil
}

// Close frees the weights; no call may be running.
func (b *bert) Close() error { return b.arena.Free() }

// bertReader walks over all tensors: once to check them and to add up their
// size, once to read them. It stops at the first error.
type bertReader struct {
	ctx     context.Context
	config  config
	kernels *engine.Kernels
	weights weights
	arena   *engine.Arena
	check   bool
	size    int // values the arena needs
	err     error
	buffer  []float32
}

func (r *bertReader) read(b *bert) {
	c := r.config
	const embeddings = "bert.embeddings."
	b.words = r.values(embeddings+"word_embeddings.weight", c.Vocabulary, c.Hidden)
	b.positions = r.values(embeddings+"position_embeddings.weight", c.Positions, c.Hidden)
	// One text has only the first of the types.
	b.typeZero = r.values(embeddings+"token_type_embeddings.weight", c.Types, c.Hidden)
	b.normGamma, b.normBeta = r.norm(embeddings + "LayerNorm")
	for i := range b.layers {
		if r.err == nil {
			r.err = r.ctx.Err()
		}
		name := fmt.Sprintf("bert.encoder.layer.%d.", i)
		attention := name + "attention."
		l := &b.layers[i]
		l.qkv = r.linear(c.Hidden, c.Hidden, attention+"self.query", attention+"self.key", attention+"self.value")
		l.attended = r.linear(c.Hidden, c.Hidden, attention+"output.dense")
		l.attendGamma, l.attendBeta = r.norm(attention + "output.LayerNorm")
		l.inner = r.linear(c.Inner, c.Hidden, name+"intermediate.dense")
		l.outer = r.linear(c.Hidden, c.Inner, name+"output.dense")
		l.outerGamma, l.outerBeta = r.norm(name + "output.LayerNorm")
	}
	b.poolW = r.values("bert.pooler.dense.weight", c.Hidden, c.Hidden)
	b.poolB = r.values("bert.pooler.dense.bias", c.Hidden)
	b.classW = r.values("classifier.weight", len(c.Labels), c.Hidden)
	b.classB = r.values("classifier.bias", len(c.Labels))
}

// norm reads a layer normalisation. Models converted from the first TensorFlow
// releases call its values gamma and beta.
func (r *bertReader) norm(name string) (gamma, beta []float32) {
	weight, bias := name+".weight", name+".bias"
	if r.weights.Check(weight, r.config.Hidden) != nil && r.weights.Check(name+".gamma", r.config.Hidden) == nil {
		weight, bias = name+".gamma", name+".beta"
	}
	return r.values(weight, r.config.Hidden), r.values(bias, r.config.Hidden)
}

func (r *bertReader) values(name string, shape ...int) []float32 {
	n := 1
	for _, s := range shape {
		n *= s
	}
	switch {
	case r.err != nil:
		return nil
	case r.check:
		r.size += n + 16
		r.err = r.weights.Check(name, shape...)
		return nil
	}
	var out []float32
	if out, r.err = r.arena.Floats(n); r.err == nil {
		r.err = r.weights.Read(out, name, shape...)
	}
	return out
}

// linear reads layers that have the same input into one matrix.
func (r *bertReader) linear(outputs, inputs int, names ...string) *engine.Packed {
	all := outputs * len(names)
	if r.check {
		r.size += r.kernels.PackedLen(all, inputs) + 32
		for _, name := range names {
			r.values(name+".weight", outputs, inputs)
			r.values(name+".bias", outputs)
			r.size -= outputs*(inputs+1) + 32 // read through the buffer
		}
		return nil
	}
	if r.err != nil {
		return nil
	}
	packed, err := r.kernels.NewPacked(r.arena, all, inputs)
	if err != nil {
		r.err = err
		return nil
	}
	if need := outputs * (inputs + 1); len(r.buffer) < need {
		r.buffer = make([]float32, need)
	}
	for i, name := range names {
		w, bias := r.buffer[:outputs*inputs], r.buffer[outputs*inputs:][:outputs]
		if r.err = r.weights.Read(w, name+".weight", outputs, inputs); r.err != nil {
			return nil
		}
		if r.err = r.weights.Read(bias, name+".bias", outputs); r.err != nil {
			return nil
		}
		r.kernels.Pack(packed, i*outputs, w, bias)
	}
	return packed
}
