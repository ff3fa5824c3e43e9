package normalizers

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pattern"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

const types = "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, Precompiled, Nmt, ByteLevel and Sequence"

// Parse reads a normalizer, which may be several and is nested depth deep in sequences.
func Parse(text json.RawMessage, depth int) ([]Normalizer, error) {
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() {
		return nil, err
	}
	one := func(f func(string) string) ([]Normalizer, error) { return []Normalizer{{Apply: f}}, nil }
	switch p.Type {
	case "BertNormalizer":
		n := &BERT{Clean: true, Chinese: true, Lower: true}
		if err := p.Read(n); err != nil {
			return nil, err
		}
		return one(n.Normalize)
	case "NFC":
		return one(unicodedata.NFC)
	case "NFD":
		return one(unicodedata.NFD)
	case "NFKC":
		return one(unicodedata.NFKC)
	case "NFKD":
		return one(unicodedata.NFKD)
	case "Lowercase":
		return one(Lowercase)
	case "StripAccents":
		return one(without(unicodedata.Combining.Has))
	case "Strip":
		file := struct {
			Left  bool `json:"strip_left"`
			Right bool `json:"strip_right"`
		}{true, true}
		err := p.Read(&file)
		return []Normalizer{Strip(file.Left, file.Right)}, err
	case "Prepend":
		var file struct {
			Prepend string `json:"prepend"`
		}
		err := p.Read(&file)
		return []Normalizer{prepend(file.Prepend)}, err
	case "Replace":
		return parseReplace(p)
	case "Precompiled":
		return parsePrecompiled(p)
	case "Nmt":
		return one(nmt)
	case "ByteLevel":
		return one(ByteLevel)
	case "Sequence":
		var file struct {
			Normalizers []json.RawMessage `json:"normalizers"`
		}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		var all []Normalizer
		for _, one := range file.Normalizers {
			n, err := Parse(one, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, n...)
		}
		return all, nil
	}
	return nil, hfjson.Unsupported(p.Type, types)
}

func parseReplace(p hfjson.Component) ([]Normalizer, error) {
	var file struct {
		Pattern pattern.Pattern `json:"pattern"`
		Content string          `json:"content"`
	}
	if err := p.Read(&file); err != nil {
		return nil, err
	}
	what, err := file.Pattern.Compile()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	return []Normalizer{Replace(what, file.Content)}, nil
}

func parsePrecompiled(p hfjson.Component) ([]Normalizer, error) {
	var file struct {
		Map string `json:"precompiled_charsmap"`
	}
	if err := p.Read(&file); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(file.Map)
	if err != nil {
		return nil, fmt.Errorf("%s: precompiled_charsmap: %w", p.Type, err)
	}
	n, err := Precompiled(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	return []Normalizer{n}, nil
}
