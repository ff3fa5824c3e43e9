package slow

import (
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
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
)

// Parts are what a fast tokenizer is made of.
type Parts struct {
	Paths       []string // of the files
	Model       models.Model
	Normalizers []normalizers.Normalizer
	Splits      []pretokenizers.Stage
	// Before and After name the special tokens around a text, such as cls_token; empty is
	// none.
	Before, After string
}

// Load reads the files in folder and converts them as transformers does. It adds to s what
// they and the tokenizer's class say about special tokens.
func Load(folder string, s *settings.Settings) (Parts, error) {
	f, err := choose(folder, s)
	if err != nil {
		return Parts{}, err
	}
	paths := make([]string, len(f.files))
	files := make([][]byte, len(f.files))
	for i, name := range f.files {
		paths[i] = filepath.Join(folder, name)
		if files[i], err = modelfile.Read(paths[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Parts{}, fmt.Errorf("reading the tokenizer: %w", err)
		}
	}
	parts, err := f.convert(files, s)
	if err != nil {
		return Parts{}, fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	parts.Paths = paths
	return parts, nil
}

// Convert converts the files of a tokenizer's class, which are in memory.
func Convert(class string, files [][]byte, s *settings.Settings) (Parts, error) {
	return families()[class].convert(files, s)
}

func (f family) convert(files [][]byte, s *settings.Settings) (Parts, error) {
	s.Preset(f.presets)
	return f.build(files, s)
}

// family is a kind of slow tokenizer: which files it has, and how transformers
// builds a fast one of them.
type family struct {
	files []string
	build func(files [][]byte, s *settings.Settings) (Parts, error)
	// presets are the contents of special tokens that no file names.
	presets map[string]string
}

func specialNames(bos, eos, unknown, separator, padding, class, mask string) map[string]string {
	all := map[string]string{}
	for i, content := range []string{bos, eos, unknown, separator, padding, class, mask} {
		if content != "" {
			all[settings.Names[i]] = content
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

// sentencePieces are the names that a sentencepiece model has.
var sentencePieces = []string{"sentencepiece.bpe.model", "spm.model", "spiece.model"}

// choose returns the family by what the settings say, else by the files there are.
func choose(folder string, s *settings.Settings) (family, error) {
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(folder, name)) // a link that leads nowhere is said when it is read
		return err == nil
	}
	all := families()
	name := s.Class
	f, ok := all[name]
	if !ok {
		name = settings.ClassOf[s.ModelType]
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
		return f, fmt.Errorf("%s has spiece.model, but neither tokenizer_class in tokenizer_config.json nor model_type in config.json says which tokenizer it belongs to", folder)
	default:
		return f, fmt.Errorf("%s has neither tokenizer.json nor vocab.txt, vocab.json with merges.txt, or a sentencepiece model (%s): the tokenizer is missing", folder, strings.Join(sentencePieces, ", "))
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
			return f, fmt.Errorf("%s has neither tokenizer.json nor %s, which a %s needs: the tokenizer is missing", folder, strings.Join(f.files, " with "), name)
		}
	}
	return f, nil
}
