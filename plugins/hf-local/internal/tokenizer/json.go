package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseJSON makes a tokenizer of the text of tokenizer.json.
func parseJSON(text string, o overrides) (*Tokenizer, error) {
	t := &Tokenizer{known: newWords()}
	var file struct{ added, normalizer, split, post json.RawMessage }
	s := &scanner{text: text, python: o.python}
	err := s.object(func(key string) (err error) {
		switch key {
		case "version":
			return checkVersion(s)
		case "truncation":
			return t.readTruncation(s)
		case "added_tokens":
			file.added, err = s.part()
		case "normalizer":
			file.normalizer, err = s.part()
		case "pre_tokenizer":
			file.split, err = s.part()
		case "post_processor":
			file.post, err = s.part()
		case "model":
			if t.model, err = readModel(s); err != nil && !errors.Is(err, errJSON) {
				err = fmt.Errorf("model: %w", err)
			}
		default:
			_, err = s.raw()
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	if errors.Is(err, errJSON) {
		return nil, fmt.Errorf("not a tokenizer: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if t.model == nil {
		return nil, errors.New("model: missing")
	}
	if file.normalizer, err = o.normalizer.apply(file.normalizer, 0); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if t.normalizers, err = parseNormalizers(file.normalizer, 0); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if file.split, err = o.splitter.apply(file.split, 0); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.splits, err = parseSplitters(file.split, 0); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.template, err = parseTemplate(file.post, 0); err != nil {
		return nil, fmt.Errorf("post_processor: %w", err)
	}
	var tokens []addedToken
	if countOf(file.added) > maxAdded {
		return nil, errAdded
	}
	if len(file.added) > 0 {
		if err := unmarshal(file.added, &tokens); err != nil {
			return nil, fmt.Errorf("added_tokens: %w", err)
		}
	}
	for _, token := range tokens {
		if err := validID(int64(token.ID)); err != nil {
			return nil, fmt.Errorf("added_tokens: %w", err)
		}
	}
	t.finish(tokens)
	return t, nil
}

// maxPart bounds what of the file is left to encoding/json: all but the vocabulary,
// which is far smaller and takes many times its size as Go values.
const maxPart = 16 << 20 // bytes

// part cuts out a part of the file.
func (s *scanner) part() (json.RawMessage, error) {
	text, err := s.raw()
	if err == nil && len(text) > maxPart {
		err = fmt.Errorf("a part of it has %d bytes, more than the %d that it could need", len(text), maxPart)
	}
	return text, err
}

// checkVersion refuses files of a later format, as HuggingFace tokenizers does.
func checkVersion(s *scanner) error {
	text, err := s.raw()
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
func (t *Tokenizer) readTruncation(s *scanner) error {
	text, err := s.raw()
	if err != nil {
		return err
	}
	var file struct {
		Direction string `json:"direction"`
	}
	if err := unmarshal(text, &file); err != nil {
		return fmt.Errorf("truncation: %w", err)
	}
	t.cutLeft = strings.EqualFold(file.Direction, "left")
	return nil
}

// validID bounds ids, so that one more than the largest is still an int32.
func validID(id int64) error {
	if id < 0 || id >= 1<<30 {
		return fmt.Errorf("%d can't be the id of a token", id)
	}
	return nil
}

// part is any component of tokenizer.json: its type and, for that type, the rest.
type part struct {
	kind string
	text json.RawMessage
}

func (p *part) isNull() bool { return len(p.text) == 0 || string(p.text) == "null" }

// unmarshal is json.Unmarshal, with an error that is for the file's author.
func unmarshal(text []byte, to any) error {
	err := json.Unmarshal(text, to)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%.200s can't be of the type %.80s", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("it can't be of the type %.80s", kind.Value)
	}
	return err
}

func (p *part) read(to any) error { return unmarshal(p.text, to) }

func parsePart(text json.RawMessage, depth int) (p part, err error) {
	p.text = text
	if depth > maxDepth {
		return p, errors.New("sequences nested too deep")
	}
	if p.isNull() {
		return p, nil
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := unmarshal(text, &head); err != nil {
		return p, err
	}
	p.kind = head.Type
	return p, nil
}

// unsupported is the error for a type that isn't one of those.
func unsupported(kind, those string) error {
	return fmt.Errorf("type is %.100q; supported are %s", kind, those)
}

func parseTemplate(text json.RawMessage, depth int) (template, error) {
	p, err := parsePart(text, depth)
	if err != nil || p.isNull() {
		return template{}, err
	}
	switch p.kind {
	case "BertProcessing", "RobertaProcessing":
		return parseBertProcessing(p.text)
	case "TemplateProcessing":
		return parseTemplateProcessing(p.text)
	case "ByteLevel":
		return template{}, nil
	case "Sequence":
		var file struct {
			Processors []json.RawMessage `json:"processors"`
		}
		if err := p.read(&file); err != nil {
			return template{}, err
		}
		var t template
		for _, one := range file.Processors {
			next, err := parseTemplate(one, depth+1)
			if err != nil {
				return template{}, err
			}
			if next.size() > 0 && t.size() > 0 {
				// Each would treat what the one before added as texts of their own.
				return template{}, errors.New("two parts of a Sequence add special tokens; supported is one")
			}
			if next.size() > 0 {
				t = next
			}
		}
		return t, nil
	}
	return template{}, unsupported(p.kind, "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence")
}

// parseBertProcessing reads {"sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}.
func parseBertProcessing(text []byte) (template, error) {
	var file struct {
		Separator []any `json:"sep"`
		Class     []any `json:"cls"`
	}
	if err := unmarshal(text, &file); err != nil {
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
	if err := unmarshal(text, &file); err != nil {
		return template{}, err
	}
	var t template
	seen := false
	for _, p := range file.Single {
		switch {
		case p.Special != nil && p.Special.Type == 0:
			special, ok := file.Specials[p.Special.ID]
			if !ok {
				return template{}, fmt.Errorf("special_tokens has no %.100q", p.Special.ID)
			}
			for _, id := range special.IDs {
				if err := validID(int64(id)); err != nil {
					return template{}, fmt.Errorf("special_tokens: %.100q: %w", p.Special.ID, err)
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
