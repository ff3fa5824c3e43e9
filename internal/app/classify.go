package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// ClassifierUse is the classifier that a command uses when none is named.
const ClassifierUse = "hf-local:HFClassificationService"

// ClassifyOptions say which classifier and model to try.
type ClassifyOptions struct {
	Use, Model string
	TopK       uint     // how many of the best scores to show; 0 is all
	Progress   Progress // of a download
}

// Labelled is a text with its classification; its JSON form is stable.
type Labelled struct {
	Text       string  `json:"text"`
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
	Scores     []Score `json:"scores"`
	Model      string  `json:"model"`
	Backend    string  `json:"backend,omitempty"` // what computed it, where the classifier tells
}

// backendTeller is what a classifier may be besides: one that says what computes a
// model, once it is loaded.
type backendTeller interface {
	Backend(model string) string
}

// Score is one label's confidence.
type Score struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Classify labels each text that texts yields and hands it to show, without a
// configuration file.
func Classify(ctx context.Context, s Settings, o ClassifyOptions, texts func(yield func(string) bool), show func(Labelled) error) error {
	a, err := buildAlone(ctx, s, o.Use)
	if err != nil {
		return err
	}
	return a.close(a.classify(ctx, s.modelName(o.Model), o, texts, show))
}

func (a *alone) classify(ctx context.Context, model string, o ClassifyOptions, texts func(yield func(string) bool), show func(Labelled) error) error {
	classifier, ok := a.service.(api.Classifier)
	if !ok {
		return fault(CodeUsage, errors.New("this service is no classifier"))
	}
	if err := a.engine.Start(ctx); err != nil {
		return err
	}
	// Before the first text, so that a download is seen and not taken for a slow model.
	if store, ok := a.service.(ModelStore); ok {
		if _, err := store.EnsureModel(ctx, model, o.Progress); err != nil {
			return err
		}
	}
	teller, tells := a.service.(backendTeller)
	for text := range texts {
		c, err := classifier.Classify(ctx, api.ClassificationRequest{Text: text, Model: model})
		if err != nil {
			return err
		}
		if k := o.TopK; k > 0 && k < uint(len(c.Scores)) {
			c.Scores = c.Scores[:k]
		}
		labelled := Labelled{Text: text, Label: c.Label, Confidence: c.Confidence, Scores: make([]Score, len(c.Scores)), Model: model}
		if tells {
			labelled.Backend = teller.Backend(model)
		}
		for i, s := range c.Scores {
			labelled.Scores[i] = Score{Label: s.Label, Confidence: s.Confidence}
		}
		if err := show(labelled); err != nil {
			return err
		}
	}
	return nil
}

// modelName makes a path of a model that the command line gives: as for a shell, one
// that is written like a path and any folder counts from the working directory.
func (s Settings) modelName(model string) string {
	if strings.HasPrefix(model, ".") {
		return filepath.Join(s.Dir, model)
	}
	if info, err := os.Stat(s.abs(model)); model != "" && err == nil && info.IsDir() {
		return s.abs(model)
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
