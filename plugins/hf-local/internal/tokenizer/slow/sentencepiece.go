package slow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
)

// sentencePiece is what is used of a sentencepiece model, a ModelProto of
// sentencepiece_model.proto.
type sentencePiece struct {
	pieces   []models.Piece
	added    []addedtokens.Token // control and user defined pieces
	unknown  int32
	charsmap []byte
}

// The kinds of pieces and models that make a difference.
const (
	controlPiece = 3
	userPiece    = 4
	unigramModel = 1
)

func parseSentencePiece(file []byte) (*sentencePiece, error) {
	p := &sentencePiece{}
	kind := uint64(unigramModel)
	err := fields(file, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			return p.addPiece(data)
		case 2: // trainer_spec
			return fields(data, func(number int, value uint64, _ []byte) error {
				switch number {
				case 3:
					kind = value
				case 40:
					p.unknown = int32(value)
				}
				return nil
			})
		case 3: // normalizer_spec
			return fields(data, func(number int, _ uint64, data []byte) error {
				if number == 2 {
					p.charsmap = data
				}
				return nil
			})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("not a sentencepiece model: %w", err)
	case len(p.pieces) == 0:
		return nil, errors.New("not a sentencepiece model: it has no pieces")
	case kind != unigramModel:
		return nil, fmt.Errorf("model_type is %d; supported is 1, Unigram", kind)
	}
	return p, nil
}

func (p *sentencePiece) addPiece(data []byte) error {
	var piece models.Piece
	kind := uint64(1)
	err := fields(data, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			piece.Token = strings.ToValidUTF8(string(data), "\uFFFD")
		case 2:
			piece.Score = float64(math.Float32frombits(uint32(value)))
		case 3:
			kind = value
		}
		return nil
	})
	if math.IsNaN(piece.Score) || math.IsInf(piece.Score, 0) {
		return fmt.Errorf("the score of %.200q is %v", piece.Token, piece.Score)
	}
	if p.pieces = append(p.pieces, piece); len(p.pieces) > models.MaxEntries {
		return models.ErrEntries
	}
	if kind == controlPiece || kind == userPiece {
		p.added = append(p.added, addedtokens.Token{Content: piece.Token, Special: kind == controlPiece})
	}
	return err
}

// normalizer is the model's own map of characters, if it has one.
func (p *sentencePiece) normalizer() ([]normalizers.Normalizer, error) {
	if len(p.charsmap) == 0 {
		return nil, nil
	}
	n, err := normalizers.Precompiled(p.charsmap)
	if err != nil {
		return nil, err
	}
	return []normalizers.Normalizer{n}, nil
}

var errCutOff = errors.New("it is cut off")

// fields calls field for each field of a message in the encoding of protocol
// buffers: value has a number's bits, data the bytes of a text or of a message.
func fields(message []byte, field func(number int, value uint64, data []byte) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 || key>>3 == 0 || key>>3 > math.MaxInt32 {
			return errCutOff
		}
		message = message[n:]
		var value uint64
		var data []byte
		size := 0 // of what is left out of message
		switch key & 7 {
		case 0:
			if value, size = binary.Uvarint(message); size <= 0 {
				return errCutOff
			}
		case 1:
			if size = 8; len(message) >= size {
				value = binary.LittleEndian.Uint64(message)
			}
		case 2:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return errCutOff
			}
			size = n + int(length)
			data = message[n:size]
		case 5:
			if size = 4; len(message) >= size {
				value = uint64(binary.LittleEndian.Uint32(message))
			}
		default:
			return fmt.Errorf("a field has the wire type %d", key&7)
		}
		if size > len(message) {
			return errCutOff
		}
		message = message[size:]
		if err := field(int(key>>3), value, data); err != nil {
			return err
		}
	}
	return nil
}
