package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

// network computes the logits of token sequences.
type network interface {
	// Logits computes the logits of each sequence. The sequences are not empty,
	// not longer than the configuration's maxTokens, and their ids are below the
	// vocabulary's size. It ends between two layers when ctx does.
	Logits(ctx context.Context, sequences [][]int32) ([][]float32, error)
	Close() error
}

// Model is a loaded text classifier. It is safe for concurrent use.
type Model struct {
	folder    string
	config    config
	tokenizer *tokenizer.Tokenizer
	network   network
	backend   string
	maxTokens int
}

// Result is what a model says about one text.
type Result struct {
	Scores    []Score // best first
	Logits    []float32
	IDs       []int32 // the tokens that the model read
	Truncated bool    // the text was longer than the model can read
}

// Load reads the model in folder. It ends between two layers when ctx does.
func Load(ctx context.Context, folder string, k *engine.Kernels, t *engine.Threads) (*Model, error) {
	m, err := describe(folder)
	if err != nil {
		return nil, withPointer(folder, err)
	}
	m.backend = k.ISA().String()
	m.network, err = loadNetwork(ctx, folder, m.config, k, t)
	if err != nil {
		return nil, withPointer(folder, err)
	}
	return m, nil
}

// describe reads all of the model in folder but its network.
func describe(folder string) (*Model, error) {
	c, err := readConfig(folder)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(folder)
	if err != nil {
		return nil, err
	}
	if tok.Size() > c.Vocabulary {
		return nil, fmt.Errorf("%s has token ids up to %d, but vocab_size in config.json is %d", tok.Path(), tok.Size()-1, c.Vocabulary)
	}
	maxTokens := c.maxTokens()
	if n := tok.MaxLength(); n > 0 {
		maxTokens = min(maxTokens, n)
	}
	if tok.Specials() == 0 {
		return nil, fmt.Errorf("%s: post_processor adds no special tokens, but the model reads [CLS]", tok.Path())
	}
	if maxTokens < tok.Specials() {
		return nil, fmt.Errorf("%s: max_position_embeddings in config.json or model_max_length in tokenizer_config.json leaves no room for the %d special tokens", folder, tok.Specials())
	}
	return &Model{folder: folder, config: c, tokenizer: tok, maxTokens: maxTokens}, nil
}

// loadNetwork reads the weights in folder into the network of the architecture.
func loadNetwork(ctx context.Context, folder string, c config, k *engine.Kernels, t *engine.Threads) (network, error) {
	file, err := openWeights(folder)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	if c.Modern != nil {
		return loaded(newModernBERT(ctx, c, k, t, file))
	}
	return loaded(newBERT(ctx, c, k, t, file))
}

// loaded keeps a nil network from becoming an interface that is not nil.
func loaded[N network](n N, err error) (network, error) {
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Close frees the model's memory; no call may be running.
func (m *Model) Close() error { return m.network.Close() }

// Backend says what computes the model: the instruction set of the engine, or
// ONNX Runtime with its version and the file.
func (m *Model) Backend() string { return m.backend }

// Labels are what the model can answer, in its own order.
func (m *Model) Labels() []string { return slices.Clone(m.config.Labels) }

// Folder returns where the model was loaded from.
func (m *Model) Folder() string { return m.folder }

// maxBatch bounds how many tokens are computed at once, and with them the memory
// that a large batch takes: about 24 kB a token for a BERT-base.
const maxBatch = 4096

// Classify classifies all texts. The results have their order.
func (m *Model) Classify(ctx context.Context, texts []string) ([]Result, error) {
	results := make([]Result, len(texts))
	sequences := make([][]int32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sequences[i], results[i].Truncated = m.tokenizer.Encode(text, m.maxTokens)
		results[i].IDs = sequences[i]
	}
	for first := 0; first < len(texts); {
		next, tokens := first, 0
		for next < len(texts) && (next == first || tokens+len(sequences[next]) <= maxBatch) {
			tokens += len(sequences[next])
			next++
		}
		logits, err := m.network.Logits(ctx, sequences[first:next])
		if err != nil {
			return nil, err
		}
		for i, l := range logits {
			if bad := notFinite(l); bad >= 0 {
				return nil, fmt.Errorf("model %s computed %v for the label %.200q: its weights are too large or damaged", m.folder, l[bad], m.config.Labels[bad])
			}
			results[first+i].Logits = l
			results[first+i].Scores = scores(m.config.ProblemType, m.config.Labels, l)
		}
		first = next
	}
	return results, nil
}

func notFinite(values []float32) int {
	for i, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return i
		}
	}
	return -1
}
