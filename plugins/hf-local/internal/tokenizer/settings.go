package tokenizer

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
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// settings is what is used of the files beside the vocabulary.
type settings struct {
	Class        string   `json:"tokenizer_class"`
	LowerCase    *bool    `json:"do_lower_case"`
	StripAccents *bool    `json:"strip_accents"`
	Chinese      *bool    `json:"tokenize_chinese_chars"`
	ByPunct      bool     `json:"split_by_punct"`
	PrefixSpace  *bool    `json:"add_prefix_space"`
	MaxLength    *float64 `json:"model_max_length"`
	OldMaxLength *float64 `json:"max_len"`
	Side         string   `json:"truncation_side"`
	// SplitSpecials says that special tokens are not sought in a text.
	SplitSpecials bool `json:"split_special_tokens"`

	// specials are the special tokens with a name, such as cls_token.
	specials map[string]addedToken
	// extra are special tokens without one.
	extra []addedToken
	// decoder are tokens with the ids that they are said to have, by
	// tokenizer_config.json (hasDecoder) or added_tokens.json.
	decoder    map[int32]addedToken
	hasDecoder bool

	modelType string // of config.json
	rows      int    // vocab_size of config.json, or 0
}

// names are the special tokens that have a name, in transformers' order.
var names = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

func readSettings(folder string) (settings, error) {
	s := settings{specials: map[string]addedToken{}, decoder: map[int32]addedToken{}}
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

func (s *settings) readConfig(text []byte) error {
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
	if hfjson.Count(raw.Decoder) > maxAdded {
		return fmt.Errorf("added_tokens_decoder: %w", errAdded)
	}
	var file struct {
		Decoder map[string]addedToken `json:"added_tokens_decoder"`
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
		s.decoder[int32(id)] = token
	}
	return s.readSpecials(text)
}

// readOldSpecials reads special_tokens_map.json, which doesn't count beside an
// added_tokens_decoder.
func (s *settings) readOldSpecials(text []byte) error {
	if s.hasDecoder {
		return nil
	}
	return s.readSpecials(text)
}

// readSpecials reads the special tokens of tokenizer_config.json or
// special_tokens_map.json.
func (s *settings) readSpecials(text []byte) error {
	var file map[string]json.RawMessage
	if err := hfjson.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, name := range names {
		token, err := specialToken(file[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if token.Content != "" {
			s.specials[name] = token
		}
	}
	for _, name := range []string{"extra_special_tokens", "additional_special_tokens"} {
		if hfjson.Count(file[name]) > maxAdded {
			return fmt.Errorf("%s: %w", name, errAdded)
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
			s.extra = append(s.extra, token)
		}
		if len(list) > 0 {
			break // the older name doesn't count beside it
		}
	}
	return nil
}

// specialToken reads a token: a string, or an object with flags.
func specialToken(text json.RawMessage) (addedToken, error) {
	token := addedToken{Special: true}
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
func (s *settings) readAdded(text []byte) error {
	if s.hasDecoder {
		return nil
	}
	scan := hfjson.NewScanner(string(text))
	ids, err := scan.IDs(maxAdded, errAdded)
	if err == nil {
		err = scan.End()
	}
	if err != nil {
		return err
	}
	special := map[string]bool{}
	for _, token := range s.specials {
		special[token.Content] = true
	}
	for _, token := range s.extra {
		special[token.Content] = true
	}
	for content, id := range ids {
		s.decoder[id] = addedToken{Content: content, Normalized: !special[content], Special: special[content]}
	}
	return nil
}

// readModelConfig reads what config.json says about the tokenizer. What is wrong
// with that file is said by those who read all of it.
func (s *settings) readModelConfig(text []byte) error {
	var file struct {
		Type  string `json:"model_type"`
		Rows  int    `json:"vocab_size"`
		Class string `json:"tokenizer_class"`
	}
	if json.Unmarshal(text, &file) != nil {
		return nil
	}
	s.modelType, s.rows = file.Type, file.Rows
	if s.Class == "" {
		s.Class = strings.TrimSuffix(file.Class, "Fast")
	}
	return nil
}

// preset gives special tokens that no file names the contents that the tokenizer's
// class has for them.
func (s *settings) preset(contents map[string]string) {
	for name, content := range contents {
		if _, ok := s.specials[name]; !ok {
			s.specials[name] = addedToken{Content: content, Special: true}
		}
	}
}

// token returns the special token of that name, with its flags.
func (s *settings) token(name string) addedToken {
	token := s.specials[name]
	for _, id := range slices.Sorted(maps.Keys(s.decoder)) {
		if known := s.decoder[id]; known.Content == token.Content {
			return known
		}
	}
	return token
}

// addTo adds to t the tokens that the settings name and t doesn't have, as
// transformers does when it loads a tokenizer.
func (s *settings) addTo(t *Tokenizer) {
	var tokens []addedToken
	taken := make(map[string]bool, len(s.decoder))
	for _, id := range slices.Sorted(maps.Keys(s.decoder)) {
		token := s.decoder[id]
		if there, ok := t.added.ids[token.Content]; ok {
			token.ID = there
			if t.added.tokens[there] == token {
				continue
			}
		}
		tokens, taken[token.Content] = append(tokens, token), true
	}
	add := func(token addedToken) {
		_, has := t.added.ids[token.Content]
		if token.Content == "" || has || taken[token.Content] {
			return
		}
		tokens, taken[token.Content] = append(tokens, token), true
	}
	for _, name := range names {
		add(s.token(name))
	}
	for _, token := range s.extra {
		add(token)
	}
	// A model that has no row for a token doesn't know it.
	before := t.size
	t.finish(tokens)
	if s.rows == 0 || t.size <= s.rows {
		return
	}
	for id := range t.added.tokens {
		if int(id) >= max(before, s.rows) {
			delete(t.added.ids, t.added.tokens[id].Content)
			delete(t.added.tokens, id)
		}
	}
	t.finish(nil)
}
