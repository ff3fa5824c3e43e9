package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// vocabularies are what the large members of a model hold.
type vocabularies struct {
	ids    map[string]int32 // {"token": id}
	scored []Piece          // [["token", score]]
	merges [][2]string      // ["a b"] or [["a", "b"]]
	// merged says that there are merges, if none.
	merged bool
	small  map[string]json.RawMessage // all other members
}

// Read reads the model of a tokenizer.json, whose vocabulary is nearly all of the file.
func Read(s *hfjson.Scanner) (Model, error) {
	if s.Next() != '{' {
		text, err := s.Raw()
		if err != nil || string(text) == "null" {
			return nil, err
		}
		return nil, errors.New("it is not an object")
	}
	v := vocabularies{small: map[string]json.RawMessage{}}
	err := s.Object(func(key string) (err error) {
		switch key {
		case "vocab":
			err = v.readVocabulary(s)
		case "merges":
			err = v.readMerges(s)
		default:
			v.small[key], err = s.Raw()
			return err
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", key, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v.model()
}

// MaxEntries bounds the entries of a vocabulary and its merges: the largest have a
// million. A file of empty entries would take many times its size in memory.
const MaxEntries = 1 << 22

// ErrEntries is the error about a vocabulary with more than MaxEntries.
var ErrEntries = fmt.Errorf("it has more than %d entries, which no vocabulary has", MaxEntries)

// perPiece is about how many bytes of JSON a piece with its score takes.
const perPiece = 48

func (v *vocabularies) readVocabulary(s *hfjson.Scanner) error {
	// Counted before anything is kept: a vocabulary takes many times its size.
	if s.Next() == '[' {
		if s.Elements() > MaxEntries {
			return ErrEntries
		}
		v.scored = make([]Piece, 0, min(MaxEntries, s.Left()/perPiece))
		return s.Array(func() error {
			var piece Piece
			if err := s.Take('['); err != nil {
				return err
			}
			var err error
			if piece.Token, err = s.Text(); err != nil {
				return err
			}
			if err := s.Take(','); err != nil {
				return err
			}
			if piece.Score, err = s.Float(); err != nil {
				return err
			}
			if v.scored = append(v.scored, piece); len(v.scored) > MaxEntries {
				return ErrEntries
			}
			return s.Take(']')
		})
	}
	ids, err := s.IDs(MaxEntries, ErrEntries)
	v.ids = ids
	return err
}

func (v *vocabularies) readMerges(s *hfjson.Scanner) error {
	v.merged = true
	if s.Next() == 'n' { // null
		v.merged = false
		_, err := s.Raw()
		return err
	}
	n := s.Elements()
	if n > MaxEntries {
		return ErrEntries
	}
	v.merges = make([][2]string, 0, n)
	return s.Array(func() error {
		if s.Next() == '"' {
			text, err := s.Text()
			if err != nil {
				return err
			}
			return v.addMerge(text)
		}
		var pair []string
		err := s.Array(func() error {
			token, err := s.Text()
			if pair = append(pair, token); err == nil && len(pair) > 2 {
				err = fmt.Errorf("%s… is not a pair", quoted(pair))
			}
			return err
		})
		if err == nil && len(pair) != 2 {
			err = fmt.Errorf("%s is not a pair", quoted(pair))
		}
		if err == nil {
			err = v.merge(pair[0], pair[1])
		}
		return err
	})
}

// quoted writes some tokens for people.
func quoted(tokens []string) string {
	list := make([]string, len(tokens))
	for i, token := range tokens {
		list[i] = fmt.Sprintf("%.100q", token)
	}
	return "[" + strings.Join(list, " ") + "]"
}

// addMerge takes a line of merges.txt, or an element of merges in files of the
// first releases.
func (v *vocabularies) addMerge(line string) error {
	if strings.HasPrefix(line, "#version") {
		return nil
	}
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return fmt.Errorf("%.200q is not a pair", line)
	}
	return v.merge(left, right)
}

func (v *vocabularies) merge(left, right string) error {
	if len(v.merges) >= MaxEntries {
		return ErrEntries
	}
	v.merges = append(v.merges, [2]string{left, right})
	return nil
}

// kind returns the type, which files of the first releases don't say.
func (v *vocabularies) kind() (string, error) {
	if text, ok := v.small["type"]; ok {
		var kind string
		err := hfjson.Unmarshal(text, &kind)
		return kind, err
	}
	switch {
	case v.scored != nil:
		return "Unigram", nil
	case v.merged:
		return "BPE", nil
	case v.small["max_input_chars_per_word"] != nil:
		return "WordPiece", nil
	case v.small["unk_token"] != nil:
		return "WordLevel", nil
	}
	return "", nil
}

func (v *vocabularies) read(to any) error {
	text, err := json.Marshal(v.small)
	if err != nil {
		return err
	}
	return hfjson.Unmarshal(text, to)
}

func (v *vocabularies) model() (Model, error) {
	kind, err := v.kind()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "WordPiece":
		return v.wordPiece()
	case "WordLevel":
		o := struct {
			Unknown string `json:"unk_token"`
		}{"<unk>"}
		if err := v.read(&o); err != nil {
			return nil, err
		}
		return newWordLevel(v.ids, o.Unknown)
	case "BPE":
		var o bpeOptions
		if err := v.read(&o); err != nil {
			return nil, err
		}
		if v.ids == nil || !v.merged {
			return nil, errors.New("vocab or merges is missing")
		}
		return newBPE(v.ids, v.merges, o)
	case "Unigram":
		o := struct {
			Unknown  *int32 `json:"unk_id"`
			Fallback bool   `json:"byte_fallback"`
		}{}
		if err := v.read(&o); err != nil {
			return nil, err
		}
		unknown := int32(-1)
		if o.Unknown != nil {
			if unknown = *o.Unknown; unknown < 0 {
				return nil, fmt.Errorf("unk_id is %d", unknown)
			}
		}
		return NewUnigram(v.scored, unknown, o.Fallback)
	}
	return nil, hfjson.Unsupported(kind, "WordPiece, BPE, Unigram and WordLevel")
}

func (v *vocabularies) wordPiece() (Model, error) {
	o := struct {
		Unknown  string `json:"unk_token"`
		Prefix   string `json:"continuing_subword_prefix"`
		MaxRunes int    `json:"max_input_chars_per_word"`
	}{"[UNK]", "##", 100}
	if err := v.read(&o); err != nil {
		return nil, err
	}
	unknown, ok := v.ids[o.Unknown]
	if !ok {
		return nil, fmt.Errorf("vocab has no %.100q, which is unk_token", o.Unknown)
	}
	return NewWordPiece(v.ids, unknown, o.Prefix, o.MaxRunes)
}
