package model

import (
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// randomWeights has every tensor that is asked for, so that a model of any size
// needs no file.
type randomWeights struct{ random *rand.Rand }

func (randomWeights) Path() string { return "random" }

func (randomWeights) Has(string) bool { return true }

func (randomWeights) Check(string, ...int) error { return nil }

func (w randomWeights) Read(dst []float32, _ string, _ ...int) error {
	for i := range dst {
		dst[i] = (w.random.Float32() - 0.5) * 0.08
	}
	return nil
}

// BenchmarkBERTBase128 computes one sequence of 128 tokens with a BERT-base of
// random weights on one thread, and after each computation measures what the same
// core can do at most: multiply-adds of the same instruction set that touch no
// memory. It reports medians of the thread's CPU time, which other processes
// disturb less than the time of day. OTAI_HF_ISA chooses the instruction set.
func BenchmarkBERTBase128(b *testing.B) {
	isa := engine.Available()[0]
	if name := os.Getenv("OTAI_HF_ISA"); name != "" {
		var err error
		if isa, err = engine.ParseISA(name); err != nil {
			b.Fatal(err)
		}
	}
	b.Run(isa.String(), func(b *testing.B) { benchmarkBERTBase(b, isa, 128) })
}

func benchmarkBERTBase(b *testing.B, isa engine.ISA, tokens int) {
	kernels, err := engine.New(isa)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	c, err := parseConfig([]byte(`{"architectures": ["BertForSequenceClassification"], "num_labels": 10}`))
	if err != nil {
		b.Fatal(err)
	}
	network, err := newBERT(b.Context(), c, kernels, engine.NewThreads(1), randomWeights{random})
	if err != nil {
		b.Fatal(err)
	}
	defer network.Close()
	ids := make([]int32, tokens)
	for i := range ids {
		ids[i] = random.Int32N(int32(c.Vocabulary))
	}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rounds := 1000
	for seconds := 0.0; seconds < 0.02; rounds *= 2 { // a peak is measured for at least so long
		start := threadTime(b)
		kernels.RunFMA(rounds)
		seconds = threadTime(b) - start
	}
	run := func() float64 {
		start := threadTime(b)
		if _, err := network.Logits(b.Context(), [][]int32{ids}); err != nil {
			b.Fatal(err)
		}
		return threadTime(b) - start
	}
	run() // the first one touches the memory for the first time

	work := operations(c, tokens)
	var seconds, speeds, peaks, ratios []float64
	for b.Loop() {
		s := run()
		start := threadTime(b)
		done := kernels.RunFMA(rounds)
		peak := float64(done) / (threadTime(b) - start)
		seconds = append(seconds, s)
		speeds = append(speeds, work/s/1e9)
		peaks = append(peaks, peak/1e9)
		ratios = append(ratios, 100*work/s/peak)
	}
	b.ReportMetric(median(seconds)*1e9, "ns/op")
	b.ReportMetric(median(seconds)*1e3, "ms")
	b.ReportMetric(median(speeds), "GFLOP/s")
	b.ReportMetric(median(peaks), "peak-GFLOP/s")
	b.ReportMetric(median(ratios), "%peak")
}

// threadTime returns how many seconds of CPU time the thread has used.
func threadTime(b *testing.B) float64 {
	const thisThread = 1 // RUSAGE_THREAD, getrusage(2)
	var u syscall.Rusage
	if err := syscall.Getrusage(thisThread, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// operations counts the multiplications and additions of the matrix products and
// of attention; what else is computed counts as nothing.
func operations(c config, tokens int) float64 {
	n, h, inner := float64(tokens), float64(c.Hidden), float64(c.Inner)
	layer := 2*n*(4*h*h+2*h*inner) + 4*n*n*h
	return float64(c.Layers)*layer + 2*h*(h+float64(len(c.Labels)))
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
