package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// config is what is used of config.json.
type config struct {
	Architecture string
	Hidden       int
	Inner        int // width of the feed-forward layers
	Heads        int
	Layers       int
	Vocabulary   int
	Positions    int
	Types        int
	Epsilon      float32
	Activation   engine.Activation
	Problem      problem
	Labels       []string
}

// problem is problem_type: how logits become scores.
type problem string

const (
	unspecified problem = ""
	regression  problem = "regression"
	singleLabel problem = "single_label_classification"
	multiLabel  problem = "multi_label_classification"
)

// supported are the architectures that Load knows.
var supported = []string{"BertForSequenceClassification"}

var activations = map[string]engine.Activation{
	"gelu":              engine.GELU,
	"gelu_python":       engine.GELU,
	"gelu_new":          engine.GELUTanh,
	"gelu_fast":         engine.GELUTanh,
	"gelu_accurate":     engine.GELUTanh,
	"gelu_pytorch_tanh": engine.GELUTanh,
	"gelu_python_tanh":  engine.GELUTanh,
	"quick_gelu":        engine.QuickGELU,
	"relu":              engine.ReLU,
	"silu":              engine.SiLU,
	"swish":             engine.SiLU,
	"tanh":              engine.Tanh,
	"linear":            engine.Identity,
}

// maxWidth bounds every width and count, so that products of three of them can't
// overflow. The largest known model is far below.
const maxWidth = 1 << 20

func readConfig(folder string) (config, error) {
	path := filepath.Join(folder, "config.json")
	text, err := os.ReadFile(path)
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
	// The defaults are those of transformers' BertConfig, which leaves a value
	// out when it equals its default.
	file := struct {
		Architectures []string          `json:"architectures"`
		Hidden        int               `json:"hidden_size"`
		Inner         int               `json:"intermediate_size"`
		Heads         int               `json:"num_attention_heads"`
		Layers        int               `json:"num_hidden_layers"`
		Vocabulary    int               `json:"vocab_size"`
		Positions     int               `json:"max_position_embeddings"`
		Types         int               `json:"type_vocab_size"`
		Epsilon       float64           `json:"layer_norm_eps"`
		Activation    string            `json:"hidden_act"`
		Problem       *string           `json:"problem_type"`
		NumLabels     *int              `json:"num_labels"`
		Labels        map[string]string `json:"id2label"`
		PositionKind  string            `json:"position_embedding_type"`
		IsDecoder     bool              `json:"is_decoder"`
	}{
		Hidden: 768, Inner: 3072, Heads: 12, Layers: 12, Vocabulary: 30522, Positions: 512, Types: 2,
		Epsilon: 1e-12, Activation: "gelu", PositionKind: "absolute",
	}
	if err := json.Unmarshal(text, &file); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return config{}, fmt.Errorf("%s is a %s, which it can't be", kind.Field, kind.Value)
		}
		return config{}, fmt.Errorf("not JSON: %w", err)
	}

	c := config{
		Hidden: file.Hidden, Inner: file.Inner, Heads: file.Heads, Layers: file.Layers, Vocabulary: file.Vocabulary,
		Positions: file.Positions, Types: file.Types, Epsilon: float32(file.Epsilon),
	}
	if len(file.Architectures) != 1 || !slices.Contains(supported, file.Architectures[0]) {
		return config{}, fmt.Errorf("architectures is %q; supported is %s", file.Architectures, strings.Join(supported, ", "))
	}
	c.Architecture = file.Architectures[0]
	for _, n := range []struct {
		key   string
		value int
	}{
		{"hidden_size", c.Hidden},
		{"intermediate_size", c.Inner},
		{"num_attention_heads", c.Heads},
		{"num_hidden_layers", c.Layers},
		{"vocab_size", c.Vocabulary},
		{"max_position_embeddings", c.Positions},
		{"type_vocab_size", c.Types},
	} {
		if n.value < 1 || n.value > maxWidth {
			return config{}, fmt.Errorf("%s is %d, which it can't be", n.key, n.value)
		}
	}
	if c.Hidden%c.Heads != 0 {
		return config{}, fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d", c.Hidden, c.Heads)
	}
	if !(file.Epsilon >= 0 && file.Epsilon < 1) {
		return config{}, fmt.Errorf("layer_norm_eps is %v, which it can't be", file.Epsilon)
	}
	if file.PositionKind != "absolute" {
		return config{}, fmt.Errorf("position_embedding_type is %q; supported is absolute", file.PositionKind)
	}
	if file.IsDecoder {
		return config{}, errors.New("is_decoder is true; supported are encoders")
	}
	var ok bool
	if c.Activation, ok = activations[file.Activation]; !ok {
		return config{}, fmt.Errorf("hidden_act is %q; supported are %s", file.Activation, strings.Join(sortedKeys(activations), ", "))
	}
	if file.Problem != nil {
		c.Problem = problem(*file.Problem)
	}
	switch c.Problem {
	case unspecified, regression, singleLabel, multiLabel:
	default:
		return config{}, fmt.Errorf("problem_type is %q; it can be %s, %s or %s", c.Problem, regression, singleLabel, multiLabel)
	}
	labels, err := labelsOf(file.Labels, file.NumLabels)
	if err != nil {
		return config{}, err
	}
	c.Labels = labels
	return c, nil
}

// labelsOf returns the labels by class. Without id2label they are LABEL_0,
// LABEL_1 and so on, two of them unless num_labels says otherwise.
func labelsOf(byID map[string]string, count *int) ([]string, error) {
	if byID == nil {
		n := 2
		if count != nil {
			n = *count
		}
		if n < 1 || n > maxWidth {
			return nil, fmt.Errorf("num_labels is %d, which it can't be", n)
		}
		labels := make([]string, n)
		for i := range labels {
			labels[i] = "LABEL_" + strconv.Itoa(i)
		}
		return labels, nil
	}
	if len(byID) == 0 {
		return nil, errors.New("id2label has no labels")
	}
	if count != nil && *count != len(byID) {
		return nil, fmt.Errorf("num_labels is %d, but id2label has %d labels", *count, len(byID))
	}
	labels := make([]string, len(byID))
	for i := range labels {
		label, ok := byID[strconv.Itoa(i)]
		if !ok {
			return nil, fmt.Errorf("id2label has %d labels, but none for %d", len(byID), i)
		}
		labels[i] = label
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
