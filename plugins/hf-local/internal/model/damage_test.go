package model_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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

func tryLoadNetwork(t testing.TB, folder string) (*model.Network, error) {
	t.Helper()
	k, err := engine.New(engine.Available()[0])
	if err != nil {
		t.Fatal(err)
	}
	return model.LoadNetwork(t.Context(), folder, k, engine.NewThreads(2))
}

// refused loads a model that can't be used and checks what the error says.
func refused(t *testing.T, folder string, says ...string) {
	t.Helper()
	n, err := tryLoadNetwork(t, folder)
	if err == nil {
		n.Close()
		t.Fatal("no error")
	}
	for _, s := range append(says, folder) {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q doesn't say %q", err, s)
		}
	}
}

func header(t testing.TB, content []byte) map[string]any {
	t.Helper()
	var h map[string]any
	if err := json.Unmarshal(content[8:8+binary.LittleEndian.Uint64(content)], &h); err != nil {
		t.Fatal(err)
	}
	delete(h, "__metadata__")
	return h
}

// safetensorsNetworks have their weights in one file of that format.
var safetensorsNetworks = []string{"uncased", "xlm_roberta", "electra", "deberta_v3", "deberta_plain", "modernbert_mean", "modernbert_cls"}

func TestEveryTensorIsDemandedInItsShapeAndWithNumbers(t *testing.T) {
	networks := []string{"uncased", "electra", "deberta_plain", "modernbert_mean"} // every kind of tensor
	if os.Getenv("OTAI_TEST_ALL") != "" {
		networks = safetensorsNetworks
	}
	for _, name := range networks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := copyModel(t, name)
			path := filepath.Join(folder, "model.safetensors")
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write := func(content []byte) {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			dataStart := 8 + int(binary.LittleEndian.Uint64(good))
			for tensor, described := range header(t, good) {
				d := described.(map[string]any)
				write(editTensors(t, func(h map[string]any) { h["another"] = h[tensor]; delete(h, tensor) })(good))
				refused(t, folder, "model.safetensors", tensor, "missing")

				write(editTensors(t, func(h map[string]any) {
					h[tensor].(map[string]any)["shape"] = append([]any{1}, d["shape"].([]any)...)
				})(good))
				refused(t, folder, "model.safetensors", tensor, "shape [1 ")

				damaged := slices.Clone(good)
				at := dataStart + int(d["data_offsets"].([]any)[0].(float64))
				infinity := map[string][]byte{"F32": {0, 0, 0x80, 0x7f}, "F16": {0, 0x7c}, "BF16": {0x80, 0x7f}}[d["dtype"].(string)]
				copy(damaged[at:], infinity)
				write(damaged)
				refused(t, folder, "model.safetensors", tensor, "value 0 is +Inf")
			}
		})
	}
}

func TestAnotherCountOfLabelsIsRefusedByTheClassifier(t *testing.T) {
	eachModel(t, func(t *testing.T, name string) {
		folder := copyModel(t, name)
		edit(t, filepath.Join(folder, "config.json"), set(t, "id2label", nil))
		edit(t, filepath.Join(folder, "config.json"), set(t, "num_labels", 7))
		refused(t, folder, "classifier", "[7 ")
	})
}

func TestNamesThatTransformersAcceptsAreFound(t *testing.T) {
	tests := map[string]func(name string) string{
		"a bare encoder's": func(name string) string {
			for _, base := range []string{"bert.", "roberta.", "electra.", "deberta.", "model."} {
				name = strings.TrimPrefix(name, base)
			}
			return name
		},
		"of the first TensorFlow releases": func(name string) string {
			return strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace(name)
		},
	}
	for what, rename := range tests {
		t.Run(what, func(t *testing.T) {
			for _, name := range safetensorsNetworks {
				folder := copyModel(t, name)
				edit(t, filepath.Join(folder, "model.safetensors"), editTensors(t, func(h map[string]any) {
					for old, tensor := range maps.Clone(h) {
						delete(h, old)
						h[rename(old)] = tensor
					}
				}))
				n := loadNetwork(t, folder, engine.Available()[0], 1)
				c := recorded(t, name)[0]
				logits, err := n.Logits(t.Context(), [][]int32{c.IDs})
				if err != nil {
					t.Fatal(err)
				}
				checkLogits(t, n, logits[0], c)
			}
		})
	}
}

func TestKeysOfOlderReleasesAreRead(t *testing.T) {
	tests := map[string]struct {
		model string
		keys  map[string]any
	}{
		"ModernBERT's layers and thetas": {"modernbert_cls", map[string]any{
			"layer_types": nil, "rope_parameters": nil, "global_attn_every_n_layers": 2, "global_rope_theta": 80000.0, "local_rope_theta": 500,
		}},
		"the usual names in DistilBERT": {"distilbert", map[string]any{
			"dim": nil, "n_heads": nil, "n_layers": nil, "hidden_size": 36, "num_attention_heads": 3, "num_hidden_layers": 2,
		}},
		"DeBERTa's parts in one text": {"deberta_v3", map[string]any{"pos_att_type": "P2C|c2p", "max_relative_positions": nil}},
		"num_labels beside id2label":  {"roberta", map[string]any{"num_labels": 3}},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			folder := copyModel(t, c.model)
			for key, value := range c.keys {
				edit(t, filepath.Join(folder, "config.json"), set(t, key, value))
			}
			n := loadNetwork(t, folder, engine.Available()[0], 1)
			for _, recorded := range recorded(t, c.model) {
				logits, err := n.Logits(t.Context(), [][]int32{recorded.IDs})
				if err != nil {
					t.Fatal(err)
				}
				checkLogits(t, n, logits[0], recorded)
			}
		})
	}
}

func TestWeightsInPartsThatDoNotFitAreRefused(t *testing.T) {
	const safe, torch = "model.safetensors.index.json", "pytorch_model.bin.index.json"
	replace := func(old, new string) func([]byte) []byte {
		return func(text []byte) []byte { return []byte(strings.ReplaceAll(string(text), old, new)) }
	}
	whole := func(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }
	tests := map[string]struct {
		model, file string
		change      func([]byte) []byte
		says        []string
	}{
		"a part is missing":                  {"roberta", safe, replace("-00002-", "-00003-"), []string{safe, "model-00003-of-00002.safetensors", "no such file"}},
		"a part of another folder":           {"roberta", safe, replace("model-00002-", "../model-00002-"), []string{safe, "../model-00002-of-00002.safetensors", "not in this folder"}},
		"a part by an absolute path":         {"roberta", safe, replace("model-00002-", "/etc/model-00002-"), []string{safe, "not in this folder"}},
		"the folder itself":                  {"roberta", safe, whole(`{"weight_map": {"w": ".."}}`), []string{safe, `".."`}},
		"a part without a name":              {"roberta", safe, whole(`{"weight_map": {"w": ""}}`), []string{safe, `""`}},
		"no JSON":                            {"roberta", safe, whole(`{`), []string{safe, "not JSON"}},
		"no list":                            {"roberta", safe, whole(`{"metadata": {}}`), []string{safe, "weight_map"}},
		"a number instead of a part":         {"roberta", safe, whole(`{"weight_map": {"w": 1}}`), []string{safe, "weight_map", "number"}},
		"a tensor that no part is named for": {"roberta", safe, replace("classifier.dense.bias", "classifier.other"), []string{safe, "classifier.dense.bias", "missing"}},
		"a tensor that its part lacks":       {"roberta", "model-00001-of-00002.safetensors", editTensors(t, func(h map[string]any) { h["other"] = h["classifier.dense.bias"]; delete(h, "classifier.dense.bias") }), []string{"model-00001-of-00002.safetensors", "classifier.dense.bias", "missing"}},
		"a damaged part":                     {"roberta", "model-00002-of-00002.safetensors", whole("x"), []string{safe, "model-00002-of-00002.safetensors", "cut off"}},
		"a missing part of torch":            {"deberta_v2", torch, replace("-00002-", "-00003-"), []string{torch, "pytorch_model-00003-of-00002.bin", "no such file"}},
		"a damaged part of torch":            {"deberta_v2", "pytorch_model-00002-of-00002.bin", func(b []byte) []byte { return b[:5000] }, []string{torch, "pytorch_model-00002-of-00002.bin", "cut off"}},
		"a damaged pytorch_model.bin":        {"camembert", "pytorch_model.bin", func(b []byte) []byte { return b[:5000] }, []string{"pytorch_model.bin", "cut off"}},
		"an old pytorch_model.bin, cut off":  {"distilbert", "pytorch_model.bin", func(b []byte) []byte { return b[:len(b)-4] }, []string{"pytorch_model.bin", "cut off"}},
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			folder := copyModel(t, c.model)
			edit(t, filepath.Join(folder, c.file), c.change)
			refused(t, folder, c.says...)
		})
	}
}

func TestWeightsAreTakenInTheOrderOfTransformers(t *testing.T) {
	folder := copyModel(t, "roberta")
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, err := tryLoadNetwork(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
	if err := os.WriteFile(filepath.Join(folder, "model.safetensors"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, folder, "model.safetensors: ")
}

// TestMoreWeightsThanMemoryAreRefused has a file of holes that claims to be larger
// than any machine's memory.
func TestMoreWeightsThanMemoryAreRefused(t *testing.T) {
	folder := copyModel(t, "uncased")
	const vocabulary, hidden = 1 << 20, 1 << 18 // a terabyte of embeddings
	config := filepath.Join(folder, "config.json")
	for key, value := range map[string]any{
		"vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": 1, "num_hidden_layers": 1, "num_attention_heads": 1,
	} {
		edit(t, config, set(t, key, value))
	}
	path := filepath.Join(folder, "model.safetensors")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors, at := map[string]any{}, 0
	for name, described := range header(t, content) {
		if strings.Contains(name, "layer.1.") {
			continue
		}
		shape, bytes := []int{}, 4
		for _, n := range described.(map[string]any)["shape"].([]any) {
			size := int(n.(float64))
			switch { // the widths of the recorded model
			case strings.Contains(name, "word_embeddings") && size > 100:
				size = vocabulary
			case size == 48:
				size = hidden
			case size == 96:
				size = 1
			}
			shape = append(shape, size)
			bytes *= size
		}
		tensors[name] = map[string]any{"dtype": "F32", "shape": shape, "data_offsets": []int{at, at + bytes}}
		at += bytes
	}
	text, err := json.Marshal(tensors)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(8+len(text)+at)); err != nil {
		t.Skipf("no file can have %d bytes here: %v", at, err)
	}
	refused(t, folder, "model.safetensors", "MB of memory", "available")
}

func TestEveryNetworkEndsBetweenTwoLayers(t *testing.T) {
	eachModel(t, func(t *testing.T, name string) {
		n := loadNetwork(t, filepath.Join(testdata, "models", name), engine.Available()[0], 1)
		ids := [][]int32{recorded(t, name)[0].IDs}
		whole := &endsAfter{Context: t.Context(), limit: math.MaxInt}
		if _, err := n.Logits(whole, ids); err != nil {
			t.Fatal(err)
		}
		if whole.asked < 3 {
			t.Fatalf("the context was asked %d times", whole.asked)
		}
		last := &endsAfter{Context: t.Context(), limit: whole.asked - 1}
		if _, err := n.Logits(last, ids); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestLoadingEveryNetworkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k, err := engine.New(engine.Available()[0])
	if err != nil {
		t.Fatal(err)
	}
	eachModel(t, func(t *testing.T, name string) {
		if _, err := model.LoadNetwork(ctx, filepath.Join(testdata, "models", name), k, engine.NewThreads(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestEveryNetworkServesConcurrentCalls(t *testing.T) {
	eachModel(t, func(t *testing.T, name string) {
		n := loadNetwork(t, filepath.Join(testdata, "models", name), engine.Available()[0], 2)
		cases := recorded(t, name)
		var calls sync.WaitGroup
		for worker := range 4 {
			calls.Go(func() {
				for i := range 4 {
					some := cases[worker*4+i:][:1+i%3]
					sequences := make([][]int32, len(some))
					for k, c := range some {
						sequences[k] = c.IDs
					}
					logits, err := n.Logits(context.Background(), sequences)
					if err != nil {
						t.Error(err)
						return
					}
					for k, c := range some {
						checkLogits(t, n, logits[k], c)
					}
				}
			})
		}
		calls.Wait()
	})
}

func TestAnArchitectureThatIsNotSupportedIsToldWhichAre(t *testing.T) {
	for _, name := range []string{"BertForMaskedLM", "DebertaForSequenceClassification", "LlamaForSequenceClassification", "BertModel"} {
		folder := copyModel(t, "uncased")
		edit(t, filepath.Join(folder, "config.json"), set(t, "architectures", []string{name}))
		refused(t, folder, "config.json", "architectures", name,
			"BertForSequenceClassification", "CamembertForSequenceClassification", "DebertaV2ForSequenceClassification",
			"DistilBertForSequenceClassification", "ElectraForSequenceClassification", "ModernBertForSequenceClassification",
			"RobertaForSequenceClassification", "XLMRobertaForSequenceClassification")
	}
}

func TestKeysThatCannotBeComputedAreRefused(t *testing.T) {
	tests := []struct {
		model, key string
		value      any
		says       string
	}{
		{"roberta", "pad_token_id", nil, ""},
		{"roberta", "pad_token_id", 60, "max_position_embeddings 42"},
		{"roberta", "pad_token_id", -1, "pad_token_id is -1"},
		{"roberta", "type_vocab_size", 0, "type_vocab_size is 0"},
		{"electra", "embedding_size", 21, "[360 21]"},
		{"deberta_v2", "conv_kernel_size", 4, "conv_kernel_size is 4"},
		{"deberta_v2", "conv_groups", 5, "conv_groups 5"},
		{"deberta_v2", "conv_act", "prelu", "conv_act"},
		{"deberta_v3", "pooler_hidden_size", 99, "pooler_hidden_size is 99"},
		{"deberta_v3", "attention_head_size", 99, "attention_head_size is 99"},
		{"deberta_v3", "position_buckets", 2, "position_buckets 2"},
		{"deberta_v3", "position_buckets", 500, "position_buckets 500"},
		{"deberta_v3", "pos_att_type", 5, "pos_att_type is a number"},
		{"deberta_v3", "norm_rel_ebd", 5, "norm_rel_ebd is a number"},
		{"modernbert_cls", "classifier_pooling", "max", "classifier_pooling"},
		{"modernbert_cls", "num_attention_heads", 32, "odd width"},
		{"modernbert_cls", "head_dim", 5, "head_dim is 5"},
		{"modernbert_cls", "layer_types", []string{"full_attention"}, "layer_types has 1 entries"},
		{"modernbert_cls", "layer_types", []string{"full_attention", "full_attention", "odd"}, `"odd"`},
		{"modernbert_cls", "rope_parameters", map[string]any{"full_attention": map[string]any{"rope_type": "yarn"}}, "yarn"},
		{"modernbert_cls", "rope_parameters", map[string]any{"full_attention": map[string]any{"rope_theta": -1}}, "rope_theta"},
		{"modernbert_cls", "rope_scaling", map[string]any{"factor": 2}, "rope_scaling"},
		{"modernbert_cls", "num_hidden_layers", 1_000_000, "layer"},
		{"distilbert", "activation", "nothing", "activation is \"nothing\""},
		{"distilbert", "n_heads", 7, "num_attention_heads 7"},
	}
	for _, c := range tests {
		t.Run(fmt.Sprintf("%s of %v", c.key, c.value), func(t *testing.T) {
			folder := copyModel(t, c.model)
			change := set(t, c.key, c.value)
			if c.value == nil {
				change = func(text []byte) []byte {
					return []byte(strings.Replace(string(text), fmt.Sprintf("%q: 1", c.key), fmt.Sprintf("%q: null", c.key), 1))
				}
			}
			edit(t, filepath.Join(folder, "config.json"), change)
			refused(t, folder, c.key, c.says)
		})
	}
}
