package model

import (
	"encoding/json"
	"strings"
)

// architectures are the values of that key which Load knows, and how each reads
// its other keys. The defaults are those of transformers' configuration classes,
// which leave a value out when it equals its default.
var architectures = map[string]func(k *keys, c *config){
	"BertForSequenceClassification":       readBERT,
	"DistilBertForSequenceClassification": readDistilBERT,
	"RobertaForSequenceClassification":    func(k *keys, c *config) { readRoBERTa(k, c, 50265) },
	"XLMRobertaForSequenceClassification": func(k *keys, c *config) { readRoBERTa(k, c, 30522) },
	"CamembertForSequenceClassification":  func(k *keys, c *config) { readRoBERTa(k, c, 30522) },
	"ElectraForSequenceClassification":    readELECTRA,
	"DebertaV2ForSequenceClassification":  readDeBERTa,
	"ModernBertForSequenceClassification": readModernBERT,
}

// names are the names of a network's tensors: those of one layer follow Layer
// with its number, all but those of the head follow Base.
type names struct {
	Base                      string // weights of a bare encoder lack it
	Layer                     string
	Query, Key, Value         string
	Attended, AttendedNorm    string
	Inner, Outer, OuterNorm   string
	Projection                string // of embeddings that are narrower
	ProjectionHasBias         bool
	HeadDense, HeadClassifier string
}

// bertNames are those of BERT's layers, which most others have kept.
func bertNames(base string) names {
	return names{
		Base: base, Layer: "encoder.layer.",
		Query: "attention.self.query", Key: "attention.self.key", Value: "attention.self.value",
		Attended: "attention.output.dense", AttendedNorm: "attention.output.LayerNorm",
		Inner: "intermediate.dense", Outer: "output.dense", OuterNorm: "output.LayerNorm",
	}
}

// readWidths reads what BERT, RoBERTa, ELECTRA and DeBERTa have in common.
func readWidths(k *keys, c *config, fallback config) {
	c.Hidden = k.count(fallback.Hidden, "hidden_size")
	c.Inner = k.count(fallback.Inner, "intermediate_size")
	c.Heads = k.count(fallback.Heads, "num_attention_heads")
	c.Layers = k.count(fallback.Layers, "num_hidden_layers")
	c.Vocabulary = k.count(fallback.Vocabulary, "vocab_size")
	c.Positions = k.count(512, "max_position_embeddings")
	c.Types = k.between(min(fallback.Types, 1), fallback.Types, "type_vocab_size")
	c.Epsilon = k.epsilon("layer_norm_eps", float64(fallback.Epsilon))
	c.Activation = k.activation("hidden_act", "gelu")
	c.Embedding = c.Hidden
	only(k, "position_embedding_type", "absolute")
	only(k, "is_decoder", false)
}

func readBERT(k *keys, c *config) {
	readWidths(k, c, config{Hidden: 768, Inner: 3072, Heads: 12, Layers: 12, Vocabulary: 30522, Types: 2, Epsilon: 1e-12})
	c.Names = bertNames("bert.")
	c.Names.HeadDense, c.Names.HeadClassifier = "bert.pooler.dense", "classifier"
	c.Head = activations["tanh"]
}

func readRoBERTa(k *keys, c *config, vocabulary int) {
	readWidths(k, c, config{Hidden: 768, Inner: 3072, Heads: 12, Layers: 12, Vocabulary: vocabulary, Types: 2, Epsilon: 1e-12})
	c.Names = bertNames("roberta.")
	c.Names.HeadDense, c.Names.HeadClassifier = "classifier.dense", "classifier.out_proj"
	c.Head = activations["tanh"]
	c.Padding = k.between(0, 1, "pad_token_id")
	if value, ok := k.values["pad_token_id"]; ok && string(value) == "null" {
		k.fail("pad_token_id is null, but positions are counted from it")
	}
	if k.err == nil && c.Padding+1 >= c.Positions {
		k.fail("max_position_embeddings %d leaves no position after pad_token_id %d", c.Positions, c.Padding)
	}
}

func readELECTRA(k *keys, c *config) {
	readWidths(k, c, config{Hidden: 256, Inner: 1024, Heads: 4, Layers: 12, Vocabulary: 30522, Types: 2, Epsilon: 1e-12})
	c.Embedding = k.count(128, "embedding_size")
	c.Names = bertNames("electra.")
	c.Names.Projection, c.Names.ProjectionHasBias = "embeddings_project", true
	c.Names.HeadDense, c.Names.HeadClassifier = "classifier.dense", "classifier.out_proj"
	c.Head = activations["gelu"]
}

// readDistilBERT reads DistilBERT's own names of the keys, else the usual ones,
// as its configuration class does.
func readDistilBERT(k *keys, c *config) {
	c.Hidden = k.count(768, "dim", "hidden_size")
	c.Inner = k.count(3072, "hidden_dim")
	c.Heads = k.count(12, "n_heads", "num_attention_heads")
	c.Layers = k.count(6, "n_layers", "num_hidden_layers")
	c.Vocabulary = k.count(30522, "vocab_size")
	c.Positions = k.count(512, "max_position_embeddings")
	c.Epsilon = 1e-12 // fixed in its code
	c.Activation = k.activation("activation", "gelu")
	c.Embedding = c.Hidden
	c.Names = names{
		Base: "distilbert.", Layer: "transformer.layer.",
		Query: "attention.q_lin", Key: "attention.k_lin", Value: "attention.v_lin",
		Attended: "attention.out_lin", AttendedNorm: "sa_layer_norm",
		Inner: "ffn.lin1", Outer: "ffn.lin2", OuterNorm: "output_layer_norm",
		HeadDense: "pre_classifier", HeadClassifier: "classifier",
	}
	c.Head = activations["relu"]
}

// relativeConfig is what DeBERTa has besides.
type relativeConfig struct {
	Absolute bool // positions are added to the embeddings
	Scale    int  // how many parts a score is the sum of
	// Distances from -Span to Span-1 have their own embedding; with Buckets,
	// distant ones share theirs, up to Farthest.
	Relative                bool
	Span, Buckets, Farthest int
	ToKey, ToQuery          bool // content to position, position to content
	Shared                  bool // positions are projected as contents are
	Norm                    bool
	Kernel, Groups          int // of the convolution beside the first layer; no Kernel: there is none
	ConvolutionActivation   activation
}

// maxSpan bounds the memory that a distance takes for every token.
const maxSpan = 1 << 14

func readDeBERTa(k *keys, c *config) {
	readWidths(k, c, config{Hidden: 1536, Inner: 6144, Heads: 24, Layers: 24, Vocabulary: 128100, Types: 0, Epsilon: 1e-7})
	c.Embedding = k.count(c.Hidden, "embedding_size")
	c.Names = bertNames("deberta.")
	c.Names.Query, c.Names.Key, c.Names.Value = "attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj"
	c.Names.Projection = "embeddings.embed_proj"
	c.Names.HeadDense, c.Names.HeadClassifier = "pooler.dense", "classifier"
	c.Head = k.activation("pooler_hidden_act", "gelu")
	only(k, "pooler_hidden_size", c.Hidden)
	only(k, "attention_head_size", c.Hidden/c.Heads)

	r := &relativeConfig{Scale: 1}
	c.Relative = r
	r.Absolute = k.truth("position_biased_input", true)
	r.Relative = k.truth("relative_attention", false)
	for _, part := range k.positionTypes() {
		switch {
		case part == "c2p" && !r.ToKey:
			r.ToKey = true
			r.Scale++
		case part == "p2c" && !r.ToQuery:
			r.ToQuery = true
			r.Scale++
		}
	}
	r.Farthest = c.Positions
	if n := k.between(-maxWidth, -1, "max_relative_positions"); n >= 1 {
		r.Farthest = n
	}
	r.Span = r.Farthest
	if n := k.between(-maxWidth, -1, "position_buckets"); n > 0 {
		r.Buckets, r.Span = n, n
		if n < 4 || r.Farthest-1 <= n/2 {
			k.fail("position_buckets %d don't fit to %d positions", n, r.Farthest)
		}
	}
	if r.Span > maxSpan {
		k.fail("max_relative_positions and position_buckets give %d distances, which can't be", r.Span)
	}
	r.Shared = k.truth("share_att_key", false)
	for _, part := range strings.Split(strings.ToLower(k.text("norm_rel_ebd", "none")), "|") {
		r.Norm = r.Norm || strings.TrimSpace(part) == "layer_norm"
	}
	if r.Kernel = max(0, k.between(-maxWidth, 0, "conv_kernel_size")); r.Kernel > 0 {
		r.Groups = k.count(1, "conv_groups")
		r.ConvolutionActivation = k.activation("conv_act", "tanh")
		if r.Kernel%2 == 0 {
			k.fail("conv_kernel_size is %d, but must be odd", r.Kernel)
		}
		if r.Kernel > 255 || c.Hidden%r.Groups != 0 {
			k.fail("conv_kernel_size %d and conv_groups %d don't fit to hidden_size %d", r.Kernel, r.Groups, c.Hidden)
		}
	}
}

// positionTypes reads pos_att_type, which is a list or a text like "p2c|c2p".
func (k *keys) positionTypes() []string {
	var parts []string
	if !k.has("pos_att_type") || json.Unmarshal(k.values["pos_att_type"], &parts) == nil {
		return parts
	}
	var text string
	k.read("pos_att_type", &text)
	for _, part := range strings.Split(strings.ToLower(text), "|") {
		parts = append(parts, strings.TrimSpace(part))
	}
	return parts
}

// modernConfig is what ModernBERT has besides.
type modernConfig struct {
	Local           []bool // by layer: attention is in a window
	Window          int    // how far away a token is seen
	GlobalTheta     float64
	LocalTheta      float64
	NormBias        bool
	AttentionBias   bool
	FeedForwardBias bool
	HeadBias        bool
	Mean            bool // the mean of all tokens is classified, not the first one
}

func readModernBERT(k *keys, c *config) {
	c.Hidden = k.count(768, "hidden_size")
	c.Inner = k.count(1152, "intermediate_size")
	c.Heads = k.count(12, "num_attention_heads")
	c.Layers = k.count(22, "num_hidden_layers")
	c.Vocabulary = k.count(50368, "vocab_size")
	c.Positions = k.count(8192, "max_position_embeddings")
	c.Epsilon = k.epsilon("norm_eps", 1e-5)
	c.Activation = k.activation("hidden_activation", "gelu")
	c.Head = k.activation("classifier_activation", "gelu")
	c.Embedding = c.Hidden
	c.Names = names{Base: "model."}
	m := &modernConfig{
		Window:          k.between(0, 128, "local_attention") / 2,
		NormBias:        k.truth("norm_bias", false),
		AttentionBias:   k.truth("attention_bias", false),
		FeedForwardBias: k.truth("mlp_bias", false),
		HeadBias:        k.truth("classifier_bias", false),
	}
	c.Modern = m
	if c.Hidden/c.Heads%2 != 0 {
		k.fail("hidden_size %d gives %d heads an odd width, which can't be rotated", c.Hidden, c.Heads)
	}
	only(k, "head_dim", c.Hidden/c.Heads)
	switch pooling := k.text("classifier_pooling", "cls"); pooling {
	case "cls":
	case "mean":
		m.Mean = true
	default:
		k.fail("classifier_pooling is %.200q; it can be cls or mean", pooling)
	}
	k.layerTypes(c.Layers, m)
	k.rotary(m)
}

const (
	fullAttention    = "full_attention"
	slidingAttention = "sliding_attention"
)

// layerTypes reads which layers see a window: a list, or in older files how many
// layers there are from one that sees all to the next.
func (k *keys) layerTypes(layers int, m *modernConfig) {
	m.Local = make([]bool, layers) // at most maxWidth
	var types []string
	if !k.read("layer_types", &types) {
		every := k.count(3, "global_attn_every_n_layers")
		for i := range m.Local {
			m.Local[i] = i%every != 0
		}
		return
	}
	if len(types) != layers {
		k.fail("layer_types has %d entries, but num_hidden_layers is %d", len(types), layers)
		return
	}
	for i, t := range types {
		if t != fullAttention && t != slidingAttention {
			k.fail("layer_types has %.200q; supported are %s and %s", t, fullAttention, slidingAttention)
		}
		m.Local[i] = t == slidingAttention
	}
}

// rotary reads the bases of the rotary positions, from rope_parameters or from
// the keys of older files.
func (k *keys) rotary(m *modernConfig) {
	m.GlobalTheta = k.number("global_rope_theta", 160_000)
	m.LocalTheta = k.number("local_rope_theta", 10_000)
	if value, ok := k.values["local_rope_theta"]; ok && string(value) == "null" {
		m.LocalTheta = m.GlobalTheta // as the releases did that wrote it
	}
	var parameters map[string]*struct {
		Type      string   `json:"rope_type"`
		OlderType string   `json:"type"`
		Theta     *float64 `json:"rope_theta"`
	}
	k.read("rope_parameters", &parameters)
	for _, of := range []struct {
		attention string
		theta     *float64
	}{{fullAttention, &m.GlobalTheta}, {slidingAttention, &m.LocalTheta}} {
		p, theta := parameters[of.attention], of.theta
		if p == nil {
			continue
		}
		if p.Theta != nil {
			*theta = *p.Theta
		}
		for _, kind := range []string{p.Type, p.OlderType} {
			if kind != "" && kind != "default" {
				k.fail("rope_parameters has the rope_type %.200q; supported is default", kind)
			}
		}
	}
	if k.has("rope_scaling") {
		k.fail("rope_scaling is %s; supported is none", k.values["rope_scaling"])
	}
	for _, theta := range []float64{m.GlobalTheta, m.LocalTheta} {
		if !(theta > 0 && theta < 1e30) {
			k.fail("the base of the rotary positions (rope_theta) is %v, which it can't be", theta)
		}
	}
}
