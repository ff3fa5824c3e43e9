package engine

// Packed is the weight matrix of a linear layer in the order in which the kernel
// reads it, with its bias.
type Packed struct {
	outputs, inputs int
	panels, bias    []float32
}

// PackedLen returns how many values of an arena a packed matrix takes.
func (k *Kernels) PackedLen(outputs, inputs int) int {
	return k.wide(outputs) * (inputs + 1)
}

// NewPacked returns a matrix without weights, to be filled by Pack.
func (k *Kernels) NewPacked(arena *Arena, outputs, inputs int) (*Packed, error) {
	panels, err := arena.Floats(k.wide(outputs) * inputs)
	if err != nil {
		return nil, err
	}
	bias, err := arena.Floats(k.wide(outputs))
	if err != nil {
		return nil, err
	}
	return &Packed{outputs: outputs, inputs: inputs, panels: panels, bias: bias}, nil
}

// Pack puts weights, a row-major matrix with a row per output, and bias in as the
// outputs first and following: several layers that read the same input can so
// become one.
func (k *Kernels) Pack(w *Packed, first int, weights, bias []float32) {
	k.pack(weights, len(bias), w.inputs, first, w.panels)
	copy(w.bias[first:], bias)
}

// Stride returns the distance from row to row that a result of that many outputs
// needs: whole panels are written. It is an odd number of cache lines, so that
// rows below each other don't compete for the same place of the cache.
func (k *Kernels) Stride(outputs int) int {
	lines := (max(k.wide(outputs), outputs) + 15) / 16
	return (lines | 1) * 16
}

func (k *Kernels) wide(outputs int) int {
	return (outputs + k.panel - 1) / k.panel * k.panel
}

// bandRows is how many rows a goroutine takes at a time. A multiple of 14 and 8
// and nearly one of 6, the heights of the kernels' tiles.
const bandRows = 224

// Linear computes out = act(in*wᵀ + bias) for the given number of rows. out has
// a stride of at least Stride(outputs).
func (k *Kernels) Linear(t *Threads, rows int, in Matrix, w *Packed, out Matrix, act Activation) {
	panels := k.wide(w.outputs) / k.panel
	if t.Limit() == 1 {
		k.gemm(rows, in, w, out, 0, panels, act)
		return
	}
	bands := (rows + bandRows - 1) / bandRows
	pieces := split(panels, t.Limit(), bands)
	t.Each(bands*len(pieces), func(_, i int) {
		band, piece := i%bands, pieces[i/bands]
		first, next := rows*band/bands, rows*(band+1)/bands
		k.gemm(next-first, in.From(first, 0), w, out.From(first, 0), piece.from, piece.to, act)
	})
}

type piece struct{ from, to int }

// split divides panels into pieces that get smaller towards the end: few
// beginnings, at which weights are waited for, and a short wait for the last.
func split(panels, threads, bands int) []piece {
	var pieces []piece
	for from := 0; from < panels; {
		n := max(1, (panels-from)*bands/(4*threads))
		n = min(n, panels-from)
		pieces = append(pieces, piece{from, from + n})
		from += n
	}
	return pieces
}
