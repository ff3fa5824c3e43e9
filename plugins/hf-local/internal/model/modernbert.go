package model

import (
	"context"
	"math"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// modernBERT has the weights of a ModernBertForSequenceClassification and
// computes it: rotary positions, attention that in most layers sees only a
// window, gated feed-forward layers, and normalization before each part (Warner
// et al., Smarter, Better, Faster, Longer, 2024).
type modernBERT struct {
	config  config
	kernels *engine.Kernels
	threads *engine.Threads
	arena   *engine.Arena
	spaces  sync.Pool // *modernWorkspace

	words         []float32
	norm          norm
	layers        []modernLayer
	last          norm
	head          head
	global, local rotary
}

type modernLayer struct {
	attentionNorm        norm // none in the first layer
	qkv, attended        *engine.Packed
	innerNorm            norm
	inner, gate, outward *engine.Packed
}

func newModernBERT(ctx context.Context, c config, k *engine.Kernels, t *engine.Threads, w weights) (*modernBERT, error) {
	b := &modernBERT{config: c, kernels: k, threads: t, layers: make([]modernLayer, c.Layers)}
	var err error
	if b.arena, err = readWeights(ctx, c.Names.Base, k, w, b.read); err != nil {
		return nil, err
	}
	b.global.half, b.global.theta = c.Hidden/c.Heads/2, c.Modern.GlobalTheta
	b.local.half, b.local.theta = c.Hidden/c.Heads/2, c.Modern.LocalTheta
	return b, nil
}

// Close frees the weights; no call may be running.
func (b *modernBERT) Close() error { return b.arena.Free() }

func (b *modernBERT) read(r *reader) {
	c, m, base := b.config, b.config.Modern, b.config.Names.Base
	b.words = r.values(base+"embeddings.tok_embeddings.weight", c.Vocabulary, c.Hidden)
	b.norm = r.plainNorm(base+"embeddings.norm", c.Hidden, m.NormBias)
	for i := range b.layers {
		r.next()
		name := func(part string) string { return tensor(base, "layers.", i, part) }
		l := &b.layers[i]
		if i > 0 {
			l.attentionNorm = r.plainNorm(name("attn_norm"), c.Hidden, m.NormBias)
		}
		l.qkv = r.linearParts(3*c.Hidden, c.Hidden, m.AttentionBias, name("attn.Wqkv"))
		l.attended = r.linearParts(c.Hidden, c.Hidden, m.AttentionBias, name("attn.Wo"))
		l.innerNorm = r.plainNorm(name("mlp_norm"), c.Hidden, m.NormBias)
		l.inner, l.gate = r.gated(c.Inner, c.Hidden, m.FeedForwardBias, name("mlp.Wi"))
		l.outward = r.linearParts(c.Hidden, c.Inner, m.FeedForwardBias, name("mlp.Wo"))
	}
	b.last = r.plainNorm(base+"final_norm", c.Hidden, m.NormBias)
	b.head = r.head(c, "head.dense", "classifier", m.HeadBias)
	b.head.norm = r.plainNorm("head.norm", c.Hidden, m.NormBias)
}

// gated reads one matrix that holds a layer and its gate.
func (r *reader) gated(outputs, inputs int, bias bool, name string) (layer, gate *engine.Packed) {
	layer, gate = r.packed(outputs, inputs), r.packed(outputs, inputs)
	w := r.temporary(2 * outputs * (inputs + 1))
	r.part(w, name+".weight", 0, 2*outputs, inputs)
	if bias {
		r.part(w, name+".bias", 2*outputs*inputs, 2*outputs)
	}
	if r.check || r.err != nil {
		return layer, gate
	}
	all, biases := w[:2*outputs*inputs], w[2*outputs*inputs:]
	r.kernels.Pack(layer, 0, all[:outputs*inputs], biases[:outputs])
	r.kernels.Pack(gate, 0, all[outputs*inputs:], biases[outputs:2*outputs])
	return layer, gate
}

// modernWorkspace is the memory of one running computation.
type modernWorkspace struct {
	hidden, normed, wide, context, inner, gate []float32
	scratch                                    [][]float32 // one for each worker
}

// Logits computes the logits of each sequence.
func (b *modernBERT) Logits(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	leave, err := b.threads.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	space, _ := b.spaces.Get().(*modernWorkspace)
	if space == nil {
		space = &modernWorkspace{scratch: make([][]float32, b.threads.Limit())}
	}
	defer b.spaces.Put(space)

	k, c, t := b.kernels, b.config, newBatch(sequences)
	x := t.matrix(k, &space.hidden, c.Hidden)
	normed := t.matrix(k, &space.normed, c.Hidden)
	wide := t.matrix(k, &space.wide, 3*c.Hidden)
	attended := t.matrix(k, &space.context, c.Hidden)
	inner := t.matrix(k, &space.inner, c.Inner)
	gate := t.matrix(k, &space.gate, c.Inner)

	b.embed(t, x)
	for i := range b.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l := &b.layers[i]
		in := x // the embeddings are normalized already
		if i > 0 {
			b.normalize(t, x, normed, l.attentionNorm)
			in = normed
		}
		k.Linear(b.threads, t.rows, in, l.qkv, wide, engine.Identity)
		b.attend(t, i, wide, attended, space)
		k.Linear(b.threads, t.rows, attended, l.attended, wide, engine.Identity)
		b.add(t, x, wide)

		b.normalize(t, x, normed, l.innerNorm)
		linear(k, b.threads, t.rows, normed, l.inner, inner, c.Inner, c.Activation)
		k.Linear(b.threads, t.rows, normed, l.gate, gate, engine.Identity)
		eachPart(b.threads, t.rows, func(first, next int) {
			k.Multiply(next-first, c.Inner, inner.From(first, 0), gate.From(first, 0))
		})
		k.Linear(b.threads, t.rows, inner, l.outward, wide, engine.Identity)
		b.add(t, x, wide)
	}
	addNorm(k, b.threads, t.rows, x, engine.Matrix{}, b.last, c.Epsilon)

	logits := make([][]float32, len(sequences))
	for i, s := range sequences {
		logits[i] = b.head.logits(b.pool(x.From(t.starts[i], 0), len(s)))
	}
	return logits, nil
}

func (b *modernBERT) embed(t batch, x engine.Matrix) {
	width := b.config.Hidden
	b.threads.Each(len(t.sequences), func(_, i int) {
		for n, id := range t.sequences[i] {
			copy(x.From(t.starts[i]+n, 0).Data[:width], b.words[int(id)*width:])
		}
	})
	addNorm(b.kernels, b.threads, t.rows, x, engine.Matrix{}, b.norm, b.config.Epsilon)
}

// normalize computes out = layernorm(x).
func (b *modernBERT) normalize(t batch, x, out engine.Matrix, n norm) {
	eachPart(b.threads, t.rows, func(first, next int) {
		copy(out.From(first, 0).Data[:(next-first)*out.Stride], x.From(first, 0).Data)
		b.kernels.AddNorm(next-first, out.From(first, 0), engine.Matrix{}, n.gamma, n.beta, b.config.Epsilon)
	})
}

func (b *modernBERT) add(t batch, x, y engine.Matrix) {
	eachPart(b.threads, t.rows, func(first, next int) {
		b.kernels.Add(next-first, b.config.Hidden, x.From(first, 0), y.From(first, 0))
	})
}

// attend runs every head of every sequence; qkv has queries, keys and values
// side by side.
func (b *modernBERT) attend(t batch, layer int, qkv, out engine.Matrix, space *modernWorkspace) {
	c, k := b.config, b.kernels
	width := c.Hidden / c.Heads
	scale := float32(1 / math.Sqrt(float64(width)))
	angles, window := &b.global, engine.Everywhere
	if c.Modern.Local[layer] {
		angles, window = &b.local, c.Modern.Window
	}
	cosines, sines := angles.upTo(t.longest)
	need := k.AttendNearScratch(t.longest, width, window)
	if window == engine.Everywhere {
		need = k.AttendScratch(t.longest, width)
	}
	b.threads.Each(len(t.sequences)*c.Heads, func(worker, i int) {
		sequence, head := i/c.Heads, i%c.Heads
		length, row, column := len(t.sequences[sequence]), t.starts[sequence], head*width
		query, key, value := qkv.From(row, column), qkv.From(row, c.Hidden+column), qkv.From(row, 2*c.Hidden+column)
		k.Rotate(length, 1, width/2, query, cosines, sines)
		k.Rotate(length, 1, width/2, key, cosines, sines)
		scratch := grow(&space.scratch[worker], need)
		if window == engine.Everywhere {
			k.Attend(length, width, query, key, value, out.From(row, column), scale, scratch)
		} else {
			k.AttendNear(length, width, query, key, value, out.From(row, column), scale, window, nil, scratch)
		}
	})
}

// pool returns what stands for a whole sequence: its first token, or the mean of
// all.
func (b *modernBERT) pool(rows engine.Matrix, length int) []float32 {
	width := b.config.Hidden
	if !b.config.Modern.Mean {
		return rows.Data[:width]
	}
	sums := make([]float64, width)
	for n := range length {
		for i, v := range rows.From(n, 0).Data[:width] {
			sums[i] += float64(v)
		}
	}
	mean := make([]float32, width)
	for i, s := range sums {
		mean[i] = float32(s / float64(length))
	}
	return mean
}

// rotary has the angles of rotary positions: by position, the cosines and sines
// of half a head (Su et al., RoFormer, 2021). It computes them when a sequence
// first reaches so far.
type rotary struct {
	half  int
	theta float64

	mu             sync.Mutex
	positions      int
	cosines, sines []float32
}

// upTo returns the angles of that many positions. They are computed in single
// precision, as the models were trained with: at far positions the rounding
// counts.
func (r *rotary) upTo(positions int) (cosines, sines []float32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.positions < positions; r.positions++ {
		for d := range r.half {
			frequency := 1 / float32(math.Pow(r.theta, float64(float32(2*d)/float32(2*r.half))))
			angle := float64(float32(r.positions) * frequency)
			r.cosines = append(r.cosines, float32(math.Cos(angle)))
			r.sines = append(r.sines, float32(math.Sin(angle)))
		}
	}
	return r.cosines, r.sines
}
