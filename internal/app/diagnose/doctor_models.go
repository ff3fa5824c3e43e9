package diagnose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// modelDoctor loads the models that the configuration uses, and knows their labels.
type modelDoctor struct {
	ctx      context.Context
	a        analysis
	engine   asker // for what is asked of services
	pipes    []*flow.Pipe
	uses     []modelUse
	labels   map[modelKey][]string // of those that could be loaded
	follower *flow.Follower
	asked    []modelKey // whose labels the follower took since asked was cleared
}

type modelKey struct{ service, model string }

func newModelDoctor(ctx context.Context, a analysis) *modelDoctor {
	d := &modelDoctor{ctx: ctx, a: a, pipes: a.pipes(), labels: make(map[modelKey][]string)}
	d.follower = &flow.Follower{Ctx: ctx, Language: a.language(), Labels: d.labelsOf}
	d.uses = a.modelUses(d.follower)
	return d
}

// labelsOf returns what a classification can answer, and whether that is all.
func (d *modelDoctor) labelsOf(step *flow.Pipe) ([]string, bool) {
	uses, complete := d.a.modelsOf(d.follower, step)
	var all []string
	for _, use := range uses {
		key := modelKey{use.service, use.model}
		labels, known := d.labels[key]
		if !known {
			complete = false
			continue
		}
		all = append(all, labels...)
		if !slices.Contains(d.asked, key) {
			d.asked = append(d.asked, key)
		}
	}
	return all, complete
}

// modelsWith returns the models that have the label, for people, of those whose
// labels were taken.
func (d *modelDoctor) modelsWith(label string) []string {
	var models []string
	for _, key := range d.asked {
		if slices.Contains(d.labels[key], label) {
			models = append(models, "the model "+d.display(key))
		}
	}
	return models
}

// display is how people call a model.
func (d *modelDoctor) display(key modelKey) string {
	for _, use := range d.uses {
		if use.service == key.service && use.model == key.model && use.written != "" {
			return use.written
		}
	}
	for _, s := range d.a.Document.Services {
		if name, _ := s.Params["model_name"].(string); s.ID == key.service && name != "" {
			return name
		}
	}
	return "of the service " + key.service
}

// sample is a text by which a model is tried.
const sample = "My printer is out of toner"

// check loads the models that pipes ask of one service.
func (d *modelDoctor) check(id string, instance any, working func(string), add func(Diagnostic)) {
	paths := make(map[string][]string) // by model
	var names []string
	for _, use := range d.uses {
		if use.service == id {
			if !slices.Contains(names, use.model) {
				names = append(names, use.model)
			}
			paths[use.model] = append(paths[use.model], use.path)
		}
	}
	missing := make(map[string]bool)
	if finder, ok := instance.(loader.ModelFinder); ok {
		err := reportsOf(d.ctx, d.engine, id, func(f map[string]string) {
			model := f["model"]
			missing[model] = f["status"] != StatusOK
			found := Diagnostic{Service: id, Check: "model", Status: StatusFailed, Message: f["message"], Fix: f["fix"], Places: d.a.places(paths[model])}
			if f["status"] == StatusWarning || f["status"] == StatusOK {
				found.Status = StatusWarning
			}
			add(found)
		}, func(report func(map[string]string)) { finder.FindModels(d.ctx, names, report) })
		if err != nil {
			add(Diagnostic{Service: id, Check: "model", Status: StatusFailed, Message: "which models are on this machine is not known: " + err.Error()})
		}
	}
	model, able := instance.(loader.Labeler)
	for _, name := range names {
		if missing[name] || d.ctx.Err() != nil {
			continue
		}
		key := modelKey{id, name}
		found := Diagnostic{Service: id, Check: "model", Status: StatusUnknown, Places: d.a.places(paths[name])}
		if !able {
			found.Message = d.display(key) + ": this plugin doesn't report the labels of its models"
			add(found)
			continue
		}
		working("loading the model " + d.display(key))
		var labels []string
		err := d.engine.Ask(d.ctx, id, func() (err error) {
			if classifier, ok := instance.(api.Classifier); ok { // its labels alone don't show that it works
				if _, err = classifier.Classify(d.ctx, api.ClassificationRequest{Text: sample, Model: name}); err != nil {
					return err
				}
			}
			labels, err = model.Labels(d.ctx, name)
			return err
		})
		working("")
		if d.ctx.Err() != nil {
			return
		}
		if err != nil {
			found.Status, found.Message = StatusFailed, err.Error()
			add(found)
			continue
		}
		d.labels[key] = labels
		found.Status, found.Message = StatusOK, fmt.Sprintf("%s works and has %s%s", d.display(key), counted.Of(len(labels), "label", "labels"), d.provenance(id, instance, name))
		add(found)
	}
}

// provenance is what a classifier says of a loaded model, for people.
func (d *modelDoctor) provenance(id string, instance any, name string) string {
	describer, ok := instance.(provenanceDescriber)
	if !ok {
		return ""
	}
	var about map[string]string
	err := d.engine.Ask(d.ctx, id, func() (err error) { about, err = describer.Provenance(d.ctx, name); return err })
	if err != nil {
		return ""
	}
	var parts []string
	if commit := about["commit"]; commit != "" {
		parts = append(parts, "commit "+commit[:min(len(commit), 12)])
	}
	if backend := about["backend"]; backend != "" {
		parts = append(parts, "computed by "+backend)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// labelsThere counts the labels of one kind of name for which a help desk has what
// they name.
type labelsThere struct {
	kind  string
	found map[string]*nameUse // by the models
}

// isOf reports whether all that was counted is of this kind.
func (l *labelsThere) isOf(kind string) bool { return len(l.found) == 0 || l.kind == kind }

func (l *labelsThere) count(kind string, use *nameUse) {
	if len(l.found) == 0 {
		l.kind, l.found = kind, make(map[string]*nameUse)
	}
	models := strings.Join(use.models, " and ")
	if l.found[models] == nil {
		l.found[models] = &nameUse{}
	}
	sum := l.found[models]
	sum.count++
	for _, path := range use.paths {
		if !slices.Contains(sum.paths, path) {
			sum.paths = append(sum.paths, path)
		}
	}
}

// show reports the sums, and begins anew.
func (l *labelsThere) tell(show func(kind, message string, paths []string)) {
	for _, models := range slices.Sorted(maps.Keys(l.found)) {
		sum := l.found[models]
		message := counted.Of(sum.count, "label of "+models+" has", "labels of "+models+" have") + " a " + l.kind + " of this name"
		show(l.kind, message, sum.paths)
	}
	l.found = nil
}
