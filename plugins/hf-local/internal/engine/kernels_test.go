package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func eachISA(t *testing.T, f func(t *testing.T, k *engine.Kernels)) {
	for _, isa := range engine.Available() {
		t.Run(isa.String(), func(t *testing.T) {
			k, err := engine.New(isa)
			if err != nil {
				t.Fatal(err)
			}
			f(t, k)
		})
	}
}

func random(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, n)
	for i := range out {
		out[i] = r.Float32()*4 - 2
	}
	return out
}

func isNear(got float32, want, tolerance float64) bool {
	return math.Abs(float64(got)-want) <= tolerance // false for NaN
}

func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if !isNear(got, want, tolerance) {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}

var activationFormulas = map[engine.Activation]func(x float64) float64{
	engine.Identity: func(x float64) float64 { return x },
	engine.GELU:     func(x float64) float64 { return x * 0.5 * (1 + math.Erf(x/math.Sqrt2)) },
	engine.GELUTanh: func(x float64) float64 {
		return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	},
	engine.QuickGELU: func(x float64) float64 { return x / (1 + math.Exp(-1.702*x)) },
	engine.ReLU:      func(x float64) float64 { return max(x, 0) },
	engine.SiLU:      func(x float64) float64 { return x / (1 + math.Exp(-x)) },
	engine.Tanh:      math.Tanh,
}

func TestLinearEqualsTheTextbookFormulaForAnySize(t *testing.T) {
	sizes := []struct{ rows, inputs, outputs int }{
		{1, 1, 1},
		{1, 7, 3},
		{2, 16, 16},
		{3, 60, 180},
		{13, 33, 31},
		{14, 64, 65},
		{15, 5, 100},
		{29, 48, 1},
		{225, 20, 40},
		{500, 3, 33},
		{4, 768, 32},
		{5, 1030, 17},
		{3, 3072, 9},
	}
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		for _, threads := range []int{1, 3} {
			for _, s := range sizes {
				arena := engine.NewArena(0)
				w, err := k.NewPacked(arena, s.outputs, s.inputs)
				if err != nil {
					t.Fatal(err)
				}
				weights, bias := random(1, s.outputs*s.inputs), random(2, s.outputs)
				half := s.outputs / 2 // two layers side by side
				k.Pack(w, 0, weights[:half*s.inputs], bias[:half])
				k.Pack(w, half, weights[half*s.inputs:], bias[half:])

				in := engine.Matrix{Data: random(3, s.rows*(s.inputs+3)), Stride: s.inputs + 3}
				out := engine.Matrix{Data: engine.Floats(s.rows * k.Stride(s.outputs)), Stride: k.Stride(s.outputs)}
				k.Linear(engine.NewThreads(threads), s.rows, in, w, out, engine.Identity)
				for r := range s.rows {
					for c := range s.outputs {
						want, size := float64(bias[c]), 0.0
						for i := range s.inputs {
							p := float64(in.Data[r*in.Stride+i]) * float64(weights[c*s.inputs+i])
							want += p
							size += math.Abs(p)
						}
						if got := out.Data[r*out.Stride+c]; !isNear(got, want, 1e-6*size+1e-6) {
							t.Fatalf("%v threads %d row %d column %d is %v, want %v", s, threads, r, c, got, want)
						}
					}
				}
				if err := arena.Free(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestActivationsEqualTheirFormulas(t *testing.T) {
	inputs := []float32{0, 1e-30, -1e-30, 1e-4, -1e-4, 0.1, -0.1, 0.5, -0.5, 1, -1, 2, -2, 3.9, -3.9, 5.7, -5.7, 9, -9, 50, -50, 200, -200, 1e6, -1e6}
	for x := float32(-8); x < 8; x += 1.0 / 64 {
		inputs = append(inputs, x)
	}
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		arena := engine.NewArena(0)
		defer arena.Free()
		one, err := k.NewPacked(arena, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		k.Pack(one, 0, []float32{1}, []float32{0})
		for act, f := range activationFormulas {
			out := engine.Matrix{Data: engine.Floats(len(inputs) * k.Stride(1)), Stride: k.Stride(1)}
			k.Linear(engine.NewThreads(1), len(inputs), engine.Matrix{Data: inputs, Stride: 1}, one, out, act)
			for i, x := range inputs {
				want := f(float64(x))
				near(t, fmt.Sprintf("activation %d of %v", act, x), out.Data[i*out.Stride], want, 3e-7+2e-7*math.Abs(float64(x)))
			}
		}
	})
}

func TestAttentionEqualsTheTextbookFormulaForAnySize(t *testing.T) {
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		for _, head := range []int{1, 12, 16, 24, 32, 64, 65} {
			for _, length := range []int{1, 2, 15, 33, 113, 130} {
				stride := 3*head + 5
				qkv := engine.Matrix{Data: random(4, length*stride), Stride: stride}
				// One column more than the head, to see that it stays.
				out := engine.Matrix{Data: engine.Floats(length * (head + 1)), Stride: head + 1}
				for r := range length {
					out.Data[r*out.Stride+head] = 42
				}
				scale := float32(1 / math.Sqrt(float64(head)))
				k.Attend(length, head, qkv, qkv.From(0, head), qkv.From(0, 2*head), out, scale, engine.Floats(k.AttendScratch(length, head)))
				for q := range length {
					want := attention(qkv, length, head, q, float64(scale))
					for d := range head {
						if got := out.Data[q*out.Stride+d]; !isNear(got, want[d], 5e-6) {
							t.Fatalf("head %d length %d row %d column %d is %v, want %v", head, length, q, d, got, want[d])
						}
					}
					if out.Data[q*out.Stride+head] != 42 {
						t.Fatalf("head %d length %d: the next head's column was overwritten", head, length)
					}
				}
			}
		}
	})
}

func attention(qkv engine.Matrix, length, head, q int, scale float64) []float64 {
	at := func(row, column int) float64 { return float64(qkv.Data[row*qkv.Stride+column]) }
	scores, top, sum := make([]float64, length), math.Inf(-1), 0.0
	for n := range scores {
		for d := range head {
			scores[n] += at(q, d) * at(n, head+d) * scale
		}
		top = max(top, scores[n])
	}
	for n := range scores {
		scores[n] = math.Exp(scores[n] - top)
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

func TestAddNormEqualsTheTextbookFormulaForAnyWidth(t *testing.T) {
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		for _, width := range []int{1, 3, 16, 48, 60, 129} {
			for _, residual := range []bool{false, true} {
				const rows, epsilon = 5, 1e-5
				x, y := random(5, rows*width), random(6, rows*width)
				before := append([]float32(nil), x...)
				gamma, beta := random(7, width), random(8, width)
				matrix := engine.Matrix{}
				if residual {
					matrix = engine.Matrix{Data: y, Stride: width}
				}
				k.AddNorm(rows, engine.Matrix{Data: x, Stride: width}, matrix, gamma, beta, epsilon)
				for r := range rows {
					sums, mean, variance := make([]float64, width), 0.0, 0.0
					for j := range sums {
						sums[j] = float64(before[r*width+j])
						if residual {
							sums[j] += float64(y[r*width+j])
						}
						mean += sums[j] / float64(width)
					}
					for _, s := range sums {
						variance += (s - mean) * (s - mean) / float64(width)
					}
					for j, s := range sums {
						want := (s-mean)/math.Sqrt(variance+epsilon)*float64(gamma[j]) + float64(beta[j])
						near(t, fmt.Sprintf("width %d row %d column %d", width, r, j), x[r*width+j], want, 2e-5)
					}
				}
			}
		}
	})
}

func TestEveryMachineHasTheGenericKernels(t *testing.T) {
	isas := engine.Available()
	if isas[len(isas)-1] != engine.Generic {
		t.Errorf("available are %v", isas)
	}
}

func TestAnUnknownInstructionSetIsAnError(t *testing.T) {
	if _, err := engine.ParseISA("avx1024"); err == nil {
		t.Error("no error")
	}
	if _, err := engine.New(engine.ISA(99)); err == nil {
		t.Error("no error")
	}
}

func TestInstructionSetsAreReadByTheirNames(t *testing.T) {
	for _, isa := range []engine.ISA{engine.Generic, engine.SSE2, engine.AVX2, engine.AVX512} {
		if got, err := engine.ParseISA(isa.String()); err != nil || got != isa {
			t.Errorf("%v: %v, %v", isa, got, err)
		}
	}
}

func TestAttentionOverWhatIsNoNumberIsNoNumber(t *testing.T) {
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		const length, head = 40, 16
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), 3e38} {
			qkv := engine.Matrix{Data: random(4, length*3*head), Stride: 3 * head}
			for d := range head {
				qkv.Data[7*qkv.Stride+head+d] = bad // a key
			}
			out := engine.Matrix{Data: engine.Floats(length * head), Stride: head}
			k.Attend(length, head, qkv, qkv.From(0, head), qkv.From(0, 2*head), out, 100, engine.Floats(k.AttendScratch(length, head)))
			finite := 0
			for _, v := range out.Data[:length*head] {
				if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
					finite++
				}
			}
			// A query whose score is -Inf rightly ignores the key.
			if math.IsNaN(float64(bad)) && finite > 0 || finite == length*head {
				t.Errorf("a key of %v leaves %d of %d results finite", bad, finite, length*head)
			}
		}
	})
}

// TestAttentionFarBelowTheTopIsNoDenormalNumber looks through the values at a
// weight whose score is so low that it would be denormal.
func TestAttentionFarBelowTheTopIsNoDenormalNumber(t *testing.T) {
	eachISA(t, func(t *testing.T, k *engine.Kernels) {
		const length, head = 40, 32
		stride := k.Stride(3 * head)
		qkv := engine.Matrix{Data: engine.Floats(length * stride), Stride: stride}
		out := engine.Matrix{Data: engine.Floats(length * k.Stride(head)), Stride: k.Stride(head)}
		for n := range length {
			qkv.From(n, 0).Data[0] = 1
			qkv.From(n, head).Data[0] = -200
			qkv.From(n, 2*head).Data[0] = 1
		}
		for n := range 2 { // share all of the weight
			qkv.From(n, head).Data[0] = 0
			qkv.From(n, 2*head).Data[0] = 0
		}
		k.Attend(length, head, qkv, qkv.From(0, head), qkv.From(0, 2*head), out, 1, engine.Floats(k.AttendScratch(length, head)))
		const smallestNormal = 0x1p-126
		if got := out.Data[0]; got > 1e-6 || got != 0 && got < smallestNormal*(length-2) {
			t.Errorf("the sum of %d weights is %g; want at most 1e-6 and none of them denormal", length-2, got)
		}
	})
}
