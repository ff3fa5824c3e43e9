package model_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

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
