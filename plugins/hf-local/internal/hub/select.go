package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// Want says in which form the weights are needed. The zero Want is for the
// built-in engine.
type Want struct {
	// ONNX is the weights file for ONNX Runtime, such as "onnx/model.onnx", for which
	// model.onnx will do as well. It is taken instead of safetensors, with a file of
	// the same name and _data, where there is one.
	ONNX string
}

// usualONNX is where models have their ONNX file; older ones have it beside the rest.
const (
	usualONNX = "onnx/model.onnx"
	olderONNX = "model.onnx"
)

const configFile = "config.json"

// Every one of these that the model has is taken, except for the slow
// vocabularies when there is a tokenizer.json, which has all that they say.
var (
	settingsFiles = []string{configFile, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}
	fastTokenizer = "tokenizer.json"
	vocabularies  = []string{"vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "spm.model"}
	// Safetensors come first, because a pickle is the slower and larger form.
	weightsFiles = []string{"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"}
)

// selection is what to take of a model's files.
type selection struct {
	settings []string // small files, the index of sharded weights included
	index    string   // "" when the weights are one file
	weights  []string // known only after index was read, if there is one
}

// choose picks from the names of all the files of a model.
func (w Want) choose(ref Reference, names []string) (selection, error) {
	var c selection
	has := func(name string) bool { return slices.Contains(names, name) }
	for _, name := range settingsFiles {
		if has(name) {
			c.settings = append(c.settings, name)
		}
	}
	if !has(configFile) {
		return c, fmt.Errorf("the model %s has no %s, so it is not one that otai can use: %w", ref, configFile, api.ErrInvalid)
	}
	if has(fastTokenizer) {
		c.settings = append(c.settings, fastTokenizer)
	} else {
		before := len(c.settings)
		for _, name := range vocabularies {
			if has(name) {
				c.settings = append(c.settings, name)
			}
		}
		if len(c.settings) == before {
			return c, fmt.Errorf("the model %s has no tokenizer (%s, %s), so it is not one that otai can use: %w",
				ref, fastTokenizer, strings.Join(vocabularies, ", "), api.ErrInvalid)
		}
	}
	for _, name := range w.weights() {
		if !has(name) {
			continue
		}
		switch {
		case isIndex(name):
			c.settings, c.index = append(c.settings, name), name
		case w.ONNX != "" && has(name+"_data"):
			c.weights = []string{name + "_data", name}
		default:
			c.weights = []string{name}
		}
		return c, nil
	}
	return c, fmt.Errorf("the model %s has no weights in a form that otai reads (%s)%s: %w",
		ref, strings.Join(w.weights(), ", "), otherWeights(names), api.ErrInvalid)
}

func (w Want) weights() []string {
	switch w.ONNX {
	case "":
		return weightsFiles
	case usualONNX:
		return []string{usualONNX, olderONNX}
	default:
		return []string{w.ONNX}
	}
}

func isIndex(name string) bool { return strings.HasSuffix(name, ".index.json") }

// otherWeights names what there is instead.
func otherWeights(names []string) string {
	var others []string
	for _, name := range names {
		switch path.Ext(name) {
		case ".h5", ".msgpack", ".onnx", ".gguf", ".safetensors", ".bin", ".ot":
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return "; it has " + strings.Join(others[:min(len(others), 5)], ", ")
}

// shardName is what a part of sharded weights can be called.
var shardName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.(safetensors|bin)$`)

// readShards returns the files that the index at path names, sorted.
func readShards(path string) ([]string, error) {
	text, err := modelfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the index of the weights: %w", err)
	}
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: not the index of weights: %w", path, errors.Join(err, api.ErrInvalid))
	}
	var shards []string
	for _, tensor := range slices.Sorted(maps.Keys(index.Files)) {
		name := index.Files[tensor]
		if !shardName.MatchString(name) {
			return nil, fmt.Errorf("%s: weight_map: the tensor %.200q is said to be in %.200q, which is not the name of a file of weights: %w", path, tensor, name, api.ErrInvalid)
		}
		if !slices.Contains(shards, name) {
			shards = append(shards, name)
		}
	}
	if len(shards) == 0 {
		return nil, fmt.Errorf("%s: weight_map names no file: %w", path, api.ErrInvalid)
	}
	slices.Sort(shards)
	return shards, nil
}

// missing returns what the folder of a snapshot lacks. listed are all files of
// the model where they are known, else nil.
func (w Want) missing(folder string, listed []string) ([]string, error) {
	has := func(name string) bool {
		info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name)))
		return err == nil && info.Mode().IsRegular()
	}
	var missing []string
	if !has(configFile) {
		missing = append(missing, configFile)
	}
	if !has(fastTokenizer) && !slices.ContainsFunc(vocabularies, has) {
		missing = append(missing, fastTokenizer)
	}
	if listed != nil {
		if c, err := w.choose(Reference{}, listed); err == nil {
			for _, name := range append(c.settings, c.weights...) {
				if !has(name) && !slices.Contains(missing, name) {
					missing = append(missing, name)
				}
			}
		}
	}
	for _, name := range w.weights() {
		switch {
		case !has(name):
			continue
		case isIndex(name):
			shards, err := readShards(filepath.Join(folder, name))
			if err != nil {
				return nil, err
			}
			for _, shard := range shards {
				if !has(shard) && !slices.Contains(missing, shard) {
					missing = append(missing, shard)
				}
			}
		}
		return missing, nil
	}
	if name := w.weights()[0]; !slices.Contains(missing, name) {
		missing = append(missing, name)
	}
	return missing, nil
}

// missingForAny returns nothing if folder has all that one of the forms wants, else
// what it lacks for the built-in engine.
func missingForAny(folder string, listed []string) ([]string, error) {
	missing, err := Want{}.missing(folder, listed)
	if err == nil && len(missing) > 0 {
		if other, err := (Want{ONNX: usualONNX}).missing(folder, nil); err == nil && len(other) == 0 {
			return nil, nil
		}
	}
	return missing, err
}

// listing reads the names of all files of a commit where huggingface_hub left
// them; nil when it didn't. Why: it puts down refs/main before the files are
// there, so that of its interrupted downloads nothing else says what is missing.
func listing(model, commit string) []string {
	text, err := modelfile.ReadWithin(filepath.Join(model, "trees", commit+".json"), modelfile.MaxListing)
	if err != nil {
		return nil
	}
	var tree struct {
		Files map[string]json.RawMessage `json:"files"`
	}
	if json.Unmarshal(text, &tree) != nil {
		return nil
	}
	var names []string
	for name := range tree.Files {
		names = append(names, name)
	}
	return names
}

// checkNames refuses a server that lists a file outside of the model's folder.
func checkNames(names []string) error {
	for _, name := range names {
		if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") {
			return fmt.Errorf("the server lists a file %.200q, which would lie outside of the model's folder. Nothing of it was taken: %w", name, api.ErrInvalid)
		}
	}
	return nil
}
