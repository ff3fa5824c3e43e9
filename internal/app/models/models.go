package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/app"
)

// Store is what a service can offer for the commands about models. It is found
// by its methods and uses standard types only, so that no plugin has to know the host.
type Store interface {
	// ModelFolder returns the folder that models are kept in.
	ModelFolder() string
	// EnsureModel returns the folder of a model, which it downloads only if it isn't
	// on this machine. The name "" is the service's own model, here and below.
	EnsureModel(ctx context.Context, name string, progress func(file string, done, total int64)) (folder string, err error)
	// PullModel downloads the newest form of a model, and with repair what of it is
	// damaged here. The keys of its answer are those of ListModels.
	PullModel(ctx context.Context, name string, repair bool, progress func(file string, done, total int64)) (map[string]any, error)
	// ListModels returns the models on this machine; the keys are those of [Model].
	ListModels(ctx context.Context) ([]map[string]any, error)
	// VerifyModel checks the files of a model and whether it works; the keys are those
	// of [Check].
	VerifyModel(ctx context.Context, name string, progress func(file string, done, total int64)) (map[string]any, error)
}

// Progress is called with the number of bytes of a file that are done. total is negative if it isn't
// known.
type Progress func(file string, done, total int64)

// Model is a model on this machine; its JSON form is stable.
type Model struct {
	Name         string   `json:"name"`
	Revisions    []string `json:"revisions"` // branches and tags that are this commit
	Commit       string   `json:"commit"`
	Folder       string   `json:"folder"`
	Bytes        int64    `json:"bytes"`
	Architecture string   `json:"architecture"`
	Classifier   bool     `json:"classifier"` // it labels texts
	Complete     bool     `json:"complete"`
	Missing      []string `json:"missing"` // files, if it isn't complete
}

// Names are how the model can be asked for: by each branch or tag that leads to it,
// else by its commit.
func (m Model) Names() []string {
	if len(m.Revisions) == 0 {
		return []string{m.Name + "@" + m.Commit}
	}
	names := make([]string, len(m.Revisions))
	for i, revision := range m.Revisions {
		names[i] = m.Name
		if revision != "main" {
			names[i] += "@" + revision
		}
	}
	return names
}

// Check is what was found of a model; its JSON form is stable.
type Check struct {
	Name    string      `json:"name"`
	Folder  string      `json:"folder"`
	OK      bool        `json:"ok"`
	Problem string      `json:"problem"` // why it doesn't work, though its files are right
	Files   []FileCheck `json:"files"`
}

// FileCheck is what was found of one file: ok, damaged, missing, or unchecked if
// nothing says what it should be.
type FileCheck struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	State string `json:"state"`
}

// Pull downloads models. With a configuration, no name means the service's
// own model.
func Pull(ctx context.Context, s app.Settings, use string, names []string, repair bool, progress Progress) ([]Model, error) {
	var pulled []Model
	err := withModels(ctx, s, use, func(store askedStore) error {
		for _, name := range names {
			m, err := store.PullModel(ctx, modelName(s, name), repair, progress)
			if err != nil {
				return err
			}
			pulled = append(pulled, Described(m))
		}
		return nil
	})
	return pulled, err
}

// List lists the models on this machine, and the folder that they are in.
func List(ctx context.Context, s app.Settings, use string) (list []Model, folder string, err error) {
	list = []Model{}
	err = withModels(ctx, s, use, func(store askedStore) error {
		if folder, err = store.ModelFolder(ctx); err != nil {
			return err
		}
		models, err := store.ListModels(ctx)
		for _, m := range models {
			list = append(list, Described(m))
		}
		return err
	})
	return list, folder, err
}

// Verify checks models, without names all classifiers. The
// error says that some are not in order.
func Verify(ctx context.Context, s app.Settings, use string, names []string, progress Progress) ([]Check, error) {
	checks := []Check{}
	err := withModels(ctx, s, use, func(store askedStore) error {
		if len(names) == 0 {
			models, err := store.ListModels(ctx)
			if err != nil {
				return err
			}
			for _, plain := range models {
				if m := Described(plain); m.Classifier {
					names = append(names, m.Names()...)
				}
			}
		}
		for _, name := range names {
			m, err := store.VerifyModel(ctx, modelName(s, name), progress)
			if err != nil {
				return err
			}
			checks = append(checks, checkOf(m))
		}
		return nil
	})
	return checks, err
}

func withModels(ctx context.Context, s app.Settings, use string, work func(askedStore) error) error {
	build := buildStandalone
	if len(s.ConfigFiles) > 0 {
		build = buildConfigured
	}
	a, err := build(ctx, s, use)
	if err != nil {
		return err
	}
	store, ok := a.service.(Store)
	if !ok {
		return a.close(app.ExitWith(app.CodeUsage, fmt.Errorf("%s keeps no models: it has no methods for that", use)))
	}
	return a.close(work(askedStore{a.ask, store}))
}

// Described is a model as [Store] describes it.
func Described(m map[string]any) Model {
	return Model{
		Name: textOf(m["name"]), Revisions: textsOf(m["revisions"]), Commit: textOf(m["commit"]), Folder: textOf(m["folder"]),
		Bytes: numberOf(m["bytes"]), Architecture: textOf(m["architecture"]), Classifier: m["classifier"] == true,
		Complete: m["complete"] == true, Missing: textsOf(m["missing"]),
	}
}

func checkOf(m map[string]any) Check {
	c := Check{Name: textOf(m["name"]), Folder: textOf(m["folder"]), OK: m["ok"] == true, Problem: textOf(m["problem"]), Files: []FileCheck{}}
	files, _ := m["files"].([]any)
	for _, f := range files {
		if file, ok := f.(map[string]any); ok {
			c.Files = append(c.Files, FileCheck{File: textOf(file["file"]), Bytes: numberOf(file["bytes"]), State: textOf(file["state"])})
		}
	}
	return c
}

func textOf(v any) string {
	text, _ := v.(string)
	return text
}

func numberOf(v any) int64 {
	n, _ := v.(int64)
	return n
}

func textsOf(v any) []string {
	list, _ := v.([]any)
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = textOf(e)
	}
	return texts
}

// errNotInOrder is the outcome of a verification that found something.
var errNotInOrder = errors.New("not all models are in order")

// Failed returns an error if one of the models is not in order.
func Failed(checks []Check) error {
	for _, c := range checks {
		if !c.OK {
			return app.ExitWith(app.CodeRun, errNotInOrder)
		}
	}
	return nil
}
