package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// Entry is a revision of a model that is in the cache.
type Entry struct {
	Name         string
	Revisions    []string // branches and tags that are this commit; none for one that was replaced
	Commit       string
	Folder       string
	Bytes        int64    // of its files; another revision may share them
	Architecture string   // of config.json; "" if that can't be read
	Missing      []string // what a classifier needs and isn't there
}

// Classifier reports whether the model is of the kind that gives texts labels.
func (e Entry) Classifier() bool {
	return strings.HasSuffix(e.Architecture, "ForSequenceClassification")
}

// List returns what is in the cache, by name. A cache that doesn't exist is empty.
func (h *Hub) List(ctx context.Context) ([]Entry, error) {
	if h.cache.folder == "" {
		return nil, errNoCache
	}
	models, err := os.ReadDir(h.cache.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the HuggingFace cache: %w", err)
	}
	var list []Entry
	for _, m := range models {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, ok := strings.CutPrefix(m.Name(), "models--")
		if !ok {
			continue
		}
		name = strings.Replace(name, "--", "/", 1)
		if !modelName.MatchString(name) {
			continue
		}
		entries, err := h.cache.revisions(name)
		if err != nil {
			return nil, err
		}
		list = append(list, entries...)
	}
	return list, nil
}

// Describe returns the entry of a model whose folder is known.
func (h *Hub) Describe(name, folder string) Entry {
	if ref, err := ParseReference(name); err == nil && !isFolder(name) {
		if list, err := h.cache.revisions(ref.Name); err == nil {
			for _, e := range list {
				if e.Folder == folder {
					return e
				}
			}
		}
	}
	e := Entry{Name: name, Folder: folder}
	e.describe(nil)
	return e
}

// revisions lists what the cache has of one model.
func (c Cache) revisions(name string) ([]Entry, error) {
	model := c.model(name)
	refs := map[string][]string{}
	root := filepath.Join(model, "refs")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tmp") {
			return err
		}
		text, err := modelfile.ReadWithin(path, modelfile.MaxRef)
		if errors.Is(err, api.ErrInvalid) {
			return nil // nothing that leads to a commit; using the model says so
		}
		if err != nil {
			return err
		}
		revision, err := filepath.Rel(root, path)
		commit := strings.TrimSpace(string(text))
		refs[commit] = append(refs[commit], filepath.ToSlash(revision))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the revisions of the model %s: %w", name, err)
	}
	snapshots, err := os.ReadDir(filepath.Join(model, "snapshots"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the model %s: %w", name, err)
	}
	var list []Entry
	for _, s := range snapshots {
		if !isFileName(s.Name()) {
			continue
		}
		e := Entry{Name: name, Commit: s.Name(), Folder: filepath.Join(model, "snapshots", s.Name()), Revisions: refs[s.Name()]}
		if len(e.Revisions) == 0 && !commitHash.MatchString(e.Commit) {
			continue // nothing leads to it
		}
		slices.Sort(e.Revisions)
		e.describe(listing(model, e.Commit))
		list = append(list, e)
	}
	return list, nil
}

// describe fills in what the files of a snapshot say.
func (e *Entry) describe(listed []string) {
	// What can't be read is missing, and shown as that.
	folder := e.Folder
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real // WalkDir would take a link for a file
	}
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := os.Stat(path); err == nil {
				e.Bytes += info.Size()
			}
		}
		return nil
	})
	if text, err := modelfile.Read(filepath.Join(e.Folder, configFile)); err == nil {
		var config struct {
			Architectures []string `json:"architectures"`
		}
		if json.Unmarshal(text, &config) == nil && len(config.Architectures) > 0 {
			e.Architecture = config.Architectures[0]
		}
	}
	missing, err := missingForAny(e.Folder, listed)
	if err != nil {
		missing = []string{err.Error()}
	}
	e.Missing = missing
}
