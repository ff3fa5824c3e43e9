package model_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// testdata is written by tools/hf-reference.
const testdata = "../../testdata"

// recordedModels are of every architecture, and together have every format of
// weights and every kind of tokenizer.
var recordedModels = []string{
	"cased", "uncased", "vocabulary", "half", // BERT, by record.py; the others by record_models.py
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

// tolerance is how far a logit may be from transformers'.
const tolerance = 1e-4

type recordedCase struct {
	Text      string    `json:"text"`
	IDs       []int32   `json:"ids"`
	Truncated bool      `json:"truncated"`
	Logits    []float32 `json:"logits"`
	Scores    []struct {
		Label string  `json:"label"`
		Score float64 `json:"score"`
	} `json:"scores"`
}

func recorded(t testing.TB, name string) []recordedCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, "classify_"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []recordedCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 40 {
		t.Fatalf("only %d recorded texts", len(file.Cases))
	}
	return file.Cases
}

func load(t testing.TB, folder string, isa engine.ISA, threads int) *model.Model {
	t.Helper()
	k, err := engine.New(isa)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(t.Context(), folder, k, engine.NewThreads(threads))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func eachISA(t *testing.T, f func(t *testing.T, isa engine.ISA)) {
	for _, isa := range engine.Available() {
		t.Run(isa.String(), func(t *testing.T) { f(t, isa) })
	}
}

func eachModel(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range recordedModels {
		t.Run(name, func(t *testing.T) { f(t, name) })
	}
}

func check(t *testing.T, got model.Result, want recordedCase) (difference float64) {
	t.Helper()
	if !slices.Equal(got.IDs, want.IDs) {
		t.Errorf("%q: ids %v, transformers has %v", want.Text, got.IDs, want.IDs)
		return 0
	}
	if got.Truncated != want.Truncated {
		t.Errorf("%q: truncated is %v, transformers says %v", want.Text, got.Truncated, want.Truncated)
	}
	for i, l := range want.Logits {
		difference = max(difference, math.Abs(float64(got.Logits[i]-l)))
	}
	if difference > tolerance {
		t.Errorf("%q: logits %v, transformers has %v", want.Text, got.Logits, want.Logits)
	}
	for i, s := range want.Scores {
		g := got.Scores[i]
		if g.Label != s.Label || math.Abs(g.Confidence-s.Score) > tolerance {
			t.Errorf("%q: score %d is %v, transformers has %v", want.Text, i, g, s)
		}
	}
	return difference
}

func TestOneTextAtATimeGivesTheLogitsOfTransformers(t *testing.T) {
	eachISA(t, func(t *testing.T, isa engine.ISA) {
		eachModel(t, func(t *testing.T, name string) {
			m := load(t, filepath.Join(testdata, "models", name), isa, 1)
			worst := 0.0
			for _, c := range recorded(t, name) {
				r, err := m.Classify(t.Context(), []string{c.Text})
				if err != nil {
					t.Fatal(err)
				}
				worst = max(worst, check(t, r[0], c))
			}
			t.Logf("largest difference of a logit: %.2g", worst)
		})
	})
}

func TestARaggedBatchGivesTheLogitsOfTransformers(t *testing.T) {
	eachISA(t, func(t *testing.T, isa engine.ISA) {
		eachModel(t, func(t *testing.T, name string) {
			for _, threads := range []int{1, 3} {
				m := load(t, filepath.Join(testdata, "models", name), isa, threads)
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
			}
		})
	})
}

func TestTruncatedTextsAreAmongTheRecordedOnes(t *testing.T) {
	eachModel(t, func(t *testing.T, name string) {
		n := 0
		for _, c := range recorded(t, name) {
			if c.Truncated {
				n++
			}
		}
		if n == 0 {
			t.Error("there is none")
		}
	})
}
