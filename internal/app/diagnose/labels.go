package diagnose

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// mapping is a pipe that decides by a label, with what it has for which label.
type mapping struct {
	pipe     *flow.Pipe
	path     params.Path // of its params
	rows     []string
	inFile   bool // the rows are in a table
	uses     []modelUse
	complete bool // those are all models that there can be
}

// rowsAt is the path of all rows.
func (m mapping) rowsAt() params.Path {
	if m.inFile {
		return m.path.Key("map_file")
	}
	return m.path.Key("map")
}

func (m mapping) rowAt(label string) params.Path {
	if m.inFile {
		return m.rowsAt()
	}
	return m.rowsAt().Key(label)
}

// mappings are the pipes that decide by the label of a model.
func (a analysis) mappings(ctx context.Context) (all []mapping) {
	for _, p := range a.pipes() {
		from, _ := p.Params["from"].(string)
		at, err := params.ParsePath(p.Path)
		if step := p.Before[from]; p.Use == base.DecisionUse && step != nil && step.Use == flow.ClassificationUse && err == nil {
			m := mapping{pipe: p, path: at.Key("params")}
			rows, isMap := p.Params["map"].(map[string]any)
			file, _ := p.Params["map_file"].(string)
			switch {
			case isMap:
				m.rows = slices.Sorted(maps.Keys(rows))
			case file == "" || jinja.HasTemplate(file):
				continue
			default:
				m.inFile = true
				table, err := base.ReadDecisionTable(base.FileName(file, a.ConfigDir(m.rowsAt().String())), nil)
				if err != nil {
					continue // it is reported
				}
				m.rows = slices.Sorted(maps.Keys(table.Map))
			}
			m.uses, m.complete = a.modelsOf(a.blindFollower(ctx), step)
			all = append(all, m)
		}
	}
	return all
}

var labelerMethods = loader.Methods(reflect.TypeFor[loader.Labeler]())

// compareLabels warns of labels of models that a map doesn't have, and of rows for labels that
// no model has. Plugins are asked in processes of their own.
func (a analysis) compareLabels(ctx context.Context) config.Diagnostics {
	all := a.mappings(ctx)
	var uses []modelUse
	for _, m := range all {
		uses = append(uses, m.uses...)
	}
	if len(all) == 0 {
		return nil
	}
	known := make(map[modelKey]loader.ModelLabels)
	var failed error
	a.eachPlugin(uses, labelerMethods, func(o loader.Options, p loader.Plugin, questions []loader.ModelsQuestion, about []config.Service) {
		answers, err := loader.Labels(ctx, o, p, questions)
		if err != nil {
			failed = err
			return
		}
		for i, answer := range answers {
			for j, labels := range answer {
				known[modelKey{about[i].ID, questions[i].Names[j]}] = labels
			}
		}
	})
	var problems config.Diagnostics
	for _, m := range all {
		problems = append(problems, a.compare(m, known, failed)...)
	}
	return problems
}

// compare compares the rows of a map with the labels of its models.
func (a analysis) compare(m mapping, known map[modelKey]loader.ModelLabels, failed error) (problems config.Diagnostics) {
	report := func(severity string, path params.Path, code, hint, format string, args ...any) {
		d := a.warning(path.String(), code, fmt.Sprintf(format, args...), hint)
		d.Severity = severity
		problems = append(problems, d)
	}
	var labels, models []string
	why := ""
	if !m.complete || len(m.uses) == 0 {
		why = "the name of the model comes from a template"
	}
	for _, use := range m.uses {
		answer, asked := known[modelKey{use.service, use.model}]
		switch {
		case failed != nil:
			why = failed.Error()
		case !asked:
			why = "its plugin doesn't report the labels of models, or gets its params from a template"
		case answer.Unknown != "":
			why = answer.Unknown
		}
		labels = append(labels, answer.Labels...)
		models = append(models, use.written)
	}
	if why != "" {
		report(config.SeverityAdvice, m.rowsAt(), "unknown-labels", "", "whether each label of the model has a row here is not known: %s", why)
		return problems
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	of := "the model " + strings.Join(slices.DeleteFunc(models, func(name string) bool { return name == "" }), " and ")
	if of == "the model " {
		of = "the model"
	}
	without := slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return slices.Contains(m.rows, label) })
	if len(without) > 0 {
		severity, hint := config.SeverityWarning, "add them, with {} to leave their tickets to people; or say by otherwise: what becomes of them"
		if m.pipe.Params["otherwise"] != nil {
			severity, hint = config.SeverityAdvice, "otherwise: says what becomes of them"
		}
		report(severity, m.rowsAt(), "label-without-row", hint, "the map has no row for these labels of %s: %s", of, strings.Join(without, ", "))
	}
	for _, row := range m.rows {
		if slices.Contains(labels, row) {
			continue
		}
		hint := "there is " + strings.Join(labels, ", ")
		if near := params.Near(row, labels); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		report(config.SeverityWarning, m.rowAt(row), "row-without-label", hint, "%s has no label %q", of, row)
	}
	return problems
}
