package modelfile

import (
	"path"
	"strings"
)

// How large files can be that are read whole, in bytes.
const (
	maxConfig     = 1 << 20
	maxSettings   = 16 << 20 // of a tokenizer: they can list all tokens that were added
	maxIndex      = 64 << 20 // of weights in parts: a line for each tensor
	maxTokenizer  = 256 << 20
	maxVocabulary = 64 << 20 // the largest have a million tokens

	// MaxRef bounds a file of the cache that holds the hash of a commit.
	MaxRef = 4 << 10
	// MaxListing bounds the list of all files of a model.
	MaxListing = 32 << 20
	// MaxToken bounds a file that holds a token for HuggingFace.
	MaxToken = 64 << 10
)

// Bound returns how large the file called name can be, in bytes. ok is false for
// files that are not read whole, such as those of weights.
func Bound(name string) (bytes int64, ok bool) {
	switch name = path.Base(name); name {
	case "config.json":
		return maxConfig, true
	case "tokenizer_config.json", "special_tokens_map.json":
		return maxSettings, true
	case "tokenizer.json":
		return maxTokenizer, true
	case "added_tokens.json":
		return maxSettings, true
	case "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "spm.model":
		return maxVocabulary, true
	}
	return maxIndex, strings.HasSuffix(name, ".index.json")
}
