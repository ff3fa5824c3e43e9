package base

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/open-ticket-ai/otai/internal/base/batch"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/untold"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type classifyParams struct {
	Text       string         `otai:"text,required" doc:"The text to label."`
	Model      string         `otai:"model_name" doc:"The model, a folder or a name that the service knows; empty: the service's own. ./x and ../x count from the configuration's folder."`
	APIToken   string         `otai:"api_token,secret" doc:"Token for a model that is not public."`
	Classifier api.Classifier `inject:"classification_service" doc:"What labels the text."`
}

// classificationPipe knows the folder that the name of a model is relative to.
type classificationPipe struct {
	folder  string
	waiting *batch.Groups
	written func(text string) bool
}

func (o Options) newClassificationPipe(waiting *batch.Groups) func(h api.Host) (api.PipeFunc[classifyParams], error) {
	return func(h api.Host) (api.PipeFunc[classifyParams], error) {
		folder, _ := h.Env(modelFolderVariable)
		return (&classificationPipe{folder: folder, waiting: waiting, written: o.Written}).process, nil
	}
}

func (c *classificationPipe) process(ctx context.Context, p classifyParams, _ api.Scope) (api.PipeResult, error) {
	model := ModelName(p.Model, c.folder)
	answer, err := c.waiting.Classify(ctx, p.Classifier, api.ClassificationRequest{Text: p.Text, Model: model, APIToken: p.APIToken})
	if err != nil {
		return api.PipeResult{}, c.hiding(p.Model, c.placed(p.Model, err))
	}
	backend := ""
	if reporter, ok := p.Classifier.(backendReporter); ok {
		backend = reporter.Backend(model)
	}
	said := decisions.Classification{Label: answer.Label, Confidence: answer.Confidence, Truncated: answer.Truncated, Model: model, Text: p.Text}
	for _, s := range answer.Scores[:min(len(answer.Scores), 3)] {
		said.Scores = append(said.Scores, decisions.Score{Label: s.Label, Confidence: s.Confidence})
	}
	if p, ok := p.Classifier.(provenance); ok {
		from, err := p.Provenance(ctx, model)
		if err != nil {
			from = nil // it has classified all the same
		}
		said.Model, said.Revision, said.SHA256 = cmp.Or(from["model"], model), from["commit"], from["sha256"]
	}
	decisions.Classified(ctx, said)
	return api.Success(map[string]any{
		"label": answer.Label, "confidence": answer.Confidence, "scores": answer.Scores, "truncated": answer.Truncated, "backend": backend,
	}), nil
}

// hiding is an error as it may be shown: the name of a model that a template makes may be a
// customer's text, unless it stands in the configuration, or such a folder is there.
func (c *classificationPipe) hiding(name string, err error) error {
	if name == "" || c.written != nil && c.written(name) {
		return err
	}
	if info, none := os.Stat(ModelName(name, c.folder)); none == nil && info.IsDir() {
		return err
	}
	return untold.Error(err, name, filepath.Clean(name))
}

// placed adds to the error about a missing model what only the pipe knows: the folder
// that its name is relative to, unless the classifier searched it too.
func (c *classificationPipe) placed(name string, err error) error {
	missing := errors.Is(err, api.ErrNotFound) || errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrDenied)
	if !missing || c.folder == "" || name == "" || filepath.IsAbs(name) {
		return err
	}
	place := filepath.Join(c.folder, name)
	if isRelative(name) {
		return fmt.Errorf("%w (the model_name %q of the pipe counts from %s, the folder of the configuration)", err, name, c.folder)
	}
	if searched := folderSearcher(nil); errors.As(err, &searched) && slices.Contains(searched.SearchedFolders(), place) {
		return err
	}
	return fmt.Errorf("%w (the pipe also looked for the folder %s)", err, place)
}

// folderSearcher is the error of a classifier that says where it looked for a model.
type folderSearcher interface {
	error
	SearchedFolders() []string
}

// backendReporter is a classifier that says what computes a model once it is loaded.
type backendReporter interface {
	Backend(model string) string
}

// provenance is a classifier that says which model it is that it has loaded under a name: its
// own name ("model"), its revision ("commit") and the sum of its weights ("sha256"), as far as
// it knows. It is asked with each text.
type provenance interface {
	Provenance(ctx context.Context, model string) (map[string]string, error)
}
