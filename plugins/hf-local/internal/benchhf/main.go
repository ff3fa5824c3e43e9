// Command benchhf compares the engine of hf-local with ONNX Runtime, in one run.
//
// `make bench-hf` starts it. It starts itself twice more for every number of
// threads, as a worker with the engine and as one with ONNX Runtime, and lets them
// take turns: first one computes, then the other, the same tokens, so that whatever
// else the machine does meets both. What it prints are medians of the ratios of
// such pairs, the largest difference of a logit, and each worker's own figures: the
// instruction set, how long loading took with the file in the page cache, and the
// most memory that it had at once.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	var o options
	flag.StringVar(&o.folder, "model", "", "folder with model.safetensors and model.onnx of the same weights")
	flag.StringVar(&o.library, "onnxruntime", os.Getenv("OTAI_ONNXRUNTIME"), "path of libonnxruntime.so")
	flag.IntVar(&o.pairs, "pairs", 15, "how many pairs each median is of")
	flag.StringVar(&o.threads, "threads", "1,2", "numbers of threads to compare")
	flag.StringVar(&o.only, "only", "", "only the cases whose name contains this")
	flag.StringVar(&o.worker, "worker", "", "for the benchmark's own use: be this worker")
	flag.Parse()
	run := compare
	if o.worker != "" {
		run = work
	}
	if err := run(o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchhf:", err)
		os.Exit(1)
	}
}

type options struct {
	folder, library, threads, only, worker string
	pairs                                  int
}

// workload is a batch and the ratio that the engine shall stay below, by threads.
type workload struct {
	name    string
	lengths []int // tokens of each text
	target  map[int]float64
}

var workloads = []workload{
	{"batch 1, 32 tokens", []int{32}, map[int]float64{1: 1.0, 2: 1.0}},
	{"batch 1, 128 tokens", []int{128}, map[int]float64{1: 1.0, 2: 1.0}},
	{"batch 1, 256 tokens", []int{256}, map[int]float64{1: 1.05, 2: 1.15}},
	{"batch 1, 512 tokens", []int{512}, map[int]float64{1: 1.05, 2: 1.15}},
	{"batch 8, 32 to 256 tokens", []int{32, 64, 96, 128, 160, 192, 224, 256}, map[int]float64{1: 0.6, 2: 0.6}},
}

func compare(o options, _ io.Reader, out io.Writer) error {
	if o.folder == "" {
		return errors.New("-model is missing")
	}
	for _, name := range []string{"model.safetensors", "model.onnx"} {
		if err := readThrough(filepath.Join(o.folder, name)); err != nil {
			return err
		}
	}
	for _, text := range strings.Split(o.threads, ",") {
		threads, err := strconv.Atoi(text)
		if err != nil || threads < 1 {
			return fmt.Errorf("-threads: %q is not a number of threads", text)
		}
		if err := compareWith(o, threads, out); err != nil {
			return err
		}
	}
	return nil
}

// readThrough brings a file into the page cache.
func readThrough(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

func compareWith(o options, threads int, out io.Writer) error {
	own, loading, err := startLoading(o, "own", threads)
	if err != nil {
		return err
	}
	defer own.stop()
	other, otherLoading, err := startLoading(o, "onnxruntime", threads)
	if err != nil {
		return err
	}
	defer other.stop()

	fmt.Fprintf(out, "\n%d thread(s): own engine on %s; ONNX Runtime %s\n", threads, own.hello.About, other.hello.About)
	fmt.Fprintf(out, "  %-28s %9s %9s %9s %9s\n", "", "own ms", "ORT ms", "own/ORT", "target")
	random := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	for _, w := range workloads {
		if !strings.Contains(w.name, o.only) {
			continue
		}
		var ours, theirs, ratios []float64
		for i := range o.pairs + 2 {
			batch := make([][]int32, len(w.lengths))
			for k, n := range w.lengths {
				batch[k] = tokens(random, n)
			}
			a, err := own.compute(batch)
			if err != nil {
				return err
			}
			b, err := other.compute(batch)
			if err != nil {
				return err
			}
			worst = max(worst, difference(a.Logits, b.Logits))
			if i < 2 {
				continue // the first ones touch memory for the first time
			}
			ours, theirs, ratios = append(ours, a.Milliseconds), append(theirs, b.Milliseconds), append(ratios, a.Milliseconds/b.Milliseconds)
		}
		ratio, target := median(ratios), w.target[threads]
		note := ""
		if target > 0 {
			note = fmt.Sprintf("%9.2f", target)
			if ratio > target {
				note += "  missed"
			}
		}
		fmt.Fprintf(out, "  %-28s %9.1f %9.1f %9.3f %s\n", w.name, median(ours), median(theirs), ratio, note)
	}
	ourEnd, err := own.compute(nil)
	if err != nil {
		return err
	}
	theirEnd, err := other.compute(nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-28s %9.0f %9.0f\n", "loading, ms (target: 1000)", loading, otherLoading)
	fmt.Fprintf(out, "  %-28s %9d %9d\n", "peak memory, MB (target: 800)", ourEnd.PeakMB, theirEnd.PeakMB)
	fmt.Fprintf(out, "  largest difference of a logit: %.2g\n", worst)
	return nil
}

// startLoading starts a worker and returns the median time of loading of three
// that were started one after another: a virtual machine may have to ask its host
// for memory that it has not used for a while, which only the first one waits for.
func startLoading(o options, kind string, threads int) (*worker, float64, error) {
	var times []float64
	for {
		w, err := start(o, kind, threads)
		if err != nil {
			return nil, 0, err
		}
		times = append(times, w.hello.LoadMilliseconds)
		if len(times) == 3 {
			return w, median(times), nil
		}
		w.stop()
	}
}

// firstWord is the first id that is an ordinary word in every BERT vocabulary.
const firstWord = 1000

func tokens(random *rand.Rand, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = firstWord + random.Int32N(28000)
	}
	return ids
}

func difference(a, b [][]float32) float64 {
	worst := 0.0
	for i := range a {
		for j := range a[i] {
			worst = max(worst, math.Abs(float64(a[i][j]-b[i][j])))
		}
	}
	return worst
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
