package engine_test

import (
	"math"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func TestAttentionInAWindowWithPositionsEqualsTheTextbookFormula(t *testing.T) {
	const columns = 37
	// The same for every instruction set, so it is computed once.
	type caseOf struct {
		head, length int
		positions    string
		window, q    int
	}
	references := make(map[caseOf][]float64)
	reference := func(c caseOf, compute func() []float64) []float64 {
		if references[c] == nil {
			references[c] = compute()
		}
		return references[c]
	}
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		for _, head := range []int{1, 12, 40} {
			for _, length := range []int{1, 2, 33, 65, 98} {
				stride := 3*head + 5
				qkv := engine.Matrix{Data: random(4, length*stride), Stride: stride}
				scale := float32(1 / math.Sqrt(float64(head)))
				// The columns that distances have, any will do.
				keyColumn, queryColumn := make([]int32, 2*length-1), make([]int32, 2*length-1)
				for i := range keyColumn {
					keyColumn[i], queryColumn[i] = int32(i*7%columns), int32(i*5%columns)
				}
				ofKey := engine.Matrix{Data: random(5, length*columns), Stride: columns}
				ofQuery := engine.Matrix{Data: random(6, length*columns), Stride: columns}
				for name, p := range map[string]*engine.Positions{
					"none":  nil,
					"key":   {OfKey: ofKey, KeyColumn: keyColumn},
					"query": {OfQuery: ofQuery, QueryColumn: queryColumn},
					"both":  {OfKey: ofKey, OfQuery: ofQuery, KeyColumn: keyColumn, QueryColumn: queryColumn},
				} {
					for _, window := range []int{engine.Everywhere, 0, 3, 40, 1000} {
						out := engine.Matrix{Data: engine.Floats(length * (head + 1)), Stride: head + 1}
						for r := range length {
							out.Data[r*out.Stride+head] = 42
						}
						k.AttendNear(length, head, qkv, qkv.From(0, head), qkv.From(0, 2*head), out, scale, window, p,
							engine.Floats(k.AttendNearScratch(length, head, window)))
						for q := range length {
							want := reference(caseOf{head, length, name, window, q}, func() []float64 {
								return attentionNear(qkv, length, head, q, float64(scale), window, p)
							})
							for d := range head {
								if got := out.Data[q*out.Stride+d]; !isNear(got, want[d], 1e-5) {
									t.Fatalf("head %d length %d positions %s window %d row %d column %d is %v, want %v", head, length, name, window, q, d, got, want[d])
								}
							}
							if out.Data[q*out.Stride+head] != 42 {
								t.Fatalf("head %d length %d: the next head's column was overwritten", head, length)
							}
						}
					}
				}
			}
		}
	})
}

func attentionNear(qkv engine.Matrix, length, head, q int, scale float64, window int, p *engine.Positions) []float64 {
	at := func(row, column int) float64 { return float64(qkv.Data[row*qkv.Stride+column]) }
	scores, sum := make([]float64, length), 0.0
	for n := range scores {
		for d := range head {
			scores[n] += at(q, d) * at(n, head+d) * scale
		}
		distance := length - 1 + q - n
		if p != nil && p.OfKey.Data != nil {
			scores[n] += float64(p.OfKey.Data[q*p.OfKey.Stride+int(p.KeyColumn[distance])])
		}
		if p != nil && p.OfQuery.Data != nil {
			scores[n] += float64(p.OfQuery.Data[n*p.OfQuery.Stride+int(p.QueryColumn[distance])])
		}
		if window >= 0 && max(q-n, n-q) > window {
			scores[n] = math.Inf(-1)
		}
		scores[n] = math.Exp(scores[n])
		sum += scores[n]
	}
	out := make([]float64, head)
	for n := range scores {
		for d := range out {
			out[d] += scores[n] / sum * at(n, 2*head+d)
		}
	}
	return out
}

func TestRotateAddAndMultiplyEqualTheirFormulas(t *testing.T) {
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		for _, half := range []int{1, 6, 16, 33} {
			const rows, heads = 5, 3
			width := heads * 2 * half
			x := engine.Matrix{Data: random(1, rows*(width+2)), Stride: width + 2}
			before := append([]float32(nil), x.Data...)
			cosines, sines := random(2, rows*half), random(3, rows*half)
			k.Rotate(rows, heads, half, x, cosines, sines)
			for r := range rows {
				for h := range heads {
					for d := range half {
						at := r*x.Stride + h*2*half + d
						a, b := float64(before[at]), float64(before[at+half])
						c, s := float64(cosines[r*half+d]), float64(sines[r*half+d])
						near(t, "first of a pair", x.Data[at], a*c-b*s, 2e-6)
						near(t, "second of a pair", x.Data[at+half], b*c+a*s, 2e-6)
					}
				}
			}
			y := engine.Matrix{Data: random(4, rows*(width+1)), Stride: width + 1}
			sum := engine.Matrix{Data: append([]float32(nil), before...), Stride: x.Stride}
			product := engine.Matrix{Data: append([]float32(nil), before...), Stride: x.Stride}
			k.Add(rows, width, sum, y)
			k.Multiply(rows, width, product, y)
			for r := range rows {
				for i := range x.Stride {
					a, b := before[r*x.Stride+i], float32(0)
					if i < width {
						b = y.Data[r*y.Stride+i]
						near(t, "product", product.Data[r*x.Stride+i], float64(a)*float64(b), 1e-6)
					}
					near(t, "sum", sum.Data[r*x.Stride+i], float64(a)+float64(b), 1e-6)
				}
			}
		}
	})
}
