package settings

import (
	"encoding/json"
	"fmt"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// Overrides are what transformers takes from tokenizer_config.json although
// tokenizer.json says it too: for some classes of tokenizers the settings win, and
// so do the class's own defaults where they are missing.
type Overrides struct {
	Normalizer, PreTokenizer Change
	// Python says that the class reads the scores of the vocabulary in Python.
	Python bool
}

// Change sets members of a component of that kind.
type Change struct {
	kind    string
	members map[string]any
}

// Overrides returns what these settings win over.
func (s *Settings) Overrides() (o Overrides) {
	class := s.Class
	if class == "" {
		class = ClassOf[s.ModelType]
	}
	switch class {
	case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer":
		o.Normalizer = Change{"BertNormalizer", map[string]any{
			"lowercase": OrTrue(s.LowerCase), "strip_accents": s.StripAccents, "handle_chinese_chars": OrTrue(s.Chinese),
		}}
	case "RobertaTokenizer", "GPT2Tokenizer":
		o.PreTokenizer = Change{"ByteLevel", map[string]any{"add_prefix_space": OrFalse(s.PrefixSpace)}}
	case "XLMRobertaTokenizer", "CamembertTokenizer", "DebertaV2Tokenizer":
		o.Python = true
		o.PreTokenizer = Change{"Metaspace", map[string]any{"prepend_scheme": s.Scheme(class)}}
	}
	return o
}

// Scheme is where the classes that have a sentencepiece model put a blank before
// words.
func (s *Settings) Scheme(class string) string {
	switch {
	case OrTrue(s.PrefixSpace):
		return "always"
	case class == "DebertaV2Tokenizer":
		return "first"
	}
	return "never"
}

// Apply returns the text of a component with the change made: in itself, or in
// those that a pre-tokenizer is a sequence of.
func (c Change) Apply(text json.RawMessage, depth int) (json.RawMessage, error) {
	if c.kind == "" {
		return text, nil
	}
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() || p.Type != c.kind && p.Type != "Sequence" {
		return text, err
	}
	var all map[string]json.RawMessage
	if err := p.Read(&all); err != nil {
		return nil, err
	}
	members := c.members
	if p.Type != c.kind {
		var inner []json.RawMessage
		if json.Unmarshal(all["pretokenizers"], &inner) != nil {
			return text, nil
		}
		for i := range inner {
			if inner[i], err = c.Apply(inner[i], depth+1); err != nil {
				return nil, err
			}
		}
		members = map[string]any{"pretokenizers": inner}
	}
	for name, value := range members {
		if all[name], err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return json.Marshal(all)
}

// ClassOf is the tokenizer's class by config.json's model_type.
var ClassOf = map[string]string{
	"bert": "BertTokenizer", "distilbert": "BertTokenizer", "electra": "BertTokenizer",
	"roberta": "RobertaTokenizer", "xlm-roberta": "XLMRobertaTokenizer", "camembert": "CamembertTokenizer",
	"deberta-v2": "DebertaV2Tokenizer", "modernbert": "ModernBERT",
}

// OrTrue returns b, or true if it is not set.
func OrTrue(b *bool) bool { return b == nil || *b }

// OrFalse returns b, or false if it is not set.
func OrFalse(b *bool) bool { return b != nil && *b }
