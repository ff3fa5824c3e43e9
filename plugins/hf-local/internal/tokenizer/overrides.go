package tokenizer

import (
	"encoding/json"
	"fmt"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// overrides are what transformers takes from tokenizer_config.json although
// tokenizer.json says it too: for some classes of tokenizers the settings win, and
// so do the class's own defaults where they are missing.
type overrides struct {
	normalizer, splitter change
	// python says that the class reads the scores of the vocabulary in Python.
	python bool
}

// change sets members of a component of that kind.
type change struct {
	kind    string
	members map[string]any
}

func (s *settings) overrides() (o overrides) {
	class := s.Class
	if class == "" {
		class = classOf[s.modelType]
	}
	switch class {
	case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer":
		o.normalizer = change{"BertNormalizer", map[string]any{
			"lowercase": orTrue(s.LowerCase), "strip_accents": s.StripAccents, "handle_chinese_chars": orTrue(s.Chinese),
		}}
	case "RobertaTokenizer", "GPT2Tokenizer":
		o.splitter = change{"ByteLevel", map[string]any{"add_prefix_space": orFalse(s.PrefixSpace)}}
	case "XLMRobertaTokenizer", "CamembertTokenizer", "DebertaV2Tokenizer":
		o.python = true
		o.splitter = change{"Metaspace", map[string]any{"prepend_scheme": s.scheme(class)}}
	}
	return o
}

// scheme is where the classes that have a sentencepiece model put a blank before
// words.
func (s *settings) scheme(class string) string {
	switch {
	case orTrue(s.PrefixSpace):
		return "always"
	case class == "DebertaV2Tokenizer":
		return "first"
	}
	return "never"
}

// apply returns the text of a component with the change made: in itself, or in
// those that a pre-tokenizer is a sequence of.
func (c change) apply(text json.RawMessage, depth int) (json.RawMessage, error) {
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
			if inner[i], err = c.apply(inner[i], depth+1); err != nil {
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
