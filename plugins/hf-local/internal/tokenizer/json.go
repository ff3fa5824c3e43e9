package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// part is any component of tokenizer.json: its type and, for that type, the rest.
type part struct {
	Type string
	text json.RawMessage
}

func (p *part) UnmarshalJSON(text []byte) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	p.Type, p.text = head.Type, append(json.RawMessage(nil), text...)
	return nil
}

// parseJSON makes a tokenizer of the text of tokenizer.json.
func parseJSON(text []byte) (*Tokenizer, error) {
	var file struct {
		Added     []addedToken `json:"added_tokens"`
		Normalize *part        `json:"normalizer"`
		Split     *part        `json:"pre_tokenizer"`
		Model     *part        `json:"model"`
		Post      *part        `json:"post_processor"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("not a tokenizer: %w", err)
	}
	t := &Tokenizer{}
	var err error
	if t.model, err = parseModel(file.Model); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if t.normalize, err = parseNormalizer(file.Normalize); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if t.split, err = parseSplitter(file.Split); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.template, err = parseTemplate(file.Post); err != nil {
		return nil, fmt.Errorf("post_processor: %w", err)
	}
	if err := t.add(file.Added); err != nil {
		return nil, fmt.Errorf("added_tokens: %w", err)
	}
	for _, id := range t.model.vocabulary {
		t.size = max(t.size, int(id)+1)
	}
	for _, ids := range [][]int32{t.template.before, t.template.after} {
		for _, id := range ids {
			t.size = max(t.size, int(id)+1)
		}
	}
	return t, nil
}

// add takes the added tokens. Special ones and those that ask for it are sought
// in the text as it was written, the others in the normalized one.
func (t *Tokenizer) add(tokens []addedToken) error {
	var raw, cleaned []addedToken
	for _, token := range tokens {
		if err := validID(token.ID); err != nil {
			return err
		}
		t.size = max(t.size, int(token.ID)+1)
		if token.Normalized && t.normalize != nil {
			token.Content = t.normalize(token.Content)
		}
		switch {
		case token.Content == "":
		case token.Normalized:
			cleaned = append(cleaned, token)
		default:
			raw = append(raw, token)
		}
	}
	t.raw, t.cleaned = newAddedTokens(raw), newAddedTokens(cleaned)
	return nil
}

// validID bounds ids, so that one more than the largest is still an int32.
func validID(id int32) error {
	if id < 0 || id >= 1<<30 {
		return fmt.Errorf("%d can't be the id of a token", id)
	}
	return nil
}

func parseModel(p *part) (*wordPiece, error) {
	if p == nil {
		return nil, errors.New("missing")
	}
	m := struct {
		Vocabulary map[string]int32 `json:"vocab"`
		Unknown    string           `json:"unk_token"`
		Prefix     *string          `json:"continuing_subword_prefix"`
		MaxRunes   *int             `json:"max_input_chars_per_word"`
	}{Unknown: "[UNK]"}
	// Files of the first releases say no type; only WordPiece has a limit of
	// characters.
	var old struct {
		MaxRunes *int `json:"max_input_chars_per_word"`
	}
	if p.Type == "" && json.Unmarshal(p.text, &old) == nil && old.MaxRunes != nil {
		p.Type = "WordPiece"
	}
	if p.Type != "WordPiece" {
		return nil, fmt.Errorf("type is %q; supported is WordPiece", p.Type)
	}
	if err := json.Unmarshal(p.text, &m); err != nil {
		return nil, err
	}
	for token, id := range m.Vocabulary {
		if err := validID(id); err != nil {
			return nil, fmt.Errorf("vocab: %q: %w", token, err)
		}
	}
	unknown, ok := m.Vocabulary[m.Unknown]
	if !ok {
		return nil, fmt.Errorf("vocab has no %q, which is unk_token", m.Unknown)
	}
	prefix, maxRunes := "##", 100
	if m.Prefix != nil {
		prefix = *m.Prefix
	}
	if m.MaxRunes != nil {
		maxRunes = *m.MaxRunes
	}
	return newWordPiece(m.Vocabulary, unknown, prefix, maxRunes), nil
}

func parseNormalizer(p *part) (normalizer, error) {
	switch {
	case p == nil:
		return nil, nil
	case p.Type != "BertNormalizer":
		return nil, fmt.Errorf("type is %q; supported is BertNormalizer", p.Type)
	}
	n := bertNormalizer{Clean: true, Chinese: true, Lower: true}
	if err := json.Unmarshal(p.text, &n); err != nil {
		return nil, err
	}
	return n.normalize, nil
}

func parseSplitter(p *part) (splitter, error) {
	switch {
	case p == nil:
		return nil, errors.New("missing; supported is BertPreTokenizer")
	case p.Type != "BertPreTokenizer":
		return nil, fmt.Errorf("type is %q; supported is BertPreTokenizer", p.Type)
	}
	return splitBERT, nil
}

func parseTemplate(p *part) (template, error) {
	if p == nil {
		return template{}, errors.New("missing; supported are TemplateProcessing and BertProcessing")
	}
	switch p.Type {
	case "BertProcessing":
		return parseBertProcessing(p.text)
	case "TemplateProcessing":
		return parseTemplateProcessing(p.text)
	}
	return template{}, fmt.Errorf("type is %q; supported are TemplateProcessing and BertProcessing", p.Type)
}

// parseBertProcessing reads {"sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}.
func parseBertProcessing(text []byte) (template, error) {
	var file struct {
		Separator []any `json:"sep"`
		Class     []any `json:"cls"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return template{}, err
	}
	id := func(key string, pair []any) ([]int32, error) {
		if len(pair) == 2 {
			if n, ok := pair[1].(float64); ok && n >= 0 && n < 1<<30 {
				return []int32{int32(n)}, nil
			}
		}
		return nil, fmt.Errorf("%s is not a token and its id", key)
	}
	before, err := id("cls", file.Class)
	if err != nil {
		return template{}, err
	}
	after, err := id("sep", file.Separator)
	if err != nil {
		return template{}, err
	}
	return template{before: before, after: after}, nil
}

// parseTemplateProcessing reads the template for one text: special tokens and the
// text "A", all of type 0.
func parseTemplateProcessing(text []byte) (template, error) {
	type piece struct {
		ID   string `json:"id"`
		Type int    `json:"type_id"`
	}
	var file struct {
		Single []struct {
			Special  *piece `json:"SpecialToken"`
			Sequence *piece `json:"Sequence"`
		} `json:"single"`
		Specials map[string]struct {
			IDs []int32 `json:"ids"`
		} `json:"special_tokens"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return template{}, err
	}
	var t template
	seen := false
	for _, p := range file.Single {
		switch {
		case p.Special != nil && p.Special.Type == 0:
			special, ok := file.Specials[p.Special.ID]
			if !ok {
				return template{}, fmt.Errorf("special_tokens has no %q", p.Special.ID)
			}
			for _, id := range special.IDs {
				if err := validID(id); err != nil {
					return template{}, fmt.Errorf("special_tokens: %q: %w", p.Special.ID, err)
				}
			}
			if seen {
				t.after = append(t.after, special.IDs...)
			} else {
				t.before = append(t.before, special.IDs...)
			}
		case p.Sequence != nil && p.Sequence.Type == 0 && p.Sequence.ID == "A" && !seen:
			seen = true
		default:
			return template{}, errors.New("single is not one text A of type 0 among special tokens of type 0")
		}
	}
	if !seen {
		return template{}, errors.New("single has no text A")
	}
	return t, nil
}
