package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseVocabulary makes a BERT tokenizer of vocab.txt, a token a line, and the
// settings, with the defaults of transformers' BertTokenizer.
func parseVocabulary(text []byte, s settings) (*Tokenizer, error) {
	// Python's text mode ends a line at any of these.
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text)), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return nil, errors.New("the vocabulary is empty")
	}
	vocabulary := make(map[string]int32, len(lines))
	for i, token := range lines {
		vocabulary[token] = int32(i)
	}

	var specials []addedToken
	special := func(key string, value json.RawMessage, preset string) (int32, error) {
		content, err := tokenContent(value, preset)
		if err != nil {
			return 0, fmt.Errorf("%s in tokenizer_config.json: %w", key, err)
		}
		id, ok := vocabulary[content]
		if !ok {
			return 0, fmt.Errorf("the vocabulary has no %s", content)
		}
		specials = append(specials, addedToken{ID: id, Content: content, Special: true})
		return id, nil
	}
	unknown, err := special("unk_token", s.Unknown, "[UNK]")
	if err != nil {
		return nil, err
	}
	class, err := special("cls_token", s.Class, "[CLS]")
	if err != nil {
		return nil, err
	}
	separator, err := special("sep_token", s.Separator, "[SEP]")
	if err != nil {
		return nil, err
	}
	// A classifier needs neither of these two, but a text may contain them.
	_, _ = special("pad_token", s.Padding, "[PAD]")
	_, _ = special("mask_token", s.Mask, "[MASK]")

	lower := s.LowerCase == nil || *s.LowerCase
	n := bertNormalizer{
		Clean:   true,
		Chinese: s.Chinese == nil || *s.Chinese,
		Lower:   lower,
		Strip:   s.StripAccents,
	}
	return &Tokenizer{
		size:      len(lines),
		raw:       newAddedTokens(specials),
		normalize: n.normalize,
		split:     splitBERT,
		model:     newWordPiece(vocabulary, unknown, "##", 100),
		template:  template{before: []int32{class}, after: []int32{separator}},
	}, nil
}

// tokenContent reads a token of tokenizer_config.json: a string or an object with
// content.
func tokenContent(value json.RawMessage, preset string) (string, error) {
	if len(value) == 0 || string(value) == "null" {
		return preset, nil
	}
	var content string
	if json.Unmarshal(value, &content) == nil {
		return content, notEmpty(content)
	}
	var object struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(value, &object); err != nil {
		return "", err
	}
	return object.Content, notEmpty(object.Content)
}

func notEmpty(content string) error {
	if content == "" {
		return errors.New("an empty token")
	}
	return nil
}
