package main

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// Params are the params of HFClassificationService.
type Params struct {
	ModelName string `otai:"model_name" doc:"Model for texts that name none: a folder, or a name at HuggingFace that is in its cache on this machine."`
	APIToken  string `otai:"api_token,secret" doc:"Token for HuggingFace. Accepted, but without effect: models are not downloaded."`
	Threads   int    `otai:"threads" default:"0" min:"0" max:"1024" doc:"How many threads compute at most; 0 is the number of CPUs."`
	CacheDir  string `otai:"cache_dir" doc:"HuggingFace cache folder, instead of the one that HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME name."`
}

// isaVariable forces an instruction set: avx512, avx2, sse2 or generic.
const isaVariable = "OTAI_HF_ISA"

// Service classifies texts. It implements [api.BatchClassifier] and is safe for
// concurrent use. A model is loaded when a text first needs it, and kept until
// Close.
type Service struct {
	params Params
	cache  hub.Cache
	models *models
}

func newService(p Params, h api.Host) (*Service, error) {
	isa := engine.Available()[0]
	if name, ok := h.Env(isaVariable); ok && name != "" {
		var err error
		if isa, err = engine.ParseISA(name); err != nil {
			return nil, fmt.Errorf("%s: %w", isaVariable, err)
		}
	}
	kernels, err := engine.New(isa)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", isaVariable, err)
	}
	threads := engine.NewThreads(p.Threads)
	log := h.Logger()
	return &Service{
		params: p,
		cache:  hub.NewCache(p.CacheDir, h.Env),
		models: newModels(func(ctx context.Context, folder string) (*model.Model, error) {
			m, err := model.Load(ctx, folder, kernels, threads)
			if err == nil {
				log.Info("model loaded", "folder", folder, "isa", isa.String(), "threads", threads.Limit())
			}
			return m, err
		}),
	}, nil
}

// Classify labels one text.
func (s *Service) Classify(ctx context.Context, r api.ClassificationRequest) (api.Classification, error) {
	answers, err := s.ClassifyBatch(ctx, []api.ClassificationRequest{r})
	if err != nil {
		return api.Classification{}, err
	}
	return answers[0], nil
}

// ClassifyBatch labels all texts, those of the same model in one computation.
func (s *Service) ClassifyBatch(ctx context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	answers := make([]api.Classification, len(rs))
	byModel := make(map[string][]int)
	var names []string
	for i, r := range rs {
		name := r.Model
		if name == "" {
			name = s.params.ModelName
		}
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
		results, err := s.classify(ctx, name, texts)
		if err != nil {
			return nil, err
		}
		for k, i := range indexes {
			answers[i] = classification(results[k])
		}
	}
	return answers, nil
}

func (s *Service) classify(ctx context.Context, name string, texts []string) ([]model.Result, error) {
	folder, err := s.cache.Find(name)
	if err != nil {
		return nil, err
	}
	m, release, err := s.models.acquire(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("loading the model %s: %w", name, err)
	}
	defer release()
	results, err := m.Classify(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("classifying with the model %s: %w", name, err)
	}
	return results, nil
}

func classification(r model.Result) api.Classification {
	c := api.Classification{
		Label:      r.Scores[0].Label,
		Confidence: r.Scores[0].Confidence,
		Scores:     make([]api.Score, len(r.Scores)),
		Truncated:  r.Truncated,
	}
	for i, s := range r.Scores {
		c.Scores[i] = api.Score{Label: s.Label, Confidence: s.Confidence}
	}
	return c
}

// Close waits for running calls and frees all models. It may be called twice;
// texts that come later are refused.
func (s *Service) Close() error { return s.models.close() }
