package tokenizer

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

const normalizerTypes = "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, Precompiled, Nmt, ByteLevel and Sequence"

func parseNormalizers(text json.RawMessage, depth int) ([]normalizer, error) {
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() {
		return nil, err
	}
	one := func(f func(string) string) ([]normalizer, error) { return []normalizer{{apply: f}}, nil }
	switch p.Type {
	case "BertNormalizer":
		n := &bertNormalizer{Clean: true, Chinese: true, Lower: true}
		if err := p.Read(n); err != nil {
			return nil, err
		}
		return one(n.normalize)
	case "NFC":
		return one(unicodedata.NFC)
	case "NFD":
		return one(unicodedata.NFD)
	case "NFKC":
		return one(unicodedata.NFKC)
	case "NFKD":
		return one(unicodedata.NFKD)
	case "Lowercase":
		return one(lower)
	case "StripAccents":
		return one(without(unicodedata.Combining.Has))
	case "Strip":
		file := struct {
			Left  bool `json:"strip_left"`
			Right bool `json:"strip_right"`
		}{true, true}
		err := p.Read(&file)
		return []normalizer{strip(file.Left, file.Right)}, err
	case "Prepend":
		var file struct {
			Prepend string `json:"prepend"`
		}
		err := p.Read(&file)
		return []normalizer{prepend(file.Prepend)}, err
	case "Replace":
		return parseReplace(p)
	case "Precompiled":
		return parsePrecompiled(p)
	case "Nmt":
		return one(nmt)
	case "ByteLevel":
		return one(byteLevel)
	case "Sequence":
		var file struct {
			Normalizers []json.RawMessage `json:"normalizers"`
		}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		var all []normalizer
		for _, one := range file.Normalizers {
			n, err := parseNormalizers(one, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, n...)
		}
		return all, nil
	}
	return nil, hfjson.Unsupported(p.Type, normalizerTypes)
}

// pattern is {"String": "a"} or {"Regex": "a+"}.
type pattern struct {
	Text  *string `json:"String"`
	Regex *string `json:"Regex"`
}

func parseReplace(p hfjson.Component) ([]normalizer, error) {
	var file struct {
		Pattern pattern `json:"pattern"`
		Content string  `json:"content"`
	}
	if err := p.Read(&file); err != nil {
		return nil, err
	}
	switch {
	case file.Pattern.Text != nil:
		return []normalizer{replace(occurrences(*file.Pattern.Text), file.Content)}, nil
	case file.Pattern.Regex != nil:
		compiled, err := onig.Compile(*file.Pattern.Regex)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Type, err)
		}
		return []normalizer{replace(compiled.Each, file.Content)}, nil
	}
	return nil, fmt.Errorf("%s: pattern is neither String nor Regex", p.Type)
}

func parsePrecompiled(p hfjson.Component) ([]normalizer, error) {
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
	m, err := parseCharsmap(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	return m.normalizer(), nil
}

const splitterTypes = "BertPreTokenizer, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, Split, Punctuation, Digits, CharDelimiterSplit, FixedLength and Sequence"

// parseSplitters reads a pre-tokenizer, which may be several.
func parseSplitters(text json.RawMessage, depth int) ([]stage, error) {
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() {
		return nil, err
	}
	one := func(s splitter) ([]stage, error) { return []stage{{split: s}}, nil }
	switch p.Type {
	case "BertPreTokenizer":
		return one(splitBERT)
	case "ByteLevel":
		file := struct {
			Prefix bool  `json:"add_prefix_space"`
			Words  *bool `json:"use_regex"`
		}{Prefix: true}
		err := p.Read(&file)
		return byteLevelStages(file.Prefix, file.Words == nil || *file.Words), err
	case "Metaspace":
		m, err := parseMetaspace(p)
		return []stage{{split: m.split, first: m.scheme == "first"}}, err
	case "Whitespace":
		return one(splitWords)
	case "WhitespaceSplit":
		return one(splitSpace)
	case "Split":
		return parseSplit(p)
	case "Punctuation":
		file := struct {
			Behaviour behaviour `json:"behavior"`
		}{isolated}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		return []stage{{split: splitAt(charactersThat(unicodedata.Punctuation.Has), file.Behaviour)}}, file.Behaviour.check()
	case "Digits":
		var file struct {
			Each bool `json:"individual_digits"`
		}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		b := contiguous
		if file.Each {
			b = isolated
		}
		return one(splitAt(charactersThat(unicodedata.Number.Has), b))
	case "CharDelimiterSplit":
		var file struct {
			Delimiter string `json:"delimiter"`
		}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(file.Delimiter) != 1 {
			return nil, fmt.Errorf("%s: delimiter is %.200q, not one character", p.Type, file.Delimiter)
		}
		return one(splitAt(matchesOf(occurrences(file.Delimiter)), removed))
	case "FixedLength":
		file := struct {
			Length int `json:"length"`
		}{5}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		if file.Length < 1 {
			return nil, fmt.Errorf("%s: length is %d", p.Type, file.Length)
		}
		return one(splitLength(file.Length))
	case "Sequence":
		var file struct {
			Splitters []json.RawMessage `json:"pretokenizers"`
		}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		var all []stage
		for _, one := range file.Splitters {
			s, err := parseSplitters(one, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, s...)
		}
		return all, nil
	}
	return nil, hfjson.Unsupported(p.Type, splitterTypes)
}

func (b behaviour) check() error {
	switch b {
	case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous:
		return nil
	}
	return fmt.Errorf("behavior is %.200q; supported are Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous", string(b))
}

func parseSplit(p hfjson.Component) ([]stage, error) {
	var file struct {
		Pattern   pattern   `json:"pattern"`
		Behaviour behaviour `json:"behavior"`
		Invert    bool      `json:"invert"`
	}
	if err := p.Read(&file); err != nil {
		return nil, err
	}
	if err := file.Behaviour.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	var find finder
	switch {
	case file.Pattern.Text != nil:
		find = matchesOf(occurrences(*file.Pattern.Text))
	case file.Pattern.Regex != nil:
		compiled, err := onig.Compile(*file.Pattern.Regex)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Type, err)
		}
		find = matchesOf(compiled.Each)
	default:
		return nil, fmt.Errorf("%s: pattern is neither String nor Regex", p.Type)
	}
	if file.Invert {
		find = inverted(find)
	}
	return []stage{{split: splitAt(find, file.Behaviour)}}, nil
}

func parseMetaspace(p hfjson.Component) (metaspace, error) {
	var file struct {
		Replacement string `json:"replacement"`
		Prefix      *bool  `json:"add_prefix_space"`
		Scheme      string `json:"prepend_scheme"`
		Split       *bool  `json:"split"`
	}
	if err := p.Read(&file); err != nil {
		return metaspace{}, err
	}
	if utf8.RuneCountInString(file.Replacement) != 1 {
		return metaspace{}, fmt.Errorf("%s: replacement is %.200q, not one character", p.Type, file.Replacement)
	}
	m := metaspace{replacement: file.Replacement, scheme: file.Scheme, cut: file.Split == nil || *file.Split}
	switch m.scheme {
	case "always", "first", "never":
	case "":
		// Files of the first releases say only this.
		m.scheme = "always"
		if file.Prefix != nil && !*file.Prefix {
			m.scheme = "never"
		}
	default:
		return metaspace{}, fmt.Errorf("%s: prepend_scheme is %.200q; supported are always, first and never", p.Type, m.scheme)
	}
	return m, nil
}
