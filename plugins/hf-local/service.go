package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/batch"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// Params are the params of HFClassificationService.
type Params struct {
	ModelName   string        `otai:"model_name" doc:"Model for texts that name none: a folder, or a name at HuggingFace, which is downloaded if it isn't on this machine. ./x and ../x count from the configuration's folder. ORG/NAME@REVISION names a branch, tag or commit."`
	Revision    string        `otai:"revision" doc:"Branch, tag or commit of model_name, instead of main."`
	Preload     []string      `otai:"preload" doc:"Models that are loaded at the start instead of when a text first needs them."`
	MaxMemory   int64         `otai:"max_memory_mb" default:"0" min:"0" max:"100000000" doc:"How many MB the loaded models may take together. Beyond it, those that were not used longest are freed, down to one. 0 means no bound."`
	APIToken    string        `otai:"api_token,secret" doc:"Token for HuggingFace, for private and gated models; not given, HF_TOKEN or the file that 'hf auth login' writes answers."`
	TopK        int           `otai:"top_k" default:"0" min:"0" max:"1000000" doc:"How many of the best labels the scores of a text have; 0 is all of them."`
	Threads     int           `otai:"threads" default:"0" min:"0" max:"1024" doc:"How many threads compute at most; 0 is the number of CPUs."`
	Backend     string        `otai:"backend" default:"own" enum:"own,onnxruntime" doc:"What computes: the built-in engine (own), or onnxruntime for models that have an ONNX file, such as those with int8 weights."`
	ONNXRuntime string        `otai:"onnxruntime_library" doc:"Path of libonnxruntime.so, version 1.24 or newer, for the backend onnxruntime."`
	ONNXFile    string        `otai:"onnx_file" doc:"ONNX file in the model's folder, for the backend onnxruntime; not given, it is onnx/model.onnx, else model.onnx."`
	BatchWait   time.Duration `otai:"batch_wait" default:"0s" min:"0s" max:"10s" doc:"How long a text may wait for others that come at the same time, to be computed with them in one batch. 0 is not at all."`
	CacheDir    string        `otai:"cache_dir" doc:"HuggingFace cache folder, instead of the one that HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME name."`
}

// Validate checks what can be checked offline.
func (p *Params) Validate() error {
	if p.Revision == "" {
		return nil
	}
	if _, err := hub.ParseReference("model@" + p.Revision); err != nil {
		return &api.FieldError{Field: "revision", Err: fmt.Errorf("%q can't be a branch, tag or commit", p.Revision)}
	}
	if strings.Contains(p.ModelName, "@") {
		return &api.FieldError{Field: "revision", Err: fmt.Errorf("model_name %q names a revision already; keep one of the two", p.ModelName)}
	}
	return nil
}

// isaVariable forces an instruction set: avx512, avx2, sse2 or generic.
const isaVariable = "OTAI_HF_ISA"

// Service classifies texts. It implements [api.BatchClassifier] and is safe for
// concurrent use. A model is downloaded and loaded when a text first needs it, or
// at the start, and stays loaded until Close unless memory is bounded.
type Service struct {
	params Params
	paths  *modelPaths
	hub    *hub.Hub
	models *loadedModels
	want   hub.Want
	gather *batch.Gatherer[batchKey, string, model.Result]
	redact func(secret string)
	log    *slog.Logger
}

// batchKey is what the texts of one batch have in common.
type batchKey struct{ name, token string }

// maxGathered is how many texts of concurrent calls make a batch at most: beyond
// it, the first ones would wait longer than the batch saves.
const maxGathered = 32

func newService(p Params, h api.Host, loaded *modelPool) (*Service, error) {
	isa := engine.Available()[0]
	if name, ok := h.Env(isaVariable); ok && name != "" {
		var err error
		if isa, err = engine.ParseISA(name); err != nil {
			return nil, fmt.Errorf("%s: %w", isaVariable, err)
		}
	}
	threads := engine.NewThreads(p.Threads)
	backend, err := newBackend(p, isa, threads)
	if err != nil {
		return nil, err
	}
	log := h.Logger()
	s := &Service{
		params: p,
		paths:  newModelPaths(h),
		hub: hub.New(hub.Options{
			CacheDir: p.CacheDir, Fallback: h.App().CacheDir, Token: p.APIToken, Env: h.Env, Redact: h.Redact, Log: log,
		}),
		models: &loadedModels{
			pool:   loaded,
			bound:  p.MaxMemory * 1e6,
			models: make(map[modelKey]*loadedModel),
			key: func(folder string) modelKey {
				if real, err := filepath.EvalSymlinks(folder); err == nil {
					folder = real
				}
				return modelKey{folder: folder, backend: backend.name, threads: threads.Limit()}
			},
			load: func(ctx context.Context, folder string) (classifier, error) {
				weights := backend.want.WeightsIn(folder) // what is loaded: later there may be others
				m, err := backend.load(ctx, folder)
				if err != nil {
					return nil, err
				}
				log.Info("model loaded", "folder", folder, "backend", m.Backend(), "threads", threads.Limit())
				return &weighed{Model: m, weights: weights}, nil
			},
		},
		want:   backend.want,
		redact: h.Redact,
		log:    log,
	}
	s.gather = batch.New(p.BatchWait, maxGathered, func(ctx context.Context, k batchKey, texts []string) ([]model.Result, error) {
		return s.classify(ctx, k.name, k.token, texts)
	})
	return s, nil
}

// Start loads the models of preload. That a server is down now is only logged: the
// first text tries again.
func (s *Service) Start(ctx context.Context) error {
	for i, name := range s.params.Preload {
		param := fmt.Sprintf("preload[%d]", i)
		_, release, err := s.acquire(ctx, s.paths.resolve(name, s.paths.folderOf(param)), "")
		switch {
		case err == nil:
			release()
		case errors.Is(err, api.ErrTemporary) && ctx.Err() == nil:
			s.log.Warn("a model could not be loaded at the start; the first text will try again", "model", name, "err", err.Error())
		default:
			return &api.FieldError{Field: param, Err: err}
		}
	}
	return nil
}

// Classify labels one text.
func (s *Service) Classify(ctx context.Context, r api.ClassificationRequest) (api.Classification, error) {
	result, err := s.gather.Do(ctx, batchKey{s.name(r.Model), r.APIToken}, r.Text)
	if err != nil {
		return api.Classification{}, err
	}
	return s.classification(result), nil
}

// ClassifyBatch labels all texts, those of the same model in one computation.
func (s *Service) ClassifyBatch(ctx context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	answers := make([]api.Classification, len(rs))
	byModel := make(map[string][]int)
	var names []string
	for i, r := range rs {
		name := s.name(r.Model)
		if _, ok := byModel[name]; !ok {
			names = append(names, name)
		}
		byModel[name] = append(byModel[name], i)
	}
	for _, name := range names {
		indexes := byModel[name]
		texts := make([]string, len(indexes))
		for k, i := range indexes {
			texts[k] = rs[i].Text
		}
		results, err := s.classify(ctx, name, rs[indexes[0]].APIToken, texts)
		if err != nil {
			return nil, err
		}
		for k, i := range indexes {
			answers[i] = s.classification(results[k])
		}
	}
	return answers, nil
}

func (s *Service) classify(ctx context.Context, name, token string, texts []string) ([]model.Result, error) {
	m, release, err := s.acquire(ctx, name, token)
	if err != nil {
		return nil, err
	}
	defer release()
	results, err := m.Classify(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("classifying with the model %s: %w", name, err)
	}
	return results, nil
}

// acquire returns the model called name, downloaded and loaded if it has to be.
func (s *Service) acquire(ctx context.Context, name, token string) (classifier, func(), error) {
	// What is loaded needs no look at the files, and no network.
	if folder, err := s.hub.Locate(name); err == nil {
		if m, release, ok := s.models.loaded(folder); ok {
			return m, release, nil
		}
	}
	s.redact(token)
	folder, err := s.hub.Ensure(ctx, hub.Request{Name: name, Token: token, Want: s.want})
	if err != nil {
		return nil, nil, s.explain(err, name)
	}
	m, release, err := s.models.acquire(ctx, name, folder)
	if err != nil {
		return nil, nil, fmt.Errorf("loading the model %s: %w", name, err)
	}
	return m, release, nil
}

// name returns what a request's model stands for: an absolute path, or a name at
// HuggingFace.
func (s *Service) name(model string) string {
	if model == "" {
		model = s.params.ModelName
		if s.params.Revision != "" && model != "" {
			return model + "@" + s.params.Revision
		}
	}
	return s.paths.resolve(model, s.paths.folder)
}

// explain adds to the error about a model where else it was looked for, unless the cache
// has some of it, which says enough.
func (s *Service) explain(err error, name string) error {
	if err != nil {
		if _, absent := s.hub.Locate(name); absent == nil {
			return err
		}
	}
	return s.paths.explain(err, name)
}

// Close waits for running calls and frees all models. It may be called twice;
// texts that come later are rejected.
func (s *Service) Close() error {
	err := s.models.close()
	s.hub.Close()
	return err
}
