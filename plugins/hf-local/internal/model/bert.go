package model

import (
	"context"
	"math"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// workspace is the memory of one running computation.
type workspace struct {
	hidden, wide, context, inner []float32
	scratch                      [][]float32 // one for each worker
}

// grow returns n values, those of s if they are enough.
func grow(s *[]float32, n int) []float32 {
	if len(*s) < n {
		*s = engine.Floats(n)
	}
	return (*s)[:n]
}

// MaxTokens is the longest sequence that the network has positions for.
func (b *bert) MaxTokens() int { return b.config.Positions }

// Logits computes the logits of each sequence. The sequences are not empty, not
// longer than MaxTokens, and their ids are below the vocabulary's size. It ends
// between two layers when ctx does.
//
// The computation is that of Devlin et al., BERT, 2018, with the residual
// connections and normalisations after each part.
func (b *bert) Logits(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	leave, err := b.threads.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	space, _ := b.spaces.Get().(*workspace)
	if space == nil {
		space = &workspace{}
	}
	defer b.spaces.Put(space)

	k, c := b.kernels, b.config
	starts, rows, longest := make([]int, len(sequences)), 0, 0
	for i, s := range sequences {
		starts[i] = rows
		rows += len(s)
		longest = max(longest, len(s))
	}
	matrix := func(s *[]float32, columns int) engine.Matrix {
		stride := k.Stride(columns)
		return engine.Matrix{Data: grow(s, rows*stride), Stride: stride}
	}
	x := matrix(&space.hidden, c.Hidden)
	wide := matrix(&space.wide, 3*c.Hidden)
	attended := matrix(&space.context, c.Hidden)
	inner := matrix(&space.inner, c.Inner)
	if space.scratch == nil {
		space.scratch = make([][]float32, b.threads.Limit())
	}
	need := k.AttendScratch(longest, c.Hidden/c.Heads)

	b.embed(sequences, starts, x)
	b.addNorm(rows, x, engine.Matrix{}, b.normGamma, b.normBeta)
	for i := range b.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l := &b.layers[i]
		k.Linear(b.threads, rows, x, l.qkv, wide, engine.Identity)
		b.attend(sequences, starts, wide, attended, func(worker int) []float32 {
			return grow(&space.scratch[worker], need)
		})
		k.Linear(b.threads, rows, attended, l.attended, wide, engine.Identity)
		b.addNorm(rows, x, wide, l.attendGamma, l.attendBeta)
		k.Linear(b.threads, rows, x, l.inner, inner, c.Activation)
		k.Linear(b.threads, rows, inner, l.outer, wide, engine.Identity)
		b.addNorm(rows, x, wide, l.outerGamma, l.outerBeta)
	}

	logits := make([][]float32, len(sequences))
	for i := range sequences {
		logits[i] = b.head(x.From(starts[i], 0).Data[:c.Hidden])
	}
	return logits, nil
}

// embed adds up the embeddings of word, position and type 0.
func (b *bert) embed(sequences [][]int32, starts []int, x engine.Matrix) {
	h := b.config.Hidden
	b.threads.Each(len(sequences), func(_, i int) {
		for position, id := range sequences[i] {
			row := x.From(starts[i]+position, 0).Data[:h]
			word, place, kind := b.words[int(id)*h:][:h], b.positions[position*h:][:h], b.typeZero[:h]
			for j := range row {
				row[j] = word[j] + kind[j] + place[j]
			}
		}
	})
}

func (b *bert) addNorm(rows int, x, y engine.Matrix, gamma, beta []float32) {
	pieces := min(rows, 4*b.threads.Limit())
	if b.threads.Limit() == 1 {
		pieces = 1
	}
	b.threads.Each(pieces, func(_, i int) {
		first, next := rows*i/pieces, rows*(i+1)/pieces
		part := y
		if y.Data != nil {
			part = y.From(first, 0)
		}
		b.kernels.AddNorm(next-first, x.From(first, 0), part, gamma, beta, b.config.Epsilon)
	})
}

// attend runs every head of every sequence; qkv has queries, keys and values
// side by side.
func (b *bert) attend(sequences [][]int32, starts []int, qkv, out engine.Matrix, scratch func(worker int) []float32) {
	c := b.config
	width := c.Hidden / c.Heads
	scale := float32(1 / math.Sqrt(float64(width)))
	b.threads.Each(len(sequences)*c.Heads, func(worker, i int) {
		sequence, head := i/c.Heads, i%c.Heads
		row, column := starts[sequence], head*width
		b.kernels.Attend(len(sequences[sequence]), width,
			qkv.From(row, column), qkv.From(row, c.Hidden+column), qkv.From(row, 2*c.Hidden+column),
			out.From(row, column), scale, scratch(worker))
	})
}

// head pools the first token and classifies.
func (b *bert) head(first []float32) []float32 {
	pooled := make([]float32, len(first))
	for i := range pooled {
		pooled[i] = float32(math.Tanh(dot(b.poolW[i*len(first):], first, b.poolB[i])))
	}
	logits := make([]float32, len(b.classB))
	for i := range logits {
		logits[i] = float32(dot(b.classW[i*len(first):], pooled, b.classB[i]))
	}
	return logits
}

func dot(w, x []float32, bias float32) float64 {
	sum := float64(bias)
	for i, v := range x {
		sum += float64(w[i]) * float64(v)
	}
	return sum
}
