package slow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pattern"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// buildBERT reads vocab.txt, a token a line.
func buildBERT(files [][]byte, s *settings.Settings) (Parts, error) {
	if n := bytes.Count(files[0], []byte("\n")) + bytes.Count(files[0], []byte("\r")); n > 2*models.MaxEntries {
		return Parts{}, models.ErrEntries
	}
	// Python's text mode ends a line at any of these.
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(string(files[0]), "\uFFFD"))
	if strings.Count(text, "\n") > models.MaxEntries {
		return Parts{}, models.ErrEntries
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return Parts{}, errors.New("the vocabulary is empty")
	}
	vocabulary := make(map[string]int32, len(lines))
	for i, token := range lines {
		vocabulary[token] = int32(i)
	}
	for _, name := range []string{"unk_token", "cls_token", "sep_token"} {
		if _, ok := vocabulary[s.Specials[name].Content]; !ok {
			return Parts{}, fmt.Errorf("the vocabulary has no %s, which is %s", s.Specials[name].Content, name)
		}
	}
	m, err := models.NewWordPiece(vocabulary, vocabulary[s.Specials["unk_token"].Content], "##", 100)
	if err != nil {
		return Parts{}, err
	}
	n := &normalizers.BERT{Clean: true, Chinese: settings.OrTrue(s.Chinese), Lower: settings.OrTrue(s.LowerCase), Strip: s.StripAccents}
	return Parts{
		Model:       m,
		Normalizers: []normalizers.Normalizer{{Apply: n.Normalize}},
		Splits:      []pretokenizers.Stage{{Split: pretokenizers.BERT}},
		Before:      "cls_token", After: "sep_token",
	}, nil
}

func buildRoberta(files [][]byte, s *settings.Settings) (Parts, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return Parts{}, err
	}
	return Parts{
		Model:  m,
		Splits: pretokenizers.ByteLevel(settings.OrFalse(s.PrefixSpace), true),
		Before: "cls_token", After: "sep_token",
	}, nil
}

func buildGPT2(files [][]byte, s *settings.Settings) (Parts, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return Parts{}, err
	}
	return Parts{Model: m, Splits: pretokenizers.ByteLevel(settings.OrFalse(s.PrefixSpace), true)}, nil
}

func buildModernBERT(files [][]byte, s *settings.Settings) (Parts, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return Parts{}, err
	}
	nfc := normalizers.Normalizer{Apply: unicodedata.NFC}
	return Parts{
		Model:       m,
		Normalizers: []normalizers.Normalizer{nfc},
		Splits:      pretokenizers.ByteLevel(settings.OrFalse(s.PrefixSpace), true),
		Before:      "cls_token", After: "sep_token",
	}, nil
}

// buildXLMRoberta gives the special tokens the ids that fairseq gave them.
func buildXLMRoberta(files [][]byte, s *settings.Settings) (Parts, error) {
	return buildFairseq(files[0], s, 3, func(token func(string) string) []models.Piece {
		return []models.Piece{{Token: token("bos_token")}, {Token: token("pad_token")}, {Token: token("eos_token")}, {Token: token("unk_token")}}
	}, func([]models.Piece, string) int32 { return 3 })
}

func buildCamembert(files [][]byte, s *settings.Settings) (Parts, error) {
	if len(s.Extra) == 0 {
		for _, content := range []string{"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"} {
			s.Extra = append(s.Extra, addedtokens.Token{Content: content, Special: true})
		}
	}
	return buildFairseq(files[0], s, 1, func(token func(string) string) []models.Piece {
		return []models.Piece{{Token: "<s>NOTUSED"}, {Token: token("pad_token")}, {Token: "</s>NOTUSED"}, {Token: token("unk_token")}, {Token: "<unk>NOTUSED", Score: -100}}
	}, func(all []models.Piece, unknown string) int32 {
		return int32(max(0, slices.IndexFunc(all, func(p models.Piece) bool { return p.Token == unknown })))
	})
}

// buildFairseq puts head in place of the first pieces of a sentencepiece model,
// and the mask token after its last.
func buildFairseq(file []byte, s *settings.Settings, skip int, head func(token func(string) string) []models.Piece, unknown func([]models.Piece, string) int32) (Parts, error) {
	p, err := parseSentencePiece(file)
	if err != nil {
		return Parts{}, err
	}
	if len(p.pieces) < skip {
		return Parts{}, fmt.Errorf("it has only %d pieces", len(p.pieces))
	}
	token := func(name string) string { return s.Specials[name].Content }
	all := append(head(token), p.pieces[skip:]...)
	all = append(all, models.Piece{Token: token("mask_token")})
	m, err := models.NewUnigram(all, unknown(all, token("unk_token")), false)
	if err != nil {
		return Parts{}, err
	}
	n, err := p.normalizer()
	if err != nil {
		return Parts{}, err
	}
	s.Extra = append(s.Extra, p.added...)
	return Parts{
		Model:       m,
		Normalizers: n,
		Splits:      []pretokenizers.Stage{{Split: pretokenizers.WhitespaceSplit}, pretokenizers.Metaspace(s.Scheme(""))},
		Before:      "bos_token", After: "eos_token",
	}, nil
}

func buildDeberta(files [][]byte, s *settings.Settings) (Parts, error) {
	p, err := parseSentencePiece(files[0])
	if err != nil {
		return Parts{}, err
	}
	unknown := p.unknown
	for i, piece := range p.pieces {
		if piece.Token == s.Specials["unk_token"].Content && piece.Score == 0 {
			unknown = int32(i)
			break
		}
	}
	m, err := models.NewUnigram(p.pieces, unknown, false)
	if err != nil {
		return Parts{}, err
	}
	blanks, err := pattern.Regex(`\s{2,}|[\n\r\t]`)
	if err != nil {
		return Parts{}, err
	}
	var all []normalizers.Normalizer
	if settings.OrFalse(s.LowerCase) {
		all = append(all, normalizers.Normalizer{Apply: normalizers.Lowercase})
	}
	all = append(all, normalizers.Replace(blanks, " "), normalizers.Normalizer{Apply: unicodedata.NFC}, normalizers.Strip(false, true))
	var splits []pretokenizers.Stage
	if s.ByPunct {
		splits = append(splits, pretokenizers.Stage{Split: pretokenizers.Punctuation()})
	}
	s.Extra = append(s.Extra, p.added...)
	return Parts{
		Model:       m,
		Normalizers: all,
		Splits:      append(splits, pretokenizers.Metaspace(s.Scheme("DebertaV2Tokenizer"))),
		Before:      "cls_token", After: "sep_token",
	}, nil
}
