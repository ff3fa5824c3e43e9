package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// ClassifierUse is the classifier that a command uses when none is named.
const ClassifierUse = "hf-local:HFClassificationService"

// ClassifyOptions say which classifier and model to try.
type ClassifyOptions struct {
	Use, Model string
}

// Labelled is a text with its classification; its JSON form is stable.
type Labelled struct {
	Text       string  `json:"text"`
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
	Scores     []Score `json:"scores"`
	Model      string  `json:"model"`
}

// Score is one label's confidence.
type Score struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Classify labels each text that texts yields and hands it to show, without a
// configuration file.
func Classify(ctx context.Context, s Settings, o ClassifyOptions, texts func(yield func(string) bool), show func(Labelled) error) error {
	redactor := &Redactor{}
	logger, _, err := newLogger(s, config.Logging{Level: "warn"}, redactor)
	if err != nil {
		return fault(CodeUsage, err)
	}
	dirs := s.pluginDirs(nil)
	r, plugins, err := pluginLoad{Settings: s, logger: logger, dirs: dirs}.run(ctx, loader.Load)
	if err != nil {
		return err
	}
	if _, ok := r.Find(o.Use); !ok {
		offered := &catalog{registry: r, plugins: plugins, dirs: dirs}
		err := fmt.Errorf("nothing offers %q", o.Use)
		if reason := offered.Missing(o.Use); reason != "" {
			err = fmt.Errorf("nothing offers %q: %s", o.Use, reason)
		}
		if len(offered.refused) > 0 {
			return fault(CodePlugins, err)
		}
		return fault(CodeUsage, err)
	}
	const id = "classifier"
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: []orchestrator.Service{{ID: id, Use: o.Use, Path: "services." + id}},
	}, orchestrator.Options{
		Registry: r, Logger: logger, DefaultRenderer: base.RendererUse,
		Env: redactor.env(s.lookup), Redact: redactor.Add,
	})
	if err != nil {
		return fault(CodeUsage, err)
	}
	err = classifyAll(ctx, engine, id, s.modelName(o.Model), texts, show)
	return fault(CodeRun, errors.Join(err, engine.Close()))
}

func classifyAll(ctx context.Context, engine *orchestrator.Engine, id, model string, texts func(yield func(string) bool), show func(Labelled) error) error {
	service, _ := engine.Service(id)
	classifier, ok := service.(api.Classifier)
	if !ok {
		return fault(CodeUsage, errors.New("this service is no classifier"))
	}
	if err := engine.Start(ctx); err != nil {
		return err
	}
	for text := range texts {
		c, err := classifier.Classify(ctx, api.ClassificationRequest{Text: text, Model: model})
		if err != nil {
			return err
		}
		labelled := Labelled{Text: text, Label: c.Label, Confidence: c.Confidence, Scores: make([]Score, len(c.Scores)), Model: model}
		for i, s := range c.Scores {
			labelled.Scores[i] = Score{Label: s.Label, Confidence: s.Confidence}
		}
		if err := show(labelled); err != nil {
			return err
		}
	}
	return nil
}

// modelName makes a path of a model that is written like one, since the plugin
// doesn't know the command's working directory.
func (s Settings) modelName(model string) string {
	if strings.HasPrefix(model, ".") {
		return filepath.Join(s.Dir, model)
	}
	return model
}

func (s Settings) lookup(name string) (string, bool) {
	for i := len(s.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(s.Environ[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}
