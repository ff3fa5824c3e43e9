package engine_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func benchISA(b *testing.B) *engine.Kernels {
	isa := engine.Available()[0]
	if name := os.Getenv("OTAI_HF_ISA"); name != "" {
		var err error
		if isa, err = engine.ParseISA(name); err != nil {
			b.Fatal(err)
		}
	}
	k, err := engine.New(isa)
	if err != nil {
		b.Fatal(err)
	}
	return k
}

// BenchmarkLinear computes the layers of a BERT-base: with weights that come from
// memory, as in a network, whose layers together don't fit into a cache, and with
// weights that lie in the cache.
// After each computation it measures what the same core can do at most, and
// reports the median of the ratios.
func BenchmarkLinear(b *testing.B) {
	k := benchISA(b)
	for _, s := range []struct{ outputs, inputs int }{{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}} {
		arena := engine.NewArena(0)
		defer arena.Free()
		weights, bias := random(1, s.outputs*s.inputs), random(2, s.outputs)
		var layers []*engine.Packed
		for size := 0; size < 400<<20; size += 4 * s.outputs * s.inputs {
			w, err := k.NewPacked(arena, s.outputs, s.inputs)
			if err != nil {
				b.Fatal(err)
			}
			k.Pack(w, 0, weights, bias)
			layers = append(layers, w)
		}
		for _, n := range []int{1, len(layers)} {
			for _, rows := range []int{32, 128, 256, 512} {
				for _, t := range []int{1, 2} {
					b.Run(fmt.Sprintf("%dx%dx%d/layers%d/threads%d", rows, s.inputs, s.outputs, n, t), func(b *testing.B) {
						threads := engine.NewThreads(t)
						in := engine.Matrix{Data: engine.Floats(rows * k.Stride(s.inputs)), Stride: k.Stride(s.inputs)}
						out := engine.Matrix{Data: engine.Floats(rows * k.Stride(s.outputs)), Stride: k.Stride(s.outputs)}
						work := float64(2 * rows * s.inputs * s.outputs)
						i, rounds := 0, int(work/1000)
						var ratios []float64
						for b.Loop() {
							start := time.Now()
							k.Linear(threads, rows, in, layers[i%n], out, engine.Identity)
							speed := work / time.Since(start).Seconds()
							start = time.Now()
							peak := float64(k.RunFMA(rounds)*t) / time.Since(start).Seconds()
							ratios = append(ratios, 100*speed/peak)
							i++
						}
						slices.Sort(ratios)
						b.ReportMetric(ratios[len(ratios)/2], "%peak")
					})
				}
			}
		}
	}
}
