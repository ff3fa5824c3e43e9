package model

import (
	"context"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// workspace is the memory of one running computation.
type workspace struct {
	hidden, wide, context, inner []float32
	narrow, beside, unrolled     []float32
	scratch                      [][]float32 // one for each worker
}

// grow returns n values, those of s if they are enough.
func grow(s *[]float32, n int) []float32 {
	if len(*s) < n {
		*s = engine.Floats(n)
	}
	return (*s)[:n]
}

// batch is a number of sequences that are computed together, below each other in
// one matrix.
type batch struct {
	sequences [][]int32
	starts    []int // by sequence: its first row
	rows      int
	longest   int // sequence
}

func newBatch(sequences [][]int32) batch {
	b := batch{sequences: sequences, starts: make([]int, len(sequences))}
	for i, s := range sequences {
		b.starts[i] = b.rows
		b.rows += len(s)
		b.longest = max(b.longest, len(s))
	}
	return b
}

// matrix returns a matrix with a row per token, in the memory of s.
func (b batch) matrix(k *engine.Kernels, s *[]float32, columns int) engine.Matrix {
	stride := k.Stride(columns)
	return engine.Matrix{Data: grow(s, b.rows*stride), Stride: stride}
}

// Logits computes the logits of each sequence.
//
// The computation is that of Devlin et al., BERT, 2018, with the residual
// connections and normalizations after each part.
func (b *bert) Logits(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	leave, err := b.threads.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	space, _ := b.spaces.Get().(*workspace)
	if space == nil {
		space = &workspace{scratch: make([][]float32, b.threads.Limit())}
	}
	defer b.spaces.Put(space)

	k, c, t := b.kernels, b.config, newBatch(sequences)
	x := t.matrix(k, &space.hidden, c.Hidden)
	wide := t.matrix(k, &space.wide, 3*c.Hidden)
	attended := t.matrix(k, &space.context, c.Hidden)
	inner := t.matrix(k, &space.inner, c.Inner)

	b.embed(t, x, space)
	var beside engine.Matrix
	if b.beside != nil {
		beside = t.matrix(k, &space.beside, c.Hidden)
		b.beside.compute(b, t, x, beside, space)
	}
	for i := range b.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l := &b.layers[i]
		k.Linear(b.threads, t.rows, x, l.qkv, wide, engine.Identity)
		b.attend(t, i, wide, attended, space)
		k.Linear(b.threads, t.rows, attended, l.attended, wide, engine.Identity)
		b.addNorm(t.rows, x, wide, l.attendedNorm)
		linear(k, b.threads, t.rows, x, l.inner, inner, c.Inner, c.Activation)
		k.Linear(b.threads, t.rows, inner, l.outer, wide, engine.Identity)
		b.addNorm(t.rows, x, wide, l.outerNorm)
		if i == 0 && b.beside != nil {
			b.addNorm(t.rows, x, beside, b.beside.norm)
		}
	}

	logits := make([][]float32, len(sequences))
	for i := range sequences {
		logits[i] = b.head.logits(x.From(t.starts[i], 0).Data[:c.Hidden])
	}
	return logits, nil
}

// embed adds up the embeddings of word, position and type 0, normalizes them and
// makes them as wide as the layers.
func (b *bert) embed(t batch, x engine.Matrix, space *workspace) {
	width := b.config.Embedding
	sum := x
	if b.projection != nil {
		sum = t.matrix(b.kernels, &space.narrow, width)
	}
	b.threads.Each(len(t.sequences), func(_, i int) {
		place := b.config.Padding + 1
		for n, id := range t.sequences[i] {
			row := sum.From(t.starts[i]+n, 0).Data[:width]
			copy(row, b.words[int(id)*width:][:width])
			if b.typeZero != nil {
				addTo(row, b.typeZero[:width])
			}
			if b.positions != nil {
				// The padding token is not part of RoBERTa's texts, wherever
				// it stands: its position is always the one of padding.
				at := place
				if int(id) == b.config.Padding {
					at = b.config.Padding
				} else {
					place++
				}
				addTo(row, b.positions[at*width:][:width])
			}
		}
	})
	if b.config.normWidth() == width {
		b.addNorm(t.rows, sum, engine.Matrix{}, b.norm)
	}
	if b.projection != nil {
		b.kernels.Linear(b.threads, t.rows, sum, b.projection, x, engine.Identity)
	}
	if b.config.normWidth() != width {
		b.addNorm(t.rows, x, engine.Matrix{}, b.norm)
	}
}

func addTo(row, values []float32) {
	for i, v := range values {
		row[i] += v
	}
}

func (b *bert) addNorm(rows int, x, y engine.Matrix, n norm) {
	addNorm(b.kernels, b.threads, rows, x, y, n, b.config.Epsilon)
}

// addNorm computes x = layernorm(x+y); y without data adds nothing.
func addNorm(k *engine.Kernels, t *engine.Threads, rows int, x, y engine.Matrix, n norm, epsilon float32) {
	eachPart(t, rows, func(first, next int) {
		part := y
		if y.Data != nil {
			part = y.From(first, 0)
		}
		k.AddNorm(next-first, x.From(first, 0), part, n.gamma, n.beta, epsilon)
	})
}

// eachPart calls f for parts of the rows that are computed at the same time.
func eachPart(t *engine.Threads, rows int, f func(first, next int)) {
	pieces := min(rows, 4*t.Limit())
	if t.Limit() == 1 {
		pieces = 1
	}
	t.Each(pieces, func(_, i int) { f(rows*i/pieces, rows*(i+1)/pieces) })
}

// attend runs every head of every sequence; qkv has queries, keys and values
// side by side.
func (b *bert) attend(t batch, layer int, qkv, out engine.Matrix, space *workspace) {
	if b.relative != nil {
		b.relative.attend(b, t, layer, qkv, out, space)
		return
	}
	c := b.config
	width := c.Hidden / c.Heads
	scale := c.scoreScale()
	need := b.kernels.AttendScratch(t.longest, width)
	b.threads.Each(len(t.sequences)*c.Heads, func(worker, i int) {
		sequence, head := i/c.Heads, i%c.Heads
		row, column := t.starts[sequence], head*width
		b.kernels.Attend(len(t.sequences[sequence]), width,
			qkv.From(row, column), qkv.From(row, c.Hidden+column), qkv.From(row, 2*c.Hidden+column),
			out.From(row, column), scale, grow(&space.scratch[worker], need))
	})
}
