package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// settings is what is used of tokenizer_config.json.
type settings struct {
	LowerCase    *bool           `json:"do_lower_case"`
	StripAccents *bool           `json:"strip_accents"`
	Chinese      *bool           `json:"tokenize_chinese_chars"`
	MaxLength    *float64        `json:"model_max_length"`
	Side         string          `json:"truncation_side"`
	Unknown      json.RawMessage `json:"unk_token"`
	Separator    json.RawMessage `json:"sep_token"`
	Padding      json.RawMessage `json:"pad_token"`
	Class        json.RawMessage `json:"cls_token"`
	Mask         json.RawMessage `json:"mask_token"`
}

// Load reads the tokenizer of the model in folder: tokenizer.json, else
// vocab.txt, and tokenizer_config.json where there is one. Errors name the file.
func Load(folder string) (*Tokenizer, error) {
	s, err := readSettings(filepath.Join(folder, "tokenizer_config.json"))
	if err != nil {
		return nil, err
	}
	t, err := load(folder, s)
	if err != nil {
		return nil, err
	}
	// transformers writes 1e30 for "no limit".
	if s.MaxLength != nil && *s.MaxLength < 1<<30 {
		if *s.MaxLength < 1 {
			return nil, fmt.Errorf("%s: model_max_length is %v, which it can't be", filepath.Join(folder, "tokenizer_config.json"), *s.MaxLength)
		}
		t.maxLength = int(*s.MaxLength)
	}
	t.cutLeft = s.Side == "left"
	return t, nil
}

func load(folder string, s settings) (*Tokenizer, error) {
	path := filepath.Join(folder, "tokenizer.json")
	text, err := os.ReadFile(path)
	if err == nil {
		t, err := parseJSON(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		t.path = path
		return t, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the tokenizer: %w", err)
	}
	path = filepath.Join(folder, "vocab.txt")
	text, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has neither tokenizer.json nor vocab.txt: the tokenizer is missing", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tokenizer: %w", err)
	}
	t, err := parseVocabulary(text, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.path = path
	return t, nil
}

func readSettings(path string) (settings, error) {
	var s settings
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading the tokenizer's settings: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}
