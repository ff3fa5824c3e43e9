package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// Settings are what is used of the files beside the vocabulary.
type Settings struct {
	Class        string   `json:"tokenizer_class"`
	LowerCase    *bool    `json:"do_lower_case"`
	StripAccents *bool    `json:"strip_accents"`
	Chinese      *bool    `json:"tokenize_chinese_chars"`
	ByPunct      bool     `json:"split_by_punct"`
	PrefixSpace  *bool    `json:"add_prefix_space"`
	MaxLength    *float64 `json:"model_max_length"`
	OldMaxLength *float64 `json:"max_len"`
	Side         string   `json:"truncation_side"`
	// SplitSpecials makes special tokens text like any other.
	SplitSpecials bool `json:"split_special_tokens"`

	// Specials are the special tokens with a name, such as cls_token.
	Specials map[string]addedtokens.Token `json:"-"`
	// Extra are special tokens without one.
	Extra []addedtokens.Token `json:"-"`
	// Decoder are tokens with the ids that they are said to have, by
	// tokenizer_config.json (hasDecoder) or added_tokens.json.
	Decoder    map[int32]addedtokens.Token `json:"-"`
	hasDecoder bool

	ModelType string `json:"-"` // of config.json
	Rows      int    `json:"-"` // vocab_size of config.json, or 0
}

// Names are the special tokens that have a name, in transformers' order.
var Names = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// New returns settings in which nothing is set.
func New() Settings {
	return Settings{Specials: map[string]addedtokens.Token{}, Decoder: map[int32]addedtokens.Token{}}
}

// Read reads the settings of the model in folder.
func Read(folder string) (Settings, error) {
	s := New()
	// The order counts: what is read later is added to what was there.
	files := []struct {
		name string
		read func([]byte) error
	}{
		{"tokenizer_config.json", s.readConfig},
		{"special_tokens_map.json", s.readOldSpecials},
		{"added_tokens.json", s.readAdded},
		{"config.json", s.readModelConfig},
	}
	for _, f := range files {
		path := filepath.Join(folder, f.name)
		text, err := modelfile.Read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("reading the tokenizer's settings: %w", err)
		}
		if err := f.read(text); err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
	}
	return s, nil
}

func (s *Settings) readConfig(text []byte) error {
	if err := hfjson.Unmarshal(text, s); err != nil {
		return err
	}
	if s.MaxLength == nil {
		s.MaxLength = s.OldMaxLength
	}
	// transformers writes 1e30 for "no limit".
	if s.MaxLength != nil && *s.MaxLength < 1 {
		return fmt.Errorf("model_max_length is %v, which it can't be", *s.MaxLength)
	}
	s.Class = strings.TrimSuffix(s.Class, "Fast")
	var raw struct {
		Decoder json.RawMessage `json:"added_tokens_decoder"`
	}
	if err := hfjson.Unmarshal(text, &raw); err != nil {
		return err
	}
	if hfjson.Count(raw.Decoder) > addedtokens.Max {
		return fmt.Errorf("added_tokens_decoder: %w", addedtokens.ErrTooMany)
	}
	var file struct {
		Decoder map[string]addedtokens.Token `json:"added_tokens_decoder"`
	}
	if err := hfjson.Unmarshal(text, &file); err != nil {
		return err
	}
	s.hasDecoder = file.Decoder != nil
	for _, key := range slices.Sorted(maps.Keys(file.Decoder)) {
		token := file.Decoder[key]
		id, err := strconv.ParseInt(key, 10, 64)
		if err == nil {
			err = hfjson.ValidID(id)
		}
		if err != nil {
			return fmt.Errorf("added_tokens_decoder: %.200q can't be the id of a token", key)
		}
		s.Decoder[int32(id)] = token
	}
	return s.readSpecials(text)
}

// readOldSpecials reads special_tokens_map.json, which doesn't count beside an
// added_tokens_decoder.
func (s *Settings) readOldSpecials(text []byte) error {
	if s.hasDecoder {
		return nil
	}
	return s.readSpecials(text)
}

// readSpecials reads the special tokens of tokenizer_config.json or
// special_tokens_map.json.
func (s *Settings) readSpecials(text []byte) error {
	var file map[string]json.RawMessage
	if err := hfjson.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, name := range Names {
		token, err := specialToken(file[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if token.Content != "" {
			s.Specials[name] = token
		}
	}
	for _, name := range []string{"extra_special_tokens", "additional_special_tokens"} {
		if hfjson.Count(file[name]) > addedtokens.Max {
			return fmt.Errorf("%s: %w", name, addedtokens.ErrTooMany)
		}
		var list []json.RawMessage
		// It may be an object, for models of images: these tokens aren't ours.
		if json.Unmarshal(file[name], &list) != nil {
			continue
		}
		for _, text := range list {
			token, err := specialToken(text)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			s.Extra = append(s.Extra, token)
		}
		if len(list) > 0 {
			break // the older name doesn't count beside it
		}
	}
	return nil
}

// specialToken reads a token: a string, or an object with flags.
func specialToken(text json.RawMessage) (addedtokens.Token, error) {
	token := addedtokens.Token{Special: true}
	if len(text) == 0 || string(text) == "null" {
		return token, nil
	}
	if json.Unmarshal(text, &token.Content) == nil {
		return token, notEmpty(token.Content)
	}
	err := hfjson.Unmarshal(text, &token)
	token.Special = true
	return token, errors.Join(err, notEmpty(token.Content))
}

func notEmpty(content string) error {
	if content == "" {
		return errors.New("an empty token")
	}
	return nil
}

// readAdded reads {"token": id}, as slow tokenizers saved what was added. It
// doesn't count beside an added_tokens_decoder.
func (s *Settings) readAdded(text []byte) error {
	if s.hasDecoder {
		return nil
	}
	scan := hfjson.NewScanner(string(text))
	ids, err := scan.IDs(addedtokens.Max, addedtokens.ErrTooMany)
	if err == nil {
		err = scan.End()
	}
	if err != nil {
		return err
	}
	special := map[string]bool{}
	for _, token := range s.Specials {
		special[token.Content] = true
	}
	for _, token := range s.Extra {
		special[token.Content] = true
	}
	for content, id := range ids {
		s.Decoder[id] = addedtokens.Token{Content: content, Normalized: !special[content], Special: special[content]}
	}
	return nil
}

// readModelConfig reads what config.json says about the tokenizer. What is wrong
// with that file is reported by what reads all of it.
func (s *Settings) readModelConfig(text []byte) error {
	var file struct {
		Type  string `json:"model_type"`
		Rows  int    `json:"vocab_size"`
		Class string `json:"tokenizer_class"`
	}
	if json.Unmarshal(text, &file) != nil {
		return nil
	}
	s.ModelType, s.Rows = file.Type, file.Rows
	if s.Class == "" {
		s.Class = strings.TrimSuffix(file.Class, "Fast")
	}
	return nil
}

// Preset gives special tokens that no file Names the contents that the tokenizer's
// class has for them.
func (s *Settings) Preset(contents map[string]string) {
	for name, content := range contents {
		if _, ok := s.Specials[name]; !ok {
			s.Specials[name] = addedtokens.Token{Content: content, Special: true}
		}
	}
}

// Token returns the special token of that name, with its flags.
func (s *Settings) Token(name string) addedtokens.Token {
	token := s.Specials[name]
	for _, id := range slices.Sorted(maps.Keys(s.Decoder)) {
		if known := s.Decoder[id]; known.Content == token.Content {
			return known
		}
	}
	return token
}

// Missing returns the tokens that the settings name and v doesn't have.
func (s *Settings) Missing(v *addedtokens.Vocabulary) []addedtokens.Token {
	var tokens []addedtokens.Token
	taken := make(map[string]bool, len(s.Decoder))
	for _, id := range slices.Sorted(maps.Keys(s.Decoder)) {
		token := s.Decoder[id]
		if there, ok := v.ID(token.Content); ok {
			if token.ID = there; v.Has(token) {
				continue
			}
		}
		tokens, taken[token.Content] = append(tokens, token), true
	}
	add := func(token addedtokens.Token) {
		_, has := v.ID(token.Content)
		if token.Content == "" || has || taken[token.Content] {
			return
		}
		tokens, taken[token.Content] = append(tokens, token), true
	}
	for _, name := range Names {
		add(s.Token(name))
	}
	for _, token := range s.Extra {
		add(token)
	}
	return tokens
}
