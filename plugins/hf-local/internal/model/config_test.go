package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

const architecture = `"architectures": ["BertForSequenceClassification"]`

func TestAConfigurationWithoutValuesHasTheDefaultsOfTransformers(t *testing.T) {
	c, err := parseConfig([]byte(`{` + architecture + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Hidden != 768 || c.Inner != 3072 || c.Heads != 12 || c.Layers != 12 || c.Vocabulary != 30522 || c.Positions != 512 ||
		c.Types != 2 || c.Epsilon != 1e-12 || c.Activation.kernel != engine.GELU || c.ProblemType != unspecified ||
		!slices.Equal(c.Labels, []string{"LABEL_0", "LABEL_1"}) {
		t.Errorf("got %+v", c)
	}
}

func TestLabelsComeInTheOrderOfTheirIDs(t *testing.T) {
	tests := map[string]struct {
		json string
		want []string
	}{
		"id2label":          {`"id2label": {"1": "b", "0": "a", "10": "k", "2": "c", "3": "d", "4": "e", "5": "f", "6": "g", "7": "h", "8": "i", "9": "j"}`, strings.Split("a b c d e f g h i j k", " ")},
		"num_labels":        {`"num_labels": 3`, []string{"LABEL_0", "LABEL_1", "LABEL_2"}},
		"both, which agree": {`"num_labels": 1, "id2label": {"0": "a"}`, []string{"a"}},
		"neither":           {`"id2label": null`, []string{"LABEL_0", "LABEL_1"}},
		"label2id alone":    {`"label2id": {"a": 0, "b": 1, "c": 2}`, []string{"LABEL_0", "LABEL_1"}},
		"label2id, counted": {`"label2id": {"a": 0, "b": 1, "c": 2}, "num_labels": 3`, []string{"LABEL_0", "LABEL_1", "LABEL_2"}},
		"labels of numbers": {`"id2label": {"0": 5, " 1": true, "02": "x"}`, []string{"5", "true", "x"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseConfig([]byte(`{` + architecture + `, ` + c.json + `}`))
			if err != nil || !slices.Equal(got.Labels, c.want) {
				t.Errorf("got %q, %v", got.Labels, err)
			}
		})
	}
}

func TestAConfigurationThatCannotBeIsRefusedByItsKey(t *testing.T) {
	tests := map[string]struct {
		json string
		says []string
	}{
		"not JSON":                   {`{`, []string{"not JSON"}},
		"no architecture":            {`{}`, []string{"architectures", "supported are BertForSequenceClassification, CamembertForSequenceClassification"}},
		"another architecture":       {`{"architectures": ["GPT2LMHeadModel"]}`, []string{"architectures", "GPT2LMHeadModel", "supported are BertForSequenceClassification, CamembertForSequenceClassification"}},
		"two architectures":          {`{"architectures": ["BertForSequenceClassification", "X"]}`, []string{"architectures"}},
		"width that is a string":     {`{` + architecture + `, "hidden_size": "768"}`, []string{"hidden_size", "string"}},
		"width of zero":              {`{` + architecture + `, "hidden_size": 0}`, []string{"hidden_size is 0"}},
		"layers below zero":          {`{` + architecture + `, "num_hidden_layers": -1}`, []string{"num_hidden_layers is -1"}},
		"vocabulary too large":       {`{` + architecture + `, "vocab_size": 99999999999}`, []string{"vocab_size is 99999999999"}},
		"heads that don't divide":    {`{` + architecture + `, "hidden_size": 100, "num_attention_heads": 7}`, []string{"hidden_size 100", "num_attention_heads 7"}},
		"epsilon below zero":         {`{` + architecture + `, "layer_norm_eps": -1}`, []string{"layer_norm_eps"}},
		"unknown activation":         {`{` + architecture + `, "hidden_act": "prelu"}`, []string{"hidden_act", "prelu", "gelu_new, ", "silu"}},
		"unknown problem":            {`{` + architecture + `, "problem_type": "riddle"}`, []string{"problem_type", "riddle"}},
		"relative positions":         {`{` + architecture + `, "position_embedding_type": "relative_key"}`, []string{"position_embedding_type", "relative_key"}},
		"decoder":                    {`{` + architecture + `, "is_decoder": true}`, []string{"is_decoder"}},
		"count of labels differs":    {`{` + architecture + `, "num_labels": 3, "id2label": {"0": "a", "1": "b"}}`, []string{"num_labels is 3", "id2label has 2"}},
		"label ids with a gap":       {`{` + architecture + `, "id2label": {"0": "a", "2": "b"}}`, []string{"id2label", "none for 1"}},
		"label ids that are words":   {`{` + architecture + `, "id2label": {"a": "0"}}`, []string{"id2label", `"a"`}},
		"a label that is not a text": {`{` + architecture + `, "id2label": {"0": ["a"]}}`, []string{"id2label", `["a"]`, "for 0"}},
		"an empty label":             {`{` + architecture + `, "id2label": {"0": "a", "1": " "}}`, []string{"id2label", "empty label for 1"}},
		"a label that steers":        {`{` + architecture + `, "id2label": {"0": "a\u001b[31m"}}`, []string{"id2label", `\x1b[31m`, "control character"}},
		"a label with a line end":    {`{` + architecture + `, "id2label": {"0": "a\nb"}}`, []string{"id2label", "control character"}},
		"labels in a list":           {`{` + architecture + `, "id2label": ["a", "b"]}`, []string{"id2label is a array"}},
		"a list":                     {`[]`, []string{"array instead of an object"}},
		"too many layers":            {`{` + architecture + `, "num_hidden_layers": 1001}`, []string{"layers is 1001"}},
		"no labels at all":           {`{` + architecture + `, "id2label": {}}`, []string{"id2label"}},
		"zero labels":                {`{` + architecture + `, "num_labels": 0}`, []string{"num_labels is 0"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseConfig([]byte(c.json))
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{` + architecture + `, "hidden_size": 48, "num_attention_heads": 4, "id2label": {"0": "a", "1": "b"}, "problem_type": "regression"}`))
	f.Add([]byte(`{` + architecture + `, "num_labels": 7, "hidden_act": "relu", "layer_norm_eps": 1e-5}`))
	f.Add([]byte(`{"architectures": ["DistilBertForSequenceClassification"], "dim": 48, "n_heads": 4, "activation": "mish"}`))
	f.Add([]byte(`{"architectures": ["RobertaForSequenceClassification"], "pad_token_id": 3, "max_position_embeddings": 9}`))
	f.Add([]byte(`{"architectures": ["ElectraForSequenceClassification"], "embedding_size": 20, "id2label": {" 1": true, "0": 2}}`))
	f.Add([]byte(`{"architectures": ["DebertaV2ForSequenceClassification"], "relative_attention": true, "position_buckets": 8, "pos_att_type": "c2p|p2c", "conv_kernel_size": 3, "norm_rel_ebd": "layer_norm"}`))
	f.Add([]byte(`{"architectures": ["ModernBertForSequenceClassification"], "layer_types": ["full_attention"], "num_hidden_layers": 1, "rope_parameters": {"full_attention": {"rope_theta": 5}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig(text)
		if err != nil {
			return
		}
		if c.Hidden < 1 || c.Hidden%c.Heads != 0 || c.Layers < 1 || len(c.Labels) < 1 || !(c.Epsilon >= 0) || c.maxTokens() < 1 ||
			c.Activation.value == nil || c.Head.value == nil || c.Names.Base == "" {
			t.Errorf("accepted %+v", c)
		}
		if r := c.Relative; r != nil && (r.Scale < 1 || r.Span < 1 || r.Kernel < 0 || r.Kernel > 0 && c.Hidden%r.Groups != 0) {
			t.Errorf("accepted %+v", *r)
		}
		if m := c.Modern; m != nil && (len(m.Local) != c.Layers || m.Window < 0 || !(m.GlobalTheta > 0) || !(m.LocalTheta > 0)) {
			t.Errorf("accepted %+v", *m)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata": {"total_size": 9}, "weight_map": {"w": "model-00001-of-00001.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"w": "../x", "": ""}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if of, err := parseIndex(text); err == nil && len(of) == 0 {
			t.Error("accepted a list of nothing")
		}
	})
}
