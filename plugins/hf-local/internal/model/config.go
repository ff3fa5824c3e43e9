package model

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// config is what is used of config.json.
type config struct {
	Architecture string
	Hidden       int
	Embedding    int // width of the embeddings, from which they are projected to Hidden
	Inner        int // width of the feed-forward layers
	Heads        int
	Layers       int
	Vocabulary   int
	Positions    int
	Types        int // 0: the model has no embeddings of types
	Epsilon      float32
	Activation   activation
	ProblemType  problemType
	Labels       []string

	Names    names // of the tensors, in the BERT family
	Head     activation
	Padding  int             // RoBERTa: the id whose tokens have no position, and the number of that position; else -1
	Relative *relativeConfig // DeBERTa
	Modern   *modernConfig   // ModernBERT
}

// maxTokens is the longest sequence that the model reads. RoBERTa counts
// positions from the one after that of padding.
func (c config) maxTokens() int { return c.Positions - c.Padding - 1 }

// Labels returns what the model in folder can answer, in its own order, by config.json alone.
func Labels(folder string) ([]string, error) {
	c, err := readConfig(folder)
	return c.Labels, err
}

func readConfig(folder string) (config, error) {
	path := filepath.Join(folder, "config.json")
	text, err := modelfile.Read(path)
	if err != nil {
		return config{}, fmt.Errorf("reading the model's configuration: %w", err)
	}
	c, err := parseConfig(text)
	if err != nil {
		return config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func parseConfig(text []byte) (config, error) {
	k, err := parseKeys(text)
	if err != nil {
		return config{}, err
	}
	var named []string
	k.read("architectures", &named)
	if k.err != nil {
		return config{}, k.err
	}
	if len(named) != 1 || architectures[named[0]] == nil {
		return config{}, fmt.Errorf("architectures is %.100q; supported are %s", named[:min(len(named), 5)], list(sortedKeys(architectures)))
	}
	c := config{Architecture: named[0], Padding: -1}
	architectures[named[0]](k, &c)
	k.labels(&c)
	if k.has("quantization_config") {
		k.fail("quantization_config is %.200s; supported is none", k.values["quantization_config"])
	}
	if k.err == nil && c.Hidden%c.Heads != 0 {
		k.fail("hidden_size %d is not a multiple of num_attention_heads %d", c.Hidden, c.Heads)
	}
	if k.err == nil && c.Layers > maxLayers {
		k.fail("the number of layers is %d, which it can't be", c.Layers)
	}
	return c, k.err
}

// maxLayers bounds what is allocated before the weights are looked at.
const maxLayers = 1000

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func list(names []string) string { return strings.Join(names, ", ") }
