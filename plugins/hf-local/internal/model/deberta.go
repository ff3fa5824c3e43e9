package model

import (
	"fmt"
	"math"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// relative is DeBERTa's disentangled attention: a score is the product of the
// contents of query and key, plus that of the query's content with the key's
// relative position, plus that of the key's content with the query's (He et al.,
// DeBERTa, 2021).
type relative struct {
	config relativeConfig
	layers []relativeLayer
	// By distance (query's place - key's place), from -(positions-1) on, the
	// column that stands for it.
	keyColumn, queryColumn []int32
}

// relativeLayer has by head the projected and scaled embeddings of all relative
// positions, which depend on no text.
type relativeLayer struct{ toKey, toQuery []*engine.Packed }

// readRelative returns nil where attention is the ordinary one.
func readRelative(r *reader, c config, layers []bertLayer) *relative {
	p := c.Relative
	if !p.Relative || !p.ToKey && !p.ToQuery {
		return nil
	}
	projection := newProjection(r, c)
	defer projection.free(r)
	out := &relative{config: *p, layers: make([]relativeLayer, c.Layers)}
	for i := range out.layers {
		r.next()
		l := &out.layers[i]
		for _, part := range []struct {
			wanted bool
			name   string
			shared int // where the layer's own weights for it begin in qkv
			heads  *[]*engine.Packed
		}{
			{p.ToKey, "attention.self.pos_key_proj", c.Hidden, &l.toKey},
			{p.ToQuery, "attention.self.pos_query_proj", 0, &l.toQuery},
		} {
			switch {
			case !part.wanted:
				continue
			case p.Shared:
				projection.with(r, layers[i].qkv, part.shared)
			default:
				projection.read(r, tensor(c.Names.Base, c.Names.Layer, i, part.name))
			}
			*part.heads = projection.heads(r)
		}
	}
	out.keyColumn = make([]int32, 2*c.Positions-1)
	out.queryColumn = make([]int32, 2*c.Positions-1)
	for i := range out.keyColumn {
		distance := i - (c.Positions - 1)
		out.keyColumn[i] = int32(min(max(p.Span+p.bucket(distance), 0), 2*p.Span-1))
		out.queryColumn[i] = int32(min(max(p.Span-p.bucket(-distance), 0), 2*p.Span-1))
	}
	return out
}

// bucket returns the position that stands for a distance: near ones for
// themselves, distant ones for more and more neighbors. It is computed in single
// precision as the models were trained with, since it is rounded.
func (p *relativeConfig) bucket(distance int) int {
	middle := p.Buckets / 2
	far := max(distance, -distance)
	if p.Buckets <= 0 || far <= middle {
		return distance
	}
	logarithm := func(x float32) float32 { return float32(math.Log(float64(x))) }
	share := logarithm(float32(far)/float32(middle)) / logarithm(float32(p.Farthest-1)/float32(middle))
	bucket := int(math.Ceil(float64(share*float32(middle-1)))) + middle
	if distance < 0 {
		return -bucket
	}
	return bucket
}

// projection computes what relative positions are in a layer, while weights are
// being read.
type projection struct {
	config    config
	one       *engine.Threads
	memory    *engine.Arena
	positions engine.Matrix
	projected engine.Matrix
	column    int // of projected, where the result begins
	weights   *engine.Packed
	head      []float32
}

func newProjection(r *reader, c config) *projection {
	p := &projection{config: c, one: engine.NewThreads(1), memory: engine.NewArena(0)}
	rows, name := 2*c.Relative.Span, c.Names.Base+"encoder."
	table := r.values(name+"rel_embeddings.weight", rows, c.Hidden)
	var n norm
	if c.Relative.Norm {
		n = r.norm(name+"LayerNorm", c.Hidden)
	}
	if r.check || r.err != nil {
		return p
	}
	p.positions = engine.Matrix{Data: table, Stride: c.Hidden}
	if c.Relative.Norm {
		r.kernels.AddNorm(rows, p.positions, engine.Matrix{}, n.gamma, n.beta, c.Epsilon)
	}
	// Twice as wide as a layer, because shared weights give queries and keys.
	stride := r.kernels.Stride(2 * c.Hidden)
	var err error
	if p.projected.Data, err = p.memory.Floats(rows * stride); err != nil {
		r.memory(err)
		return p
	}
	p.projected.Stride = stride
	p.head = make([]float32, rows*(c.Hidden/c.Heads+1))
	return p
}

func (p *projection) free(r *reader) {
	if err := p.memory.Free(); err != nil && r.err == nil {
		r.err = fmt.Errorf("giving memory back: %w", err)
	}
}

// with projects by the outputs from first on of a layer's own weights.
func (p *projection) with(r *reader, w *engine.Packed, first int) {
	if r.check || r.err != nil {
		return
	}
	p.column = first
	r.kernels.LinearPart(2*p.config.Relative.Span, p.positions, w, p.projected, first, first+p.config.Hidden)
}

// read projects by weights that serve nothing else.
func (p *projection) read(r *reader, name string) {
	h := p.config.Hidden
	w := r.temporary(h * (h + 1))
	r.part(w, name+".weight", 0, h, h)
	r.part(w, name+".bias", h*h, h)
	if r.check || r.err != nil {
		return
	}
	if p.weights == nil {
		var err error
		if p.weights, err = r.kernels.NewPacked(p.memory, h, h); err != nil {
			r.memory(err)
			return
		}
	}
	r.pack(p.weights, 0, h, h, w)
	p.column = 0
	r.kernels.Linear(p.one, 2*p.config.Relative.Span, p.positions, p.weights, p.projected, engine.Identity)
}

// heads returns the result by head, multiplied as scores are.
func (p *projection) heads(r *reader) []*engine.Packed {
	rows, width := 2*p.config.Relative.Span, p.config.Hidden/p.config.Heads
	scale := p.config.scoreScale()
	heads := make([]*engine.Packed, p.config.Heads)
	for h := range heads {
		heads[h] = r.packed(rows, width)
		if r.check || r.err != nil {
			continue
		}
		for i := range rows {
			from := p.projected.From(i, p.column+h*width).Data[:width]
			for d, v := range from {
				p.head[i*width+d] = v * scale
			}
		}
		r.pack(heads[h], 0, rows, width, p.head)
	}
	return heads
}

// scoreScale is what products of queries and keys are multiplied with: DeBERTa's
// scores are the sum of up to three of them.
func (c config) scoreScale() float32 {
	parts := 1
	if c.Relative != nil {
		parts = c.Relative.Scale
	}
	return float32(1 / math.Sqrt(float64(c.Hidden/c.Heads*parts)))
}

// attend is bert.attend with relative positions.
func (p *relative) attend(b *bert, t batch, layer int, qkv, out engine.Matrix, space *workspace) {
	k, c, l := b.kernels, b.config, p.layers[layer]
	width, scale := c.Hidden/c.Heads, c.scoreScale()
	stride := k.Stride(2 * p.config.Span)
	perPart := t.longest * stride
	need := 2*perPart + k.AttendNearScratch(t.longest, width, engine.Everywhere)
	b.threads.Each(len(t.sequences)*c.Heads, func(worker, i int) {
		sequence, head := i/c.Heads, i%c.Heads
		length, row, column := len(t.sequences[sequence]), t.starts[sequence], head*width
		query, key, value := qkv.From(row, column), qkv.From(row, c.Hidden+column), qkv.From(row, 2*c.Hidden+column)
		scratch := grow(&space.scratch[worker], need)
		var positions engine.Positions
		product := func(of engine.Matrix, heads []*engine.Packed, columns []int32, memory []float32) (engine.Matrix, []int32) {
			if heads == nil {
				return engine.Matrix{}, nil
			}
			columns = columns[c.Positions-length:][:2*length-1]
			m := engine.Matrix{Data: memory, Stride: stride}
			k.LinearPart(length, of, heads[head], m, int(columns[0]), int(columns[len(columns)-1])+1)
			return m, columns
		}
		positions.OfKey, positions.KeyColumn = product(query, l.toKey, p.keyColumn, scratch[:perPart])
		positions.OfQuery, positions.QueryColumn = product(key, l.toQuery, p.queryColumn, scratch[perPart:2*perPart])
		k.AttendNear(length, width, query, key, value, out.From(row, column), scale, engine.Everywhere, &positions, scratch[2*perPart:])
	})
}

// convolution is the layer of DeBERTa-v2 that sees the neighbors of each token,
// beside the first layer.
type convolution struct {
	config  relativeConfig
	weights *engine.Packed
	norm    norm
}

// readConvolution returns nil where there is none.
func readConvolution(r *reader, c config) *convolution {
	p := c.Relative
	if p.Kernel == 0 {
		return nil
	}
	name := c.Names.Base + "encoder.conv."
	out := &convolution{config: *p, weights: r.packed(c.Hidden, p.Kernel*c.Hidden)}
	group := c.Hidden / p.Groups
	values := make([]float32, 0)
	if !r.check {
		values = make([]float32, c.Hidden*(group*p.Kernel+1))
	}
	r.part(values, name+"conv.weight", 0, c.Hidden, group, p.Kernel)
	r.part(values, name+"conv.bias", c.Hidden*group*p.Kernel, c.Hidden)
	// From [output][input of the group][place] to [output][place][input], with
	// zeros for the inputs of other groups.
	all := r.temporary(c.Hidden * (p.Kernel*c.Hidden + 1))
	if all != nil {
		for o := range c.Hidden {
			for i := range group {
				for place := range p.Kernel {
					all[(o*p.Kernel+place)*c.Hidden+o/group*group+i] = values[(o*group+i)*p.Kernel+place]
				}
			}
		}
		copy(all[c.Hidden*p.Kernel*c.Hidden:], values[c.Hidden*group*p.Kernel:])
	}
	r.pack(out.weights, 0, c.Hidden, p.Kernel*c.Hidden, all)
	out.norm = r.norm(name+"LayerNorm", c.Hidden)
	return out
}

// compute fills out with the convolution of the embeddings x, sequence by
// sequence, with zeros before the first token and after the last.
func (v *convolution) compute(b *bert, t batch, x, out engine.Matrix, space *workspace) {
	hidden, kernel := b.config.Hidden, v.config.Kernel
	unrolled := t.matrix(b.kernels, &space.unrolled, kernel*hidden)
	b.threads.Each(len(t.sequences), func(_, i int) {
		length, start := len(t.sequences[i]), t.starts[i]
		for n := range length {
			row := unrolled.From(start+n, 0).Data
			for place := range kernel {
				to := row[place*hidden:][:hidden]
				if at := n + place - kernel/2; at >= 0 && at < length {
					copy(to, x.From(start+at, 0).Data)
				} else {
					clear(to)
				}
			}
		}
	})
	linear(b.kernels, b.threads, t.rows, unrolled, v.weights, out, hidden, v.config.ConvolutionActivation)
}
