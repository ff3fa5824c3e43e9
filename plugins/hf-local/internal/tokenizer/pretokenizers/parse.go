package pretokenizers

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pattern"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

const types = "BertPreTokenizer, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, Split, Punctuation, Digits, CharDelimiterSplit, FixedLength and Sequence"

// Parse reads a pre-tokenizer, which may be several and is nested depth deep in sequences.
func Parse(text json.RawMessage, depth int) ([]Stage, error) {
	p, err := hfjson.ParseComponent(text, depth)
	if err != nil || p.IsNull() {
		return nil, err
	}
	one := func(s Splitter) ([]Stage, error) { return []Stage{{Split: s}}, nil }
	switch p.Type {
	case "BertPreTokenizer":
		return one(BERT)
	case "ByteLevel":
		file := struct {
			Prefix bool  `json:"add_prefix_space"`
			Words  *bool `json:"use_regex"`
		}{Prefix: true}
		err := p.Read(&file)
		return ByteLevel(file.Prefix, file.Words == nil || *file.Words), err
	case "Metaspace":
		m, err := parseMetaspace(p)
		return []Stage{m.stage()}, err
	case "Whitespace":
		return one(whitespace)
	case "WhitespaceSplit":
		return one(WhitespaceSplit)
	case "Split":
		return parseSplit(p)
	case "Punctuation":
		file := struct {
			Behavior behavior `json:"behavior"`
		}{isolated}
		if err := p.Read(&file); err != nil {
			return nil, err
		}
		return []Stage{{Split: splitAt(charactersThat(unicodedata.Punctuation.Has), file.Behavior)}}, file.Behavior.check()
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
		return one(splitAt(matchesOf(pattern.Occurrences(file.Delimiter)), removed))
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
		var all []Stage
		for _, one := range file.Splitters {
			s, err := Parse(one, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, s...)
		}
		return all, nil
	}
	return nil, hfjson.Unsupported(p.Type, types)
}

func (b behavior) check() error {
	switch b {
	case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous:
		return nil
	}
	return fmt.Errorf("behavior is %.200q; supported are Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous", string(b))
}

func parseSplit(p hfjson.Component) ([]Stage, error) {
	var file struct {
		Pattern  pattern.Pattern `json:"pattern"`
		Behavior behavior        `json:"behavior"`
		Invert   bool            `json:"invert"`
	}
	if err := p.Read(&file); err != nil {
		return nil, err
	}
	if err := file.Behavior.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	what, err := file.Pattern.Compile()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type, err)
	}
	find := matchesOf(what)
	if file.Invert {
		find = inverted(find)
	}
	return []Stage{{Split: splitAt(find, file.Behavior)}}, nil
}
