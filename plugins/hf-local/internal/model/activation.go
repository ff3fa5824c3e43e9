package model

import (
	"math"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// activation is a function that config.json names. The usual ones are in the
// engine's kernels; the rare ones are applied to a kernel's result.
type activation struct {
	kernel engine.Activation // Identity when rare
	value  func(x float64) float64
	rare   bool
}

// activations are those of transformers' ACT2FN that have no weights of their
// own.
var activations = map[string]activation{
	"gelu":              {kernel: engine.GELU, value: gelu},
	"gelu_python":       {kernel: engine.GELU, value: gelu},
	"gelu_new":          {kernel: engine.GELUTanh, value: geluTanh},
	"gelu_fast":         {kernel: engine.GELUTanh, value: geluTanh},
	"gelu_accurate":     {kernel: engine.GELUTanh, value: geluTanh},
	"gelu_pytorch_tanh": {kernel: engine.GELUTanh, value: geluTanh},
	"gelu_python_tanh":  {kernel: engine.GELUTanh, value: geluTanh},
	"quick_gelu":        {kernel: engine.QuickGELU, value: func(x float64) float64 { return x * sigmoid(1.702*x) }},
	"relu":              {kernel: engine.ReLU, value: relu},
	"silu":              {kernel: engine.SiLU, value: func(x float64) float64 { return x * sigmoid(x) }},
	"swish":             {kernel: engine.SiLU, value: func(x float64) float64 { return x * sigmoid(x) }},
	"tanh":              {kernel: engine.Tanh, value: math.Tanh},
	"linear":            {kernel: engine.Identity, value: func(x float64) float64 { return x }},

	"gelu_10":      {rare: true, value: func(x float64) float64 { return min(max(gelu(x), -10), 10) }},
	"hardswish":    {rare: true, value: func(x float64) float64 { return x * min(relu(x+3), 6) / 6 }},
	"laplace":      {rare: true, value: func(x float64) float64 { return 0.5 * (1 + math.Erf((x-0.707107)/(0.282095*math.Sqrt2))) }},
	"leaky_relu":   {rare: true, value: func(x float64) float64 { return max(x, 0.01*x) }},
	"mish":         {rare: true, value: func(x float64) float64 { return x * math.Tanh(softplus(x)) }},
	"relu2":        {rare: true, value: func(x float64) float64 { return relu(x) * relu(x) }},
	"relu6":        {rare: true, value: func(x float64) float64 { return min(relu(x), 6) }},
	"sigmoid":      {rare: true, value: sigmoid},
	"sqrtsoftplus": {rare: true, value: func(x float64) float64 { return math.Sqrt(softplus(x)) }},
}

func relu(x float64) float64    { return max(x, 0) }
func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func gelu(x float64) float64    { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }
func geluTanh(x float64) float64 {
	return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

// softplus is ln(1+eˣ), computed so that eˣ doesn't overflow.
func softplus(x float64) float64 { return relu(x) + math.Log1p(math.Exp(-math.Abs(x))) }

// linear computes out = act(in*wᵀ + bias) for the rows of a batch.
func linear(k *engine.Kernels, t *engine.Threads, rows int, in engine.Matrix, w *engine.Packed, out engine.Matrix, width int, act activation) {
	k.Linear(t, rows, in, w, out, act.kernel)
	if act.rare {
		eachRow(t, rows, func(r int) {
			row := out.From(r, 0).Data[:width]
			for i, x := range row {
				row[i] = float32(act.value(float64(x)))
			}
		})
	}
}

// eachRow calls f for 0..rows-1, neighboring rows on the same thread.
func eachRow(t *engine.Threads, rows int, f func(r int)) {
	pieces := min(rows, 4*t.Limit())
	t.Each(pieces, func(_, i int) {
		for r := rows * i / pieces; r < rows*(i+1)/pieces; r++ {
			f(r)
		}
	})
}
