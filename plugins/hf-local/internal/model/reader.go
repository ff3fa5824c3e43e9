package model

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// weights is where a network's tensors come from.
type weights interface {
	// Path names the file, for errors.
	Path() string
	// Has reports whether there is a tensor of that name.
	Has(name string) bool
	// Check reports whether a tensor of that shape can be read.
	Check(name string, shape ...int) error
	// Read fills dst with the tensor.
	Read(dst []float32, name string, shape ...int) error
}

// reader walks over all tensors of a network: once to check them and to add up
// their size, once to read them. It stops at the first error.
type reader struct {
	ctx     context.Context
	base    string // see names.Base
	kernels *engine.Kernels
	weights weights
	arena   *engine.Arena
	check   bool
	size    int // values the arena needs
	err     error
	buffer  []float32
}

// readWeights calls read twice. It demands every tensor in its shape before it
// gets memory for any, so the memory is bounded by the size of the file.
func readWeights(ctx context.Context, base string, k *engine.Kernels, w weights, read func(*reader)) (*engine.Arena, error) {
	r := &reader{ctx: ctx, base: base, kernels: k, weights: w, check: true}
	read(r)
	if r.err != nil {
		return nil, r.err
	}
	if err := availableMemory("/").demand(4 * int64(r.size)); err != nil {
		return nil, fmt.Errorf("weights %s: %w", w.Path(), err)
	}
	arena := engine.NewArena(r.size)
	r = &reader{ctx: ctx, base: base, kernels: k, weights: w, arena: arena}
	read(r)
	if r.err != nil {
		_ = arena.Free() // why reading failed is what counts
		return nil, r.err
	}
	return arena, nil
}

// name finds a tensor under the names that transformers accepts: weights of a
// bare encoder lack its prefix, and models converted from the first TensorFlow
// releases call the values of LayerNorm gamma and beta.
func (r *reader) name(name string) string {
	older := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace(name)
	for _, n := range []string{name, older} {
		for _, n := range []string{n, strings.TrimPrefix(n, r.base)} {
			if r.weights.Has(n) {
				return n
			}
		}
	}
	return name
}

// next begins a part of the network: loading ends here when its context does.
func (r *reader) next() {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
}

// room returns n values to be computed from weights.
func (r *reader) room(n int) []float32 {
	switch {
	case r.err != nil:
		return nil
	case r.check:
		r.size += n + 16
		return nil
	}
	out, err := r.arena.Floats(n)
	r.memory(err)
	return out
}

// memory keeps the error of memory that was asked for.
func (r *reader) memory(err error) {
	if err != nil {
		r.err = fmt.Errorf("weights %s: %w", r.weights.Path(), err)
	}
}

func (r *reader) values(name string, shape ...int) []float32 {
	n := product(shape)
	if r.check && r.err == nil {
		r.err = r.weights.Check(r.name(name), shape...)
	}
	out := r.room(n)
	r.readInto(out, name, shape...)
	return out
}

// readInto fills dst, unless the tensors are only being checked.
func (r *reader) readInto(dst []float32, name string, shape ...int) {
	if r.err == nil && !r.check {
		r.err = r.weights.Read(dst, r.name(name), shape...)
	}
}

func product(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// norm has the weights of a layer normalization.
type norm struct{ gamma, beta []float32 }

func (r *reader) norm(name string, width int) norm {
	return norm{gamma: r.values(name+".weight", width), beta: r.values(name+".bias", width)}
}

// plainNorm reads a layer normalization that may have no bias.
func (r *reader) plainNorm(name string, width int, bias bool) norm {
	if bias {
		return r.norm(name, width)
	}
	return norm{gamma: r.values(name+".weight", width), beta: r.room(width)}
}

// linear reads layers that have the same input into one matrix.
func (r *reader) linear(outputs, inputs int, names ...string) *engine.Packed {
	return r.linearParts(outputs, inputs, true, names...)
}

func (r *reader) linearParts(outputs, inputs int, bias bool, names ...string) *engine.Packed {
	packed := r.packed(outputs*len(names), inputs)
	for i, name := range names {
		w := r.temporary(outputs * (inputs + 1))
		r.part(w, name+".weight", 0, outputs, inputs)
		if bias {
			r.part(w, name+".bias", outputs*inputs, outputs)
		}
		r.pack(packed, i*outputs, outputs, inputs, w)
	}
	return packed
}

// packed returns a matrix to be filled.
func (r *reader) packed(outputs, inputs int) *engine.Packed {
	switch {
	case r.err != nil:
		return nil
	case r.check:
		r.size += r.kernels.PackedLen(outputs, inputs) + 32
		return nil
	}
	w, err := r.kernels.NewPacked(r.arena, outputs, inputs)
	r.memory(err)
	return w
}

// temporary returns zeros that are valid until the next call.
func (r *reader) temporary(n int) []float32 {
	if r.check || r.err != nil {
		return nil
	}
	if len(r.buffer) < n {
		r.buffer = make([]float32, n)
	}
	clear(r.buffer[:n])
	return r.buffer[:n]
}

// part reads a tensor into dst from the value first on, or checks it.
func (r *reader) part(dst []float32, name string, first int, shape ...int) {
	switch {
	case r.err != nil:
	case r.check:
		r.err = r.weights.Check(r.name(name), shape...)
	default:
		r.readInto(dst[first:first+product(shape)], name, shape...)
	}
}

// pack puts weights followed by the bias into a matrix as the outputs from
// first on.
func (r *reader) pack(w *engine.Packed, first, outputs, inputs int, values []float32) {
	if r.err == nil && !r.check {
		r.kernels.Pack(w, first, values[:outputs*inputs], values[outputs*inputs:][:outputs])
	}
}

// tensor returns a tensor's full name: prefix is of the layer or empty.
func tensor(base, prefix string, layer int, name string) string {
	return fmt.Sprintf("%s%s%d.%s", base, prefix, layer, name)
}
