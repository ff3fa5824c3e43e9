package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/processors"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
)

// parseJSON makes a tokenizer of the text of tokenizer.json.
func parseJSON(text string, o settings.Overrides) (*Tokenizer, error) {
	t := &Tokenizer{known: newWordCache()}
	var file struct{ added, normalizer, split, post json.RawMessage }
	s := hfjson.NewScanner(text)
	s.Python = o.Python
	err := s.Object(func(key string) (err error) {
		switch key {
		case "version":
			return checkVersion(s)
		case "truncation":
			return t.readTruncation(s)
		case "added_tokens":
			file.added, err = s.Part()
		case "normalizer":
			file.normalizer, err = s.Part()
		case "pre_tokenizer":
			file.split, err = s.Part()
		case "post_processor":
			file.post, err = s.Part()
		case "model":
			if t.model, err = models.Read(s); err != nil && !errors.Is(err, hfjson.ErrSyntax) {
				err = fmt.Errorf("model: %w", err)
			}
		default:
			_, err = s.Raw()
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	if errors.Is(err, hfjson.ErrSyntax) {
		return nil, fmt.Errorf("not a tokenizer: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if t.model == nil {
		return nil, errors.New("model: missing")
	}
	if file.normalizer, err = o.Normalizer.Apply(file.normalizer, 0); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if t.normalizers, err = normalizers.Parse(file.normalizer, 0); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if file.split, err = o.PreTokenizer.Apply(file.split, 0); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.splits, err = pretokenizers.Parse(file.split, 0); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.template, err = processors.Parse(file.post, 0); err != nil {
		return nil, fmt.Errorf("post_processor: %w", err)
	}
	var tokens []addedtokens.Token
	if hfjson.Count(file.added) > addedtokens.Max {
		return nil, addedtokens.ErrTooMany
	}
	if len(file.added) > 0 {
		if err := hfjson.Unmarshal(file.added, &tokens); err != nil {
			return nil, fmt.Errorf("added_tokens: %w", err)
		}
	}
	for _, token := range tokens {
		if err := hfjson.ValidID(int64(token.ID)); err != nil {
			return nil, fmt.Errorf("added_tokens: %w", err)
		}
	}
	t.finish(tokens)
	return t, nil
}

// checkVersion refuses files of a later format, as HuggingFace tokenizers does.
func checkVersion(s *hfjson.Scanner) error {
	text, err := s.Raw()
	if err == nil && string(text) != `"1.0"` && string(text) != "null" {
		err = fmt.Errorf(`version is %s; supported is "1.0"`, shortened(text))
	}
	return err
}

func shortened(text []byte) string {
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}

// readTruncation takes from the file only which side is cut off: the length is
// that of tokenizer_config.json.
func (t *Tokenizer) readTruncation(s *hfjson.Scanner) error {
	text, err := s.Raw()
	if err != nil {
		return err
	}
	var file struct {
		Direction string `json:"direction"`
	}
	if err := hfjson.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("truncation: %w", err)
	}
	t.cutLeft = strings.EqualFold(file.Direction, "left")
	return nil
}
