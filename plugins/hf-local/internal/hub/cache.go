package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Cache is a HuggingFace cache on disk.
type Cache struct {
	folder string // "" when the environment names none
}

// NewCache returns the cache in folder or, if that is empty, where the
// environment says: HF_HUB_CACHE, else hub in HF_HOME, else huggingface/hub in
// XDG_CACHE_HOME, else .cache/huggingface/hub in HOME.
func NewCache(folder string, env func(name string) (string, bool)) Cache {
	value := func(name string) string {
		v, _ := env(name)
		return v
	}
	home := value("HOME")
	in := func(base string, parts ...string) Cache {
		if rest, ok := strings.CutPrefix(base, "~/"); ok && home != "" {
			base = filepath.Join(home, rest)
		}
		return Cache{folder: filepath.Join(append([]string{base}, parts...)...)}
	}
	switch {
	case folder != "":
		return in(folder)
	case value("HF_HUB_CACHE") != "":
		return in(value("HF_HUB_CACHE"))
	case value("HF_HOME") != "":
		return in(value("HF_HOME"), "hub")
	case value("XDG_CACHE_HOME") != "":
		return in(value("XDG_CACHE_HOME"), "huggingface", "hub")
	case home != "":
		return in(home, ".cache", "huggingface", "hub")
	}
	return Cache{}
}

// modelName is what a model at HuggingFace can be called: NAME or ORG/NAME.
var modelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)

// Find returns the folder of the model called name. A model that isn't there is
// [api.ErrNotFound], a name that can't be one [api.ErrInvalid].
func (c Cache) Find(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("no model is named: set model_name to a model at HuggingFace or to a folder: %w", api.ErrInvalid)
	}
	if isFolder(name) {
		return filepath.Abs(name)
	}
	if isPath(name) {
		return "", fmt.Errorf("there is no folder %s: put the model's files there, or set model_name to another: %w", name, api.ErrNotFound)
	}
	if !modelName.MatchString(name) {
		return "", fmt.Errorf("%q is neither a folder nor the name of a model: %w", name, api.ErrInvalid)
	}
	return c.snapshot(name)
}

func (c Cache) snapshot(name string) (string, error) {
	if c.folder == "" {
		return "", fmt.Errorf("there is no folder %s, and no cache folder is known to hold a model of that name: set cache_dir or HF_HOME: %w", name, api.ErrNotFound)
	}
	model := filepath.Join(c.folder, "models--"+strings.ReplaceAll(name, "/", "--"))
	if !isFolder(model) {
		return "", fmt.Errorf("the model %s is not on this machine. Looked at: folder %s, cache folder %s. %s: %w",
			name, name, model, howToGet(name), api.ErrNotFound)
	}
	ref := filepath.Join(model, "refs", "main")
	text, err := os.ReadFile(ref)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the model %s in the cache has no %s, so its download did not end. %s: %w", name, ref, howToGet(name), api.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("reading which revision of the model %s is current: %w", name, err)
	}
	revision := strings.TrimSpace(string(text))
	if revision == "" || revision != filepath.Base(revision) || strings.HasPrefix(revision, ".") {
		return "", fmt.Errorf("%s holds %q, which is no revision. Remove %s. %s: %w", ref, revision, model, howToGet(name), api.ErrInvalid)
	}
	folder := filepath.Join(model, "snapshots", revision)
	if !isFolder(folder) {
		return "", fmt.Errorf("%s names a revision, but there is no folder %s. %s: %w", ref, folder, howToGet(name), api.ErrNotFound)
	}
	return folder, nil
}

// howToGet is the advice in errors, as long as this plugin doesn't download.
func howToGet(name string) string {
	return fmt.Sprintf("Fetch it with \"hf download %s\", or put config.json, model.safetensors and tokenizer.json "+
		"(or vocab.txt) into a folder and set model_name to its path", name)
}

// isPath reports whether name is meant as a path, whether or not it exists.
func isPath(name string) bool {
	return filepath.IsAbs(name) || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".."
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
