package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/slow"
)

// Load reads the tokenizer of the model in folder: tokenizer.json, else the files
// of transformers' slow tokenizers, and the settings beside them where there are
// any. Errors name the file.
func Load(folder string) (*Tokenizer, error) {
	s, err := settings.Read(folder)
	if err != nil {
		return nil, err
	}
	t, err := load(folder, &s)
	if err != nil {
		return nil, err
	}
	t.addMissing(&s)
	if s.MaxLength != nil && *s.MaxLength < 1<<30 {
		t.maxLength = int(*s.MaxLength)
	}
	t.plainText = s.SplitSpecials
	if s.Side != "" {
		t.cutLeft = s.Side == "left"
	}
	return t, nil
}

func load(folder string, s *settings.Settings) (*Tokenizer, error) {
	path := filepath.Join(folder, "tokenizer.json")
	text, err := modelfile.ReadText(path)
	if errors.Is(err, fs.ErrNotExist) {
		return loadSlow(folder, s)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tokenizer: %w", err)
	}
	t, err := parseJSON(text, s.Overrides())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.path = path
	return t, nil
}

func loadSlow(folder string, s *settings.Settings) (*Tokenizer, error) {
	parts, err := slow.Load(folder, s)
	if err != nil {
		return nil, err
	}
	t, err := assemble(s, parts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(parts.Paths, ", "), err)
	}
	t.path = parts.Paths[0]
	return t, nil
}
