package diagnose

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// modelUse is a model that a pipe asks a classifier for.
type modelUse struct {
	service string // id of the classifier
	model   string // as the classifier is asked; "" is its own
	written string // as the configuration has it
	path    string // of the name in the configuration
}

// modelUses returns the models that the pipes of the configuration name, as far as
// they are known before a run.
func (a analysis) modelUses(f *flow.Follower) []modelUse {
	var uses []modelUse
	for _, p := range a.pipes() {
		found, _ := a.modelsOf(f, p)
		uses = append(uses, found...)
	}
	return uses
}

// modelsOf returns the models that one pipe can ask for, and whether these are all.
func (a analysis) modelsOf(f *flow.Follower, p *flow.Pipe) (uses []modelUse, complete bool) {
	id, _ := p.Injects["classification_service"].(string)
	if id == "" {
		return nil, false
	}
	given, named := p.Params["model_name"]
	if !named && p.Use != flow.ClassificationUse {
		return nil, false
	}
	text, isText := given.(string)
	if given != nil && !isText {
		return nil, false
	}
	path := p.Path + ".params.model_name"
	names, complete := f.Outcomes(p, text)
	for _, name := range names {
		use := modelUse{service: id, model: base.ModelName(name, a.ConfigDir(path)), written: name, path: path}
		if name == "" {
			use.path = "services." + id + ".params.model_name"
		}
		uses = append(uses, use)
	}
	return uses, complete
}

// blindFollower knows no labels.
func (a analysis) blindFollower(ctx context.Context) *flow.Follower {
	return &flow.Follower{Ctx: ctx, Language: a.language(), Labels: func(*flow.Pipe) ([]string, bool) { return nil, false }}
}

// findMissingModels warns of models that are not on this machine. Plugins are asked in
// processes of their own.
func (a analysis) findMissingModels(ctx context.Context) config.Diagnostics {
	uses := a.modelUses(a.blindFollower(ctx))
	var problems config.Diagnostics
	a.eachPlugin(uses, finderMethods, func(options loader.Options, p loader.Plugin, questions []loader.ModelsQuestion, about []config.Service) {
		answers, err := loader.FindModels(ctx, options, p, questions)
		if err != nil {
			if ctx.Err() == nil {
				problems = append(problems, a.warning(about[0].Path, "not-checked", "whether the models are on this machine is not checked: "+err.Error(), ""))
			}
			return
		}
		for i, answer := range answers {
			for _, missing := range answer {
				code := "missing-model"
				if missing["status"] == StatusOK {
					code = "model-place"
				}
				for _, path := range placesOf(about[i], missing["model"], uses) {
					problems = append(problems, a.warning(path, code, missing["message"], missing["fix"]))
				}
			}
		}
	})
	return problems
}

// eachPlugin calls ask for each plugin whose services have these methods and can be built
// without a template, with the models that are used of each of them.
func (a analysis) eachPlugin(uses []modelUse, methods []string, ask func(o loader.Options, p loader.Plugin, questions []loader.ModelsQuestion, about []config.Service)) {
	options, err := a.Loading.Options()
	if err != nil {
		return // then no plugin is loaded
	}
	for _, p := range a.Catalog.Plugins {
		var questions []loader.ModelsQuestion
		var about []config.Service
		for _, s := range a.Document.Services {
			component, _ := a.Catalog.Find(s.Use)
			if p.Status != loader.Loaded || !slices.Contains(p.Injectables, s.Use) || hasTemplate(s.Params) || loader.MissingMethod(component.Methods, methods) != "" {
				continue
			}
			q := loader.ModelsQuestion{Use: s.Use, Params: s.Params, Env: a.environmentOf(s, func(name string) bool { return options.MayKnow(p.Name, name) })}
			for _, use := range uses {
				if use.service == s.ID && !slices.Contains(q.Names, use.model) {
					q.Names = append(q.Names, use.model)
				}
			}
			questions, about = append(questions, q), append(about, s)
		}
		if len(questions) > 0 {
			ask(options, p, questions, about)
		}
	}
}

var finderMethods = loader.Methods(reflect.TypeFor[loader.ModelFinder]())

func (a analysis) warning(path, code, message, hint string) config.Diagnostic {
	at := a.Document.Locate(path)
	return config.Diagnostic{
		File: at.File, Line: at.Line, Column: at.Column, Path: path, Severity: config.SeverityWarning, Code: code,
		Message: a.Redactor.Text(message), Hint: a.Redactor.Text(hint),
	}
}

// placesOf are the paths at which a service's model is named: by pipes, else in the
// service's own params.
func placesOf(s config.Service, model string, uses []modelUse) []string {
	var paths []string
	for _, use := range uses {
		if use.service == s.ID && use.model == model && !slices.Contains(paths, use.path) {
			paths = append(paths, use.path)
		}
	}
	if len(paths) > 0 {
		return paths
	}
	for path, text := range eachParam("", s.Params) {
		if text == model {
			return []string{s.Path + ".params." + path}
		}
	}
	return []string{s.Path}
}

// environmentOf is what the host of a service answers, for a process that can't ask and may
// not know everything.
func (a analysis) environmentOf(s config.Service, mayKnow func(name string) bool) map[string]string {
	const folder = "OTAI_CONFIG_DIR"
	env := a.Document.Variables()
	maps.DeleteFunc(env, func(name, _ string) bool { return !mayKnow(name) })
	env[folder] = a.ConfigDir(s.Path)
	env[folder+".model_name"] = a.ConfigDir(s.Path + ".params.model_name")
	for path := range eachParam("", s.Params) {
		env[folder+"."+path] = a.ConfigDir(s.Path + ".params." + path)
	}
	return env
}

// eachParam yields all texts in params with their places, in order.
func eachParam(path string, value any) func(yield func(path, text string) bool) {
	return func(yield func(string, string) bool) { eachText(path, value, yield) }
}

func eachText(path string, value any, yield func(string, string) bool) bool {
	switch v := value.(type) {
	case string:
		return yield(path, v)
	case []any:
		for i, element := range v {
			if !eachText(fmt.Sprintf("%s[%d]", path, i), element, yield) {
				return false
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := key
			if path != "" {
				at = path + "." + key
			}
			if !eachText(at, v[key], yield) {
				return false
			}
		}
	}
	return true
}

func hasTemplate(params map[string]any) bool {
	for _, text := range eachParam("", params) {
		if jinja.HasTemplate(text) {
			return true
		}
	}
	return false
}

// provenanceDescriber is optional on a classifier: Provenance says what the model called
// name is. The keys that are shown are commit, folder and backend.
type provenanceDescriber interface {
	Provenance(ctx context.Context, name string) (map[string]string, error)
}
