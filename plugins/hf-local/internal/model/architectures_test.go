package model_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// recordedNetworks are written by tools/hf-reference/record_models.py: every
// architecture, and together every format of weights.
var recordedNetworks = []string{
	"distilbert",      // pytorch_model.bin of torch before 1.6
	"roberta",         // safetensors in parts; the padding token in texts
	"xlm_roberta",     // BF16; independent labels
	"camembert",       // pytorch_model.bin; a regression, an activation without a kernel
	"electra",         // F16; narrower embeddings
	"deberta_v3",      // buckets, shared projections
	"deberta_v2",      // pytorch_model.bin in parts; a convolution in groups
	"deberta_plain",   // own projections, distances beyond the largest, absolute positions, narrower embeddings
	"modernbert_mean", // the mean is classified; biases everywhere; sequences of many windows
	"modernbert_cls",  // the first token is classified; no biases
}

func loadNetwork(t testing.TB, folder string, isa engine.ISA, threads int) *model.Network {
	t.Helper()
	k, err := engine.New(isa)
	if err != nil {
		t.Fatal(err)
	}
	n, err := model.LoadNetwork(t.Context(), folder, k, engine.NewThreads(threads))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func eachNetwork(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range append(recordedNetworks, recordedModels...) {
		t.Run(name, func(t *testing.T) { f(t, name) })
	}
}

// checkLogits compares the logits and the scores of one text.
func checkLogits(t *testing.T, n *model.Network, logits []float32, want recordedCase) (difference float64) {
	t.Helper()
	if len(logits) != len(want.Logits) {
		t.Fatalf("%q: %d logits, transformers has %d", want.Text, len(logits), len(want.Logits))
	}
	for i, l := range want.Logits {
		difference = max(difference, math.Abs(float64(logits[i]-l)))
	}
	if !(difference <= tolerance) {
		t.Errorf("%q: logits %v, transformers has %v", want.Text, logits, want.Logits)
	}
	for i, s := range n.Scores(logits) {
		if w := want.Scores[i]; s.Label != w.Label || !(math.Abs(s.Confidence-w.Score) <= tolerance) {
			t.Errorf("%q: score %d is %v, transformers has %v", want.Text, i, s, w)
		}
	}
	return difference
}

func TestEveryArchitectureGivesTheLogitsOfTransformers(t *testing.T) {
	eachISA(t, func(t *testing.T, isa engine.ISA) {
		eachNetwork(t, func(t *testing.T, name string) {
			n := loadNetwork(t, filepath.Join(testdata, "models", name), isa, 1)
			worst, longest, truncated := 0.0, 0, 0
			for _, c := range recorded(t, name) {
				logits, err := n.Logits(t.Context(), [][]int32{c.IDs})
				if err != nil {
					t.Fatal(err)
				}
				worst = max(worst, checkLogits(t, n, logits[0], c))
				longest = max(longest, len(c.IDs))
				if c.Truncated {
					truncated++
				}
			}
			t.Logf("largest difference of a logit: %.2g", worst)
			if longest != n.MaxTokens {
				t.Errorf("transformers truncates to %d tokens, this to %d", longest, n.MaxTokens)
			}
			if truncated == 0 {
				t.Error("no text is truncated")
			}
		})
	})
}

func TestEveryArchitectureComputesRaggedBatches(t *testing.T) {
	eachISA(t, func(t *testing.T, isa engine.ISA) {
		eachNetwork(t, func(t *testing.T, name string) {
			n := loadNetwork(t, filepath.Join(testdata, "models", name), isa, 3)
			cases := recorded(t, name)
			sequences := make([][]int32, len(cases))
			for i, c := range cases {
				sequences[i] = c.IDs
			}
			logits, err := n.Logits(t.Context(), sequences)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cases {
				checkLogits(t, n, logits[i], c)
			}
		})
	})
}

func TestTextsGiveTheScoresOfTransformersWithEveryArchitecture(t *testing.T) {
	for _, name := range recordedNetworks {
		t.Run(name, func(t *testing.T) {
			m := load(t, filepath.Join(testdata, "models", name), engine.Available()[0], 2)
			cases := recorded(t, name)
			texts := make([]string, len(cases))
			for i, c := range cases {
				texts[i] = c.Text
			}
			results, err := m.Classify(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cases {
				check(t, results[i], c)
			}
		})
	}
}
