package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// The methods below are what a host's commands about models need. It finds them by
// their form, so they use standard types only.

// ModelFolder returns the folder of the HuggingFace cache.
func (s *Service) ModelFolder() string { return s.hub.Cache().Folder() }

// EnsureModel returns the folder of a model, which it downloads unless it is here.
// The name "" is the service's own model.
func (s *Service) EnsureModel(ctx context.Context, name string, progress func(file string, done, total int64)) (string, error) {
	name = s.name(name)
	folder, err := s.hub.Ensure(ctx, hub.Request{Name: name, Progress: progress, Want: s.want})
	return folder, s.explain(err, name)
}

// PullModel downloads the newest commit of a model, and with repair what is
// damaged of it. The answer has the keys of [Service.ListModels].
func (s *Service) PullModel(ctx context.Context, name string, repair bool, progress func(file string, done, total int64)) (map[string]any, error) {
	name = s.name(name)
	folder, err := s.hub.Pull(ctx, hub.Request{Name: name, Progress: progress, Want: s.want}, repair)
	if err != nil {
		return nil, s.explain(err, name)
	}
	return plainEntry(s.hub.Describe(name, folder)), nil
}

// FindModels reports the models that can't be used as they are, of those called names
// and those of the param preload. It asks no server.
func (s *Service) FindModels(_ context.Context, names []string, report func(diagnostic map[string]string)) {
	look := func(given, name, folder string) {
		err := s.hub.Missing(name, s.want)
		if err == nil {
			if message, fix := s.paths.advise(cmp.Or(given, s.params.ModelName), name, folder); message != "" {
				report(map[string]string{"model": given, "status": "ok", "message": message, "fix": fix})
			}
			return
		}
		d := map[string]string{"model": given, "status": "failed", "message": s.explain(err, name).Error()}
		switch atHub := !filepath.IsAbs(name) && errors.Is(err, api.ErrNotFound); {
		case atHub && s.hub.Offline() != "":
			d["message"] += ". " + s.hub.Offline() + " forbids to download it"
			d["fix"] = "unset " + s.hub.Offline() + ", or copy the model from another machine"
		case atHub:
			d["status"] = "warning"
			d["fix"] = "it is downloaded when a text first needs it; to have it before: otai model pull " + name
		}
		report(d)
	}
	for _, given := range names {
		look(given, s.name(given), s.paths.folder)
	}
	for i, given := range s.params.Preload {
		if !slices.Contains(names, given) {
			folder := s.paths.folderOf(fmt.Sprintf("preload[%d]", i))
			look(given, s.paths.resolve(given, folder), folder)
		}
	}
}

// LoadTimes returns how long it took to load the models that are loaded now, by their names.
func (s *Service) LoadTimes() map[string]time.Duration { return s.models.loadTimes() }

// Labels returns what a model can answer, in the model's own order. It reads config.json
// alone: the model is neither loaded nor downloaded.
func (s *Service) Labels(_ context.Context, name string) ([]string, error) {
	full := s.name(name)
	folder, err := s.hub.Locate(full)
	if err != nil {
		return nil, s.explain(err, full)
	}
	labels, err := model.Labels(folder)
	if err != nil {
		return nil, fmt.Errorf("the labels of the model %s: %w", full, err)
	}
	return labels, nil
}

// Provenance says what a model is, which need not be loaded: the keys are model,
// commit, folder, architecture, and once it is loaded backend and sha256, the sum of its
// weights. What isn't known is left out. Of a loaded model it is asked for with each text.
func (s *Service) Provenance(ctx context.Context, name string) (map[string]string, error) {
	full := s.name(name)
	folder, err := s.hub.Locate(full)
	if err != nil {
		return nil, s.explain(err, full)
	}
	c, release, ok := s.models.loaded(folder)
	if !ok {
		return s.describe(full, folder), nil
	}
	defer release()
	w, ok := c.(*weighed)
	if !ok {
		return s.describe(full, folder), nil
	}
	return w.provenance(full, func() (map[string]string, bool) {
		about := s.describe(full, folder)
		about["backend"] = w.Backend()
		sum, err := s.models.pool.sumOf(ctx, w.weights)
		if sum != "" {
			about["sha256"] = sum
		}
		return about, err == nil
	}), nil
}

func (s *Service) describe(full, folder string) map[string]string {
	e := s.hub.Describe(full, folder)
	about := map[string]string{"model": full, "commit": e.Commit, "folder": filepath.Clean(folder), "architecture": e.Architecture}
	maps.DeleteFunc(about, func(_, value string) bool { return value == "" })
	return about
}

// ListModels returns the models of the cache. The keys are name, revisions (those
// that are this commit now), commit, folder, bytes, architecture, classifier (it
// labels texts), complete, and missing (names of files).
func (s *Service) ListModels(ctx context.Context) ([]map[string]any, error) {
	entries, err := s.hub.List(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, len(entries))
	for i, e := range entries {
		list[i] = plainEntry(e)
	}
	return list, nil
}

// VerifyModel computes the checksums of a model's files, loads it and lets it label
// a text. The keys are name, folder, ok, files (each with file, bytes, and state:
// ok, damaged, missing or unchecked), and problem (why it can't be used, or "").
func (s *Service) VerifyModel(ctx context.Context, name string, progress func(file string, done, total int64)) (map[string]any, error) {
	name = s.name(name)
	folder, checks, err := s.hub.Verify(ctx, name, progress)
	if err != nil {
		return nil, s.explain(err, name)
	}
	ok := true
	files := make([]any, len(checks))
	for i, c := range checks {
		ok = ok && (c.State == hub.OK || c.State == hub.Unchecked)
		files[i] = map[string]any{"file": c.File, "bytes": c.Bytes, "state": string(c.State)}
	}
	problem := ""
	// Also of what is damaged, since loading says why.
	if err := s.try(ctx, name, folder); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		ok, problem = false, err.Error()
	}
	return map[string]any{"name": name, "folder": folder, "ok": ok, "files": files, "problem": problem}, nil
}

// try loads a model and has it label a text.
func (s *Service) try(ctx context.Context, name, folder string) error {
	m, release, err := s.models.acquire(ctx, name, folder)
	if err != nil {
		return err
	}
	defer release()
	results, err := m.Classify(ctx, []string{"My printer is out of toner"})
	if err == nil && len(results) != 1 {
		err = errors.New("the model gave no answer")
	}
	return err
}

func plainEntry(e hub.Entry) map[string]any {
	return map[string]any{
		"name": e.Name, "revisions": anyOf(e.Revisions), "commit": e.Commit, "folder": filepath.Clean(e.Folder), "bytes": e.Bytes,
		"architecture": e.Architecture, "classifier": e.Classifier(), "complete": len(e.Missing) == 0, "missing": anyOf(e.Missing),
	}
}

func anyOf(texts []string) []any {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}
