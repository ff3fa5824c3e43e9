package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
	Problem      problem
	Labels       []string

	Names    names // of the tensors, in the BERT family
	Head     activation
	Padding  int             // RoBERTa: the id whose tokens have no position, and the number of that position; else -1
	Relative *relativeConfig // DeBERTa
	Modern   *modernConfig   // ModernBERT
}

// problem is problem_type: how logits become scores.
type problem string

const (
	unspecified problem = ""
	regression  problem = "regression"
	singleLabel problem = "single_label_classification"
	multiLabel  problem = "multi_label_classification"
)

// maxTokens is the longest sequence that the model reads. RoBERTa counts
// positions from the one after that of padding.
func (c config) maxTokens() int { return c.Positions - c.Padding - 1 }

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

// labels reads the problem and the labels by class. Without id2label they are
// LABEL_0, LABEL_1 and so on, two of them unless num_labels says otherwise;
// label2id alone counts for nothing, as in transformers.
func (k *keys) labels(c *config) {
	c.Problem = problem(k.text("problem_type", ""))
	switch c.Problem {
	case unspecified, regression, singleLabel, multiLabel:
	default:
		k.fail("problem_type is %.200q; it can be %s, %s or %s", c.Problem, regression, singleLabel, multiLabel)
	}
	count := k.count(2, "num_labels")
	var byKey map[string]json.RawMessage
	if !k.read("id2label", &byKey) {
		for i := range count {
			c.Labels = append(c.Labels, "LABEL_"+strconv.Itoa(i))
		}
		return
	}
	var err error
	if c.Labels, err = labelsByID(byKey); err != nil {
		k.fail("id2label %w", err)
	}
	if k.has("num_labels") && count != len(byKey) {
		k.fail("num_labels is %d, but id2label has %d labels", count, len(byKey))
	}
}

func labelsByID(byKey map[string]json.RawMessage) ([]string, error) {
	if len(byKey) == 0 {
		return nil, errors.New("has no labels")
	}
	labels, found := make([]string, len(byKey)), make([]bool, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		value := byKey[key]
		id, err := strconv.Atoi(strings.TrimSpace(key))
		if err != nil || id < 0 {
			return nil, fmt.Errorf("has the key %.200q, which is no class", key)
		}
		if id >= len(labels) {
			continue // then there is a gap
		}
		var label any
		if err := json.Unmarshal(value, &label); err != nil {
			return nil, err
		}
		switch label := label.(type) {
		case string:
			labels[id] = label
		case float64, bool:
			labels[id] = string(value)
		default:
			return nil, fmt.Errorf("has the label %.80s for %d, which is no text", value, id)
		}
		// A label becomes the name of a queue, and is shown to people.
		switch label := labels[id]; {
		case strings.TrimSpace(label) == "":
			return nil, fmt.Errorf("has an empty label for %d; give it a name in config.json", id)
		case strings.ContainsFunc(label, unicode.IsControl):
			return nil, fmt.Errorf("has the label %.80q for %d, which has a control character in it; give it another name in config.json", label, id)
		}
		found[id] = true
	}
	if gap := slices.Index(found, false); gap >= 0 {
		return nil, fmt.Errorf("has %d labels, but none for %d", len(byKey), gap)
	}
	return labels, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func list(names []string) string { return strings.Join(names, ", ") }
