package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// family is a kind of slow tokenizer: which files it has, and how transformers
// builds a fast one of them.
type family struct {
	files []string
	build func(files [][]byte, s *settings) (*Tokenizer, error)
	// presets are the contents of special tokens that no file names.
	presets map[string]string
}

func specialNames(bos, eos, unknown, separator, padding, class, mask string) map[string]string {
	all := map[string]string{}
	for i, content := range []string{bos, eos, unknown, separator, padding, class, mask} {
		if content != "" {
			all[names[i]] = content
		}
	}
	return all
}

var (
	bertNames    = specialNames("", "", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")
	robertaNames = specialNames("<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>")
	debertaNames = specialNames("[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")
	gpt2Names    = specialNames("<|endoftext|>", "<|endoftext|>", "<|endoftext|>", "", "", "", "")
)

// families are the tokenizers by transformers' names for their classes.
func families() map[string]family {
	bert := family{[]string{"vocab.txt"}, buildBERT, bertNames}
	pairs := []string{"vocab.json", "merges.txt"}
	return map[string]family{
		"BertTokenizer":       bert,
		"DistilBertTokenizer": bert,
		"ElectraTokenizer":    bert,
		"RobertaTokenizer":    {pairs, buildRoberta, robertaNames},
		"GPT2Tokenizer":       {pairs, buildGPT2, gpt2Names},
		"ModernBERT":          {pairs, buildModernBERT, bertNames},
		"XLMRobertaTokenizer": {[]string{"sentencepiece.bpe.model"}, buildXLMRoberta, robertaNames},
		"CamembertTokenizer":  {[]string{"sentencepiece.bpe.model"}, buildCamembert, robertaNames},
		"DebertaV2Tokenizer":  {[]string{"spm.model"}, buildDeberta, debertaNames},
	}
}

// classOf says which class config.json's model_type has.
var classOf = map[string]string{
	"bert": "BertTokenizer", "distilbert": "BertTokenizer", "electra": "BertTokenizer",
	"roberta": "RobertaTokenizer", "xlm-roberta": "XLMRobertaTokenizer", "camembert": "CamembertTokenizer",
	"deberta-v2": "DebertaV2Tokenizer", "modernbert": "ModernBERT",
}

// sentencePieces are the names that a sentencepiece model has.
var sentencePieces = []string{"sentencepiece.bpe.model", "spm.model", "spiece.model"}

// choose returns the family by what the settings say, else by the files there are.
func choose(folder string, s *settings) (string, family, error) {
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(folder, name)) // a link that leads nowhere is said when it is read
		return err == nil
	}
	all := families()
	name := s.Class
	f, ok := all[name]
	if !ok {
		name = classOf[s.modelType]
		f, ok = all[name]
	}
	switch {
	case ok:
	case there("vocab.txt"):
		name = "BertTokenizer"
	case there("vocab.json") && there("merges.txt"):
		name = "RobertaTokenizer"
	case there("spm.model"):
		name = "DebertaV2Tokenizer"
	case there("sentencepiece.bpe.model"):
		name = "XLMRobertaTokenizer"
	case there("spiece.model"):
		return "", f, fmt.Errorf("%s has spiece.model, but neither tokenizer_class in tokenizer_config.json nor model_type in config.json says which tokenizer it belongs to", folder)
	default:
		return "", f, fmt.Errorf("%s has neither tokenizer.json nor vocab.txt, vocab.json with merges.txt, or a sentencepiece model (%s): the tokenizer is missing", folder, strings.Join(sentencePieces, ", "))
	}
	f = all[name]
	if slices.Contains(sentencePieces, f.files[0]) {
		for _, other := range sentencePieces {
			if !there(f.files[0]) && there(other) {
				f.files = []string{other}
			}
		}
	}
	for _, file := range f.files {
		if !there(file) {
			return "", f, fmt.Errorf("%s has neither tokenizer.json nor %s, which a %s needs: the tokenizer is missing", folder, strings.Join(f.files, " with "), name)
		}
	}
	return name, f, nil
}

func loadSlow(folder string, s *settings) (*Tokenizer, error) {
	_, f, err := choose(folder, s)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(f.files))
	files := make([][]byte, len(f.files))
	for i, name := range f.files {
		paths[i] = filepath.Join(folder, name)
		if files[i], err = modelfile.Read(paths[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the tokenizer: %w", err)
		}
	}
	s.preset(f.presets)
	t, err := f.build(files, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	t.path = paths[0]
	return t, nil
}

// assemble builds a tokenizer of its parts; the template is a special token before
// and one after the text, or none if the names are empty.
func assemble(s *settings, m models.Model, n []normalizers.Normalizer, splits []pretokenizers.Stage, before, after string) (*Tokenizer, error) {
	t := &Tokenizer{known: newWords(), model: m, normalizers: n, splits: splits}
	t.finish(nil)
	s.addTo(t)
	for _, end := range []struct {
		name string
		ids  *[]int32
	}{{before, &t.template.Before}, {after, &t.template.After}} {
		if end.name == "" {
			continue
		}
		content := s.specials[end.name].Content
		id, ok := t.added.ids[content]
		if !ok {
			return nil, fmt.Errorf("the vocabulary has no %s, which is %s", content, end.name)
		}
		*end.ids = []int32{id}
	}
	return t, nil
}

func orTrue(b *bool) bool { return b == nil || *b }

func orFalse(b *bool) bool { return b != nil && *b }

// buildBERT reads vocab.txt, a token a line.
func buildBERT(files [][]byte, s *settings) (*Tokenizer, error) {
	if n := bytes.Count(files[0], []byte("\n")) + bytes.Count(files[0], []byte("\r")); n > 2*models.MaxEntries {
		return nil, models.ErrEntries
	}
	// Python's text mode ends a line at any of these.
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(string(files[0]), "\uFFFD"))
	if strings.Count(text, "\n") > models.MaxEntries {
		return nil, models.ErrEntries
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return nil, errors.New("the vocabulary is empty")
	}
	vocabulary := make(map[string]int32, len(lines))
	for i, token := range lines {
		vocabulary[token] = int32(i)
	}
	for _, name := range []string{"unk_token", "cls_token", "sep_token"} {
		if _, ok := vocabulary[s.specials[name].Content]; !ok {
			return nil, fmt.Errorf("the vocabulary has no %s, which is %s", s.specials[name].Content, name)
		}
	}
	m, err := models.NewWordPiece(vocabulary, vocabulary[s.specials["unk_token"].Content], "##", 100)
	if err != nil {
		return nil, err
	}
	n := &normalizers.BERT{Clean: true, Chinese: orTrue(s.Chinese), Lower: orTrue(s.LowerCase), Strip: s.StripAccents}
	return assemble(s, m, []normalizers.Normalizer{{Apply: n.Normalize}}, []pretokenizers.Stage{{Split: pretokenizers.BERT}}, "cls_token", "sep_token")
}

func buildRoberta(files [][]byte, s *settings) (*Tokenizer, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return nil, err
	}
	return assemble(s, m, nil, pretokenizers.ByteLevel(orFalse(s.PrefixSpace), true), "cls_token", "sep_token")
}

func buildGPT2(files [][]byte, s *settings) (*Tokenizer, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return nil, err
	}
	return assemble(s, m, nil, pretokenizers.ByteLevel(orFalse(s.PrefixSpace), true), "", "")
}

func buildModernBERT(files [][]byte, s *settings) (*Tokenizer, error) {
	m, err := models.ReadPairs(files[0], files[1])
	if err != nil {
		return nil, err
	}
	nfc := normalizers.Normalizer{Apply: unicodedata.NFC}
	return assemble(s, m, []normalizers.Normalizer{nfc}, pretokenizers.ByteLevel(orFalse(s.PrefixSpace), true), "cls_token", "sep_token")
}

// buildXLMRoberta gives the special tokens the ids that fairseq gave them.
func buildXLMRoberta(files [][]byte, s *settings) (*Tokenizer, error) {
	return buildFairseq(files[0], s, 3, func(token func(string) string) []models.Piece {
		return []models.Piece{{Token: token("bos_token")}, {Token: token("pad_token")}, {Token: token("eos_token")}, {Token: token("unk_token")}}
	}, func([]models.Piece, string) int32 { return 3 })
}

func buildCamembert(files [][]byte, s *settings) (*Tokenizer, error) {
	if len(s.extra) == 0 {
		for _, content := range []string{"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"} {
			s.extra = append(s.extra, addedToken{Content: content, Special: true})
		}
	}
	return buildFairseq(files[0], s, 1, func(token func(string) string) []models.Piece {
		return []models.Piece{{Token: "<s>NOTUSED"}, {Token: token("pad_token")}, {Token: "</s>NOTUSED"}, {Token: token("unk_token")}, {Token: "<unk>NOTUSED", Score: -100}}
	}, func(all []models.Piece, unknown string) int32 {
		return int32(max(0, slices.IndexFunc(all, func(p models.Piece) bool { return p.Token == unknown })))
	})
}

// buildFairseq puts head in place of the first pieces of a sentencepiece model,
// and the mask token behind its last.
func buildFairseq(file []byte, s *settings, skip int, head func(token func(string) string) []models.Piece, unknown func([]models.Piece, string) int32) (*Tokenizer, error) {
	p, err := parseSentencePiece(file)
	if err != nil {
		return nil, err
	}
	if len(p.pieces) < skip {
		return nil, fmt.Errorf("it has only %d pieces", len(p.pieces))
	}
	token := func(name string) string { return s.specials[name].Content }
	all := append(head(token), p.pieces[skip:]...)
	all = append(all, models.Piece{Token: token("mask_token")})
	m, err := models.NewUnigram(all, unknown(all, token("unk_token")), false)
	if err != nil {
		return nil, err
	}
	n, err := p.normalizer()
	if err != nil {
		return nil, err
	}
	s.extra = append(s.extra, p.added...)
	return assemble(s, m, n, []pretokenizers.Stage{{Split: pretokenizers.WhitespaceSplit}, pretokenizers.Metaspace(s.scheme(""))}, "bos_token", "eos_token")
}

func buildDeberta(files [][]byte, s *settings) (*Tokenizer, error) {
	p, err := parseSentencePiece(files[0])
	if err != nil {
		return nil, err
	}
	unknown := p.unknown
	for i, piece := range p.pieces {
		if piece.Token == s.specials["unk_token"].Content && piece.Score == 0 {
			unknown = int32(i)
			break
		}
	}
	m, err := models.NewUnigram(p.pieces, unknown, false)
	if err != nil {
		return nil, err
	}
	blanks, err := onig.Compile(`\s{2,}|[\n\r\t]`)
	if err != nil {
		return nil, err
	}
	var all []normalizers.Normalizer
	if orFalse(s.LowerCase) {
		all = append(all, normalizers.Normalizer{Apply: normalizers.Lowercase})
	}
	all = append(all, normalizers.Replace(blanks.Each, " "), normalizers.Normalizer{Apply: unicodedata.NFC}, normalizers.Strip(false, true))
	var splits []pretokenizers.Stage
	if s.ByPunct {
		splits = append(splits, pretokenizers.Stage{Split: pretokenizers.Punctuation()})
	}
	s.extra = append(s.extra, p.added...)
	return assemble(s, m, all, append(splits, pretokenizers.Metaspace(s.scheme("DebertaV2Tokenizer"))), "cls_token", "sep_token")
}
