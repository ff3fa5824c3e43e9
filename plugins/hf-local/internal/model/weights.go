package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/pytorch"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/safetensors"
)

// weightsFile is an open file of tensors.
type weightsFile interface {
	weights
	Close() error
}

// weightsNames are the files that weights come in, in transformers' order. Those
// that end in .json list the files of weights that are in parts.
var weightsNames = []struct {
	name string
	open func(path string) (weightsFile, error)
}{
	{"model.safetensors", openSafetensors},
	{"model.safetensors.index.json", openParts(openSafetensors)},
	{"pytorch_model.bin", openPyTorch},
	{"pytorch_model.bin.index.json", openParts(openPyTorch)},
}

func openSafetensors(path string) (weightsFile, error) { return opened(safetensors.Open(path)) }
func openPyTorch(path string) (weightsFile, error)     { return opened(pytorch.Open(path)) }

// opened keeps a nil file from becoming an interface that is not nil.
func opened[F weightsFile](f F, err error) (weightsFile, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openWeights opens the weights of the model in folder.
func openWeights(folder string) (weightsFile, error) {
	var names []string
	for _, w := range weightsNames {
		path := filepath.Join(folder, w.name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			names = append(names, w.name)
			continue
		}
		return w.open(path)
	}
	return nil, fmt.Errorf("%s has no weights: none of %s is there", folder, list(names))
}

// shards are weights in several files.
type shards struct {
	index string
	files map[string]weightsFile // by file name
	of    map[string]string      // tensor -> file name
}

const maxParts = 1000

// openParts returns a function that opens all files of an index. A file may not
// lie outside of the index's folder.
func openParts(open func(string) (weightsFile, error)) func(path string) (weightsFile, error) {
	return func(path string) (weightsFile, error) {
		of, err := readIndex(path)
		if err != nil {
			return nil, err
		}
		p := &shards{index: path, files: make(map[string]weightsFile), of: of}
		for _, tensor := range sortedKeys(of) {
			name := of[tensor]
			if p.files[name] != nil {
				continue
			}
			if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
				return nil, errors.Join(fmt.Errorf("%s: weight_map names the file %.200q, which is not in this folder", path, name), p.Close())
			}
			if len(p.files) == maxParts {
				return nil, errors.Join(fmt.Errorf("%s: weight_map names more than %d files", path, maxParts), p.Close())
			}
			file, err := open(filepath.Join(filepath.Dir(path), name))
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s names a file: %w", path, err), p.Close())
			}
			p.files[name] = file
		}
		return p, nil
	}
}

func readIndex(path string) (map[string]string, error) {
	text, err := modelfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the list of weights: %w", err)
	}
	of, err := parseIndex(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return of, nil
}

func parseIndex(text []byte) (map[string]string, error) {
	var index struct {
		Of map[string]string `json:"weight_map"`
	}
	var kind *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &index); {
	case errors.As(err, &kind):
		return nil, fmt.Errorf("%s is a %s, which it can't be", kind.Field, kind.Value)
	case err != nil:
		return nil, fmt.Errorf("not JSON: %w", err)
	case len(index.Of) == 0:
		return nil, errors.New("weight_map is missing or empty")
	}
	return index.Of, nil
}

// Path returns the index.
func (p *shards) Path() string { return p.index }

// Has reports whether the index names the tensor.
func (p *shards) Has(name string) bool { return p.of[name] != "" }

// Check reports whether a tensor of that shape can be read.
func (p *shards) Check(name string, shape ...int) error {
	if !p.Has(name) {
		return fmt.Errorf("weights %s: tensor %.200q is missing", p.index, name)
	}
	return p.files[p.of[name]].Check(name, shape...)
}

// Read fills dst with the tensor.
func (p *shards) Read(dst []float32, name string, shape ...int) error {
	if !p.Has(name) {
		return fmt.Errorf("weights %s: tensor %.200q is missing", p.index, name)
	}
	return p.files[p.of[name]].Read(dst, name, shape...)
}

// Close closes all files.
func (p *shards) Close() error {
	var errs []error
	for _, file := range p.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
