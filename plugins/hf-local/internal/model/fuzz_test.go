package model_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// FuzzConfigOverWeights changes keys in the configuration of a good model: it must
// be refused, or compute whatever it then means, but never crash.
func FuzzConfigOverWeights(f *testing.F) {
	folders := make([]string, len(recordedModels))
	for i, name := range recordedModels {
		folders[i] = copyModel(f, name)
	}
	for i, patch := range []string{
		`{"n_heads": 9}`, `{"pad_token_id": 7, "max_position_embeddings": 42}`, `{"type_vocab_size": 1}`, `{"hidden_act": "relu6"}`,
		`{"num_attention_heads": 11, "embedding_size": 20}`, `{"position_buckets": -1, "max_relative_positions": 16}`,
		`{"conv_groups": 2, "conv_kernel_size": 3, "num_attention_heads": 36}`, `{"share_att_key": false, "pos_att_type": "c2p"}`,
		`{"local_attention": 0, "classifier_pooling": "cls"}`, `{"layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "num_attention_heads": 16}`,
	} {
		f.Add(4+i, []byte(patch)) // the first four are of BERT
	}
	f.Fuzz(func(t *testing.T, which int, patch []byte) {
		var changes map[string]any
		if json.Unmarshal(patch, &changes) != nil || which < 0 {
			return
		}
		which %= len(folders)
		name, path := recordedModels[which], filepath.Join(folders[which], "config.json")
		text, err := os.ReadFile(filepath.Join(testdata, "models", name, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		var config map[string]any
		if err := json.Unmarshal(text, &config); err != nil {
			t.Fatal(err)
		}
		maps.Copy(config, changes)
		if text, err = json.Marshal(config); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := tryLoadNetwork(t, folders[which])
		if err != nil {
			return
		}
		defer n.Close()
		some := recorded(t, name)[:3]
		sequences := make([][]int32, len(some))
		for i, c := range some {
			sequences[i] = c.IDs[:min(len(c.IDs), n.MaxTokens)]
		}
		if _, err := n.Logits(t.Context(), sequences); err != nil {
			t.Fatal(err)
		}
	})
}
