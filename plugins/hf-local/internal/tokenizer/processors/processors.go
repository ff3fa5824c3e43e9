package processors

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// Template is what is put around a text.
type Template struct {
	Before, After []int32
}

// Size is how many tokens the template adds.
func (t Template) Size() int { return len(t.Before) + len(t.After) }

// Parse reads a post-processor, which is nested depth deep in sequences.
func Parse(text json.RawMessage, depth int) (Template, error) {
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() {
		return Template{}, err
	}
	switch p.Type {
	case "BertProcessing", "RobertaProcessing":
		return parseBertProcessing(p)
	case "TemplateProcessing":
		return parseTemplateProcessing(p)
	case "ByteLevel":
		return Template{}, nil
	case "Sequence":
		var file struct {
			Processors []json.RawMessage `json:"processors"`
		}
		if err := p.Read(&file); err != nil {
			return Template{}, err
		}
		var t Template
		for _, one := range file.Processors {
			next, err := Parse(one, depth+1)
			if err != nil {
				return Template{}, err
			}
			if next.Size() > 0 && t.Size() > 0 {
				// Each would treat what the one before added as texts of their own.
				return Template{}, errors.New("two parts of a Sequence add special tokens; supported is one")
			}
			if next.Size() > 0 {
				t = next
			}
		}
		return t, nil
	}
	return Template{}, hfjson.Unsupported(p.Type, "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence")
}

// parseBertProcessing reads {"sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}.
func parseBertProcessing(p hfjson.Component) (Template, error) {
	var file struct {
		Separator []any `json:"sep"`
		Class     []any `json:"cls"`
	}
	if err := p.Read(&file); err != nil {
		return Template{}, err
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
		return Template{}, err
	}
	after, err := id("sep", file.Separator)
	if err != nil {
		return Template{}, err
	}
	return Template{Before: before, After: after}, nil
}

// parseTemplateProcessing reads the template for one text: special tokens and the
// text "A", all of type 0.
func parseTemplateProcessing(p hfjson.Component) (Template, error) {
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
	if err := p.Read(&file); err != nil {
		return Template{}, err
	}
	var t Template
	seen := false
	for _, p := range file.Single {
		switch {
		case p.Special != nil && p.Special.Type == 0:
			special, ok := file.Specials[p.Special.ID]
			if !ok {
				return Template{}, fmt.Errorf("special_tokens has no %.100q", p.Special.ID)
			}
			for _, id := range special.IDs {
				if err := hfjson.ValidID(int64(id)); err != nil {
					return Template{}, fmt.Errorf("special_tokens: %.100q: %w", p.Special.ID, err)
				}
			}
			if seen {
				t.After = append(t.After, special.IDs...)
			} else {
				t.Before = append(t.Before, special.IDs...)
			}
		case p.Sequence != nil && p.Sequence.Type == 0 && p.Sequence.ID == "A" && !seen:
			seen = true
		default:
			return Template{}, errors.New("single is not one text A of type 0 among special tokens of type 0")
		}
	}
	if !seen {
		return Template{}, errors.New("single has no text A")
	}
	return t, nil
}
