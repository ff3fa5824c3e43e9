package model_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// copyModel copies a recorded model into a folder that a test may damage.
func copyModel(t testing.TB, name string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(testdata, "models", name))); err != nil {
		t.Fatal(err)
	}
	return folder
}

func tryLoad(ctx context.Context, t testing.TB, folder string) (*model.Model, error) {
	t.Helper()
	k, err := engine.New(engine.Available()[0])
	if err != nil {
		t.Fatal(err)
	}
	return model.Load(ctx, folder, k, engine.NewThreads(2))
}

func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// set returns a change of config.json that sets a key; nil removes it.
func set(t testing.TB, key string, value any) func([]byte) []byte {
	return func(text []byte) []byte {
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		m[key] = value
		if value == nil {
			delete(m, key)
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// editTensors returns a change of model.safetensors that edits the header and
// keeps the data.
func editTensors(t testing.TB, change func(map[string]any)) func([]byte) []byte {
	return func(content []byte) []byte {
		n := binary.LittleEndian.Uint64(content)
		var header map[string]any
		if err := json.Unmarshal(content[8:8+n], &header); err != nil {
			t.Fatal(err)
		}
		change(header)
		text, err := json.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
		return append(append(out, text...), content[8+n:]...)
	}
}

func TestADamagedModelIsRefusedWithFileAndField(t *testing.T) {
	const query = "bert.encoder.layer.1.attention.self.query.weight"
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(name string, f func(*testing.T) func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, folder string) { edit(t, filepath.Join(folder, name), f(t)) }
	}
	tensors := func(f func(map[string]any)) func(*testing.T, string) {
		return change("model.safetensors", func(t *testing.T) func([]byte) []byte { return editTensors(t, f) })
	}
	config := func(key string, value any) func(*testing.T, string) {
		return change("config.json", func(t *testing.T) func([]byte) []byte { return set(t, key, value) })
	}
	firstValue := func(value float32) func(*testing.T, string) {
		return change("model.safetensors", func(*testing.T) func([]byte) []byte {
			return func(content []byte) []byte {
				n := binary.LittleEndian.Uint64(content)
				binary.LittleEndian.PutUint32(content[8+n:], math.Float32bits(value))
				return content
			}
		})
	}

	tests := map[string]struct {
		damage func(*testing.T, string)
		says   []string
	}{
		"no config.json":                      {remove("config.json"), []string{"config.json", "no such file"}},
		"no weights":                          {remove("model.safetensors"), []string{"no weights", "model.safetensors, ", "pytorch_model.bin"}},
		"no tokenizer":                        {remove("tokenizer.json"), []string{"neither tokenizer.json nor vocab.txt"}},
		"truncated weights":                   {change("model.safetensors", func(*testing.T) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-5] } }), []string{"model.safetensors", "cut off", "tensor"}},
		"weights cut in the header":           {change("model.safetensors", func(*testing.T) func([]byte) []byte { return func(b []byte) []byte { return b[:100] } }), []string{"model.safetensors", "cut off"}},
		"missing tensor":                      {tensors(func(h map[string]any) { h["other"] = h[query]; delete(h, query) }), []string{"model.safetensors", query, "missing"}},
		"tensor of another shape":             {tensors(func(h map[string]any) { h[query].(map[string]any)["shape"] = []int{30, 120} }), []string{"model.safetensors", query, "[30 120]", "[60 60]"}},
		"tensor of another dtype":             {tensors(func(h map[string]any) { h[query].(map[string]any)["dtype"] = "I32" }), []string{"model.safetensors", query, "I32", "F32"}},
		"weight that is NaN":                  {firstValue(float32(math.NaN())), []string{"model.safetensors", "tensor", "value 0 is NaN"}},
		"weight that is infinite":             {firstValue(float32(math.Inf(-1))), []string{"model.safetensors", "tensor", "value 0 is -Inf"}},
		"unknown architecture":                {config("architectures", []string{"T5ForConditionalGeneration"}), []string{"config.json", "architectures", "T5ForConditionalGeneration", "supported are BertForSequenceClassification, "}},
		"more labels than the classifier has": {config("id2label", map[string]string{"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"}), []string{"classifier.weight", "[4 60]", "[5 60]", "id2label in config.json has 5 labels"}},
		"id2label and num_labels differ":      {config("num_labels", 9), []string{"config.json", "num_labels", "id2label"}},
		"more layers than there are":          {config("num_hidden_layers", 4), []string{"bert.encoder.layer.3.", "missing"}},
		"vocabulary below the tokenizer's":    {config("vocab_size", 100), []string{"tokenizer.json", "419", "vocab_size", "100"}},
		"vocabulary above the weights'":       {config("vocab_size", 10000), []string{"model.safetensors", "word_embeddings", "[10000 60]"}},
		"positions above the weights'":        {config("max_position_embeddings", 512), []string{"position_embeddings", "[512 60]"}},
		"a pointer of Git LFS": {change("model.safetensors", func(*testing.T) func([]byte) []byte {
			return func([]byte) []byte {
				return []byte("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n")
			}
		}), []string{"model.safetensors is only a pointer", "git lfs pull"}},
		"a kind of quantization": {config("quantization_config", map[string]string{"quant_method": "gptq"}), []string{"config.json", "quantization_config", "gptq"}},
		"one position":           {config("max_position_embeddings", 1), []string{"max_position_embeddings", "special tokens"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			folder := copyModel(t, "cased")
			c.damage(t, folder)
			m, err := tryLoad(t.Context(), t, folder)
			if err == nil {
				m.Close()
				t.Fatal("no error")
			}
			for _, s := range append(c.says, folder) {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func TestAResultThatIsNoNumberIsAnErrorThatNamesTheModel(t *testing.T) {
	folder := copyModel(t, "cased")
	edit(t, filepath.Join(folder, "model.safetensors"), func(content []byte) []byte {
		n := binary.LittleEndian.Uint64(content)
		for i := int(8 + n); i+4 <= len(content); i += 4 {
			v := math.Float32frombits(binary.LittleEndian.Uint32(content[i:]))
			binary.LittleEndian.PutUint32(content[i:], math.Float32bits(v*1e30))
		}
		return content
	})
	m, err := tryLoad(t.Context(), t, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Classify(t.Context(), []string{"printer"}); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("error is %v", err)
	}
}

func TestNormsCalledGammaAndBetaAreRead(t *testing.T) {
	folder := copyModel(t, "cased")
	edit(t, filepath.Join(folder, "model.safetensors"), editTensors(t, func(h map[string]any) {
		for name, tensor := range h {
			old := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace(name)
			if old != name {
				delete(h, name)
				h[old] = tensor
			}
		}
	}))
	m := load(t, folder, engine.Available()[0], 1)
	c := recorded(t, "cased")[0]
	r, err := m.Classify(t.Context(), []string{c.Text})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r[0], c)
}

func TestClassifyingEndsWithItsContext(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "cased"), engine.Available()[0], 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Classify(ctx, []string{"printer"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := m.Classify(t.Context(), []string{"printer"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestLoadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tryLoad(ctx, t, filepath.Join(testdata, "models", "cased")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestNoTextsGiveNoResults(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "cased"), engine.Available()[0], 2)
	if r, err := m.Classify(t.Context(), nil); err != nil || len(r) != 0 {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestABatchLargerThanOneComputationKeepsItsOrder(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "cased"), engine.Available()[0], 2)
	cases := recorded(t, "cased")
	var texts []string
	for range 8 { // about 8,000 tokens
		for _, c := range cases {
			texts = append(texts, c.Text)
		}
	}
	results, err := m.Classify(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		check(t, r, cases[i%len(cases)])
	}
}

func TestConcurrentCallsGetTheirOwnResults(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "cased"), engine.Available()[0], 2)
	cases := recorded(t, "cased")
	var calls sync.WaitGroup
	for worker := range 6 {
		calls.Go(func() {
			for i := range 30 {
				first := (worker*7 + i) % (len(cases) - 3)
				some := cases[first : first+1+i%3]
				texts := make([]string, len(some))
				for k, c := range some {
					texts[k] = c.Text
				}
				results, err := m.Classify(context.Background(), texts)
				if err != nil {
					t.Error(err)
					return
				}
				for k, c := range some {
					check(t, results[k], c)
				}
			}
		})
	}
	calls.Wait()
}

func TestTheSameTextGivesTheSameResultAloneAndInABatch(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "uncased"), engine.Available()[0], 1)
	texts := []string{"Mein Drucker druckt nicht", "", "reset my password"}
	together, err := m.Classify(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		alone, err := m.Classify(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone[0].Logits, together[i].Logits) {
			t.Errorf("%q: %v alone, %v in a batch", text, alone[0].Logits, together[i].Logits)
		}
	}
}

// FuzzWeights damages one byte run of a good file: it must load or be refused,
// and whatever loads must answer or fail, but never crash.
func FuzzWeights(f *testing.F) {
	good, err := os.ReadFile(filepath.Join(testdata, "models", "half", "model.safetensors"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{1})
	f.Add(9, []byte(`"x":null`))
	f.Add(300, []byte("[9]"))
	f.Add(len(good)-100, []byte{0, 0x7c})
	f.Fuzz(func(t *testing.T, at int, junk []byte) {
		content := bytes.Clone(good)
		if at < 0 || at > len(content) {
			return
		}
		copy(content[at:], junk)
		folder := copyModel(t, "half")
		if err := os.WriteFile(filepath.Join(folder, "model.safetensors"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := tryLoad(t.Context(), t, folder)
		if err != nil {
			return
		}
		defer m.Close()
		_, _ = m.Classify(t.Context(), []string{"printer", ""})
	})
}

// endsAfter is a context that is found to have ended when it was asked often
// enough.
type endsAfter struct {
	context.Context
	asked, limit int
}

func (c *endsAfter) Err() error {
	if c.asked++; c.asked > c.limit {
		return context.Canceled
	}
	return nil
}

func TestARunningComputationEndsBetweenTwoLayers(t *testing.T) {
	m := load(t, filepath.Join(testdata, "models", "cased"), engine.Available()[0], 1)
	whole := &endsAfter{Context: t.Context(), limit: math.MaxInt}
	if _, err := m.Classify(whole, []string{"printer"}); err != nil {
		t.Fatal(err)
	}
	const layers = 3
	if whole.asked < layers+1 {
		t.Fatalf("the context was asked %d times for %d layers", whole.asked, layers)
	}
	last := &endsAfter{Context: t.Context(), limit: whole.asked - 1} // ends before the last layer
	if _, err := m.Classify(last, []string{"printer"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
