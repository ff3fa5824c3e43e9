package model_test

import (
	"math"
	"path/filepath"
	"strings"
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

// difference is the largest one between two of the same place.
func difference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	largest := 0.0
	for i := range a {
		if d := math.Abs(float64(a[i] - b[i])); !(d <= largest) { // NaN counts
			largest = d
		}
	}
	return largest
}

// checkLogits compares the logits and the scores of one text, and returns how far
// the logits are apart.
func checkLogits(t *testing.T, n *model.Network, logits []float32, want recordedCase) float64 {
	t.Helper()
	apart := difference(logits, want.Logits)
	if !(apart <= tolerance) {
		t.Errorf("%q: logits %v, transformers has %v", want.Text, logits, want.Logits)
	}
	for i, s := range n.Scores(logits) {
		if w := want.Scores[i]; s.Label != w.Label || !(math.Abs(s.Confidence-w.Score) <= tolerance) {
			t.Errorf("%q: score %d is %v, transformers has %v", want.Text, i, s, w)
		}
	}
	return apart
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

// TestTheShorterOfTheTwoLimitsCounts has tokenizer_config.json say another limit
// than the positions in config.json allow.
func TestTheShorterOfTheTwoLimitsCounts(t *testing.T) {
	tests := map[string]struct {
		model string
		limit any // model_max_length
		want  int // tokens
	}{
		"RoBERTa, more than there are positions":  {"roberta", 512, 40},
		"RoBERTa, no limit":                       {"roberta", 1e30, 40},
		"RoBERTa, none said":                      {"roberta", nil, 40},
		"RoBERTa, fewer":                          {"roberta", 20, 20},
		"BERT, more than there are positions":     {"uncased", 41, 40},
		"DeBERTa, no limit":                       {"deberta_v3", 1e30, 90},
		"DeBERTa, fewer":                          {"deberta_v3", 33, 33},
		"ModernBERT, more than it was made for":   {"modernbert_cls", 8192, 300},
		"ModernBERT, fewer":                       {"modernbert_cls", 100, 100},
		"the special tokens and nothing but them": {"roberta", 2, 2},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			folder := copyModel(t, c.model)
			edit(t, filepath.Join(folder, "tokenizer_config.json"), set(t, "model_max_length", c.limit))
			m := load(t, folder, engine.Available()[0], 1)
			text := strings.Repeat("printer ", 400)
			results, err := m.Classify(t.Context(), []string{text, "printer"})
			if err != nil {
				t.Fatal(err)
			}
			ids, short := results[0].IDs, results[1].IDs
			if len(ids) != c.want || !results[0].Truncated {
				t.Errorf("%d tokens, truncated is %v; want %d", len(ids), results[0].Truncated, c.want)
			}
			if ids[0] != short[0] || ids[len(ids)-1] != short[len(short)-1] {
				t.Errorf("the special tokens of %v are not those of %v", ids, short)
			}
		})
	}
}
