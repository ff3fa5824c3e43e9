// Package decisioncheck checks the pipes of a configuration that decide by a label, as far
// as no template decides: what their own params don't say of each other, and the tables
// that they name.
package decisioncheck

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/base/decision"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Surroundings are what a check needs of the rest of otai.
type Surroundings struct {
	Find func(use string) (catalog.Component, bool)
	Dir  func(path string) string          // the folder that names at a place of the configuration count from
	Read func(name string) ([]byte, error) // reads a table
}

// Check checks the pipes of d.
func Check(d *config.Document, s Surroundings) config.Diagnostics {
	found := checks{document: d, around: s}
	for _, p := range flow.Pipes(d.Orchestrator) {
		if p.Use == base.DecisionUse && p.Params != nil {
			found.path = pathOf(p.Path).Key("params")
			found.check(p)
		}
	}
	return found.list
}

// pathOf reads a path of the configuration.
func pathOf(path string) params.Path {
	read, err := params.ParsePath(path)
	if err != nil {
		return params.Keys(path)
	}
	return read
}

type checks struct {
	document *config.Document
	around   Surroundings
	path     params.Path // of the params
	list     config.Diagnostics
}

func (c *checks) report(severity string, code string, path params.Path, hint, format string, args ...any) {
	text := path.String()
	at := c.document.Locate(text)
	c.list = append(c.list, config.Diagnostic{
		File: at.File, Line: at.Line, Column: at.Column, Path: text, Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (c *checks) wrong(code string, path params.Path, hint, format string, args ...any) {
	c.report(config.SeverityError, code, path, hint, format, args...)
}

func (c *checks) check(p *flow.Pipe) {
	c.from(p)
	apply, known := c.thresholds("apply_from", p.Params["apply_from"])
	suggest, alsoKnown := c.thresholds("suggest_from", p.Params["suggest_from"])
	if known && alsoKnown {
		for _, label := range suggest.Above(apply) {
			x, _ := suggest.Of(label)
			from, _ := apply.Of(label)
			at, of := c.path.Key("suggest_from"), ""
			if label != decision.ForAll {
				of = fmt.Sprintf(" for the label %q", label)
			}
			c.wrong("suggest-above-apply", at, "between the two is what is suggested: make suggest_from the smaller one", "suggest_from is %v%s and apply_from only %v, so nothing would ever be suggested", x, of, from)
		}
	}
	if raw := p.Params["otherwise"]; !hasTemplates(raw) {
		if _, err := decision.ReadOtherwise(raw); err != nil {
			c.wrong("bad-target", c.path.Key("otherwise"), "", "%v", err)
		}
	}
	labels := c.rows(p.Params)
	if labels == nil {
		return
	}
	for _, of := range []struct {
		param string
		t     decision.Thresholds
	}{{"apply_from", apply}, {"suggest_from", suggest}} {
		for _, label := range of.t.Labels() {
			if !slices.Contains(labels, label) {
				hint := "write the label as the map does"
				if near := params.Near(label, labels); near != "" {
					hint = fmt.Sprintf("did you mean %q?", near)
				}
				c.report(config.SeverityWarning, "unknown-label", c.path.Key(of.param).Key(label), hint, "the map has no row for the label %q", label)
			}
		}
	}
}

// from checks that a step before has what decides.
func (c *checks) from(p *flow.Pipe) {
	id, isText := p.Params["from"].(string)
	if !isText || id == "" || params.HasTemplate(id) {
		return
	}
	at := c.path.Key("from")
	step := p.Before[id]
	if step == nil {
		for around := p.Around; around != nil; around = around.Around {
			if !strings.HasPrefix(around.Use, "base:") {
				return // it may give results in its own way
			}
		}
		hint := "write the id of the step that classifies, which must be before this one"
		if ids := slices.Sorted(maps.Keys(p.Before)); len(ids) > 0 {
			hint = "there is " + strings.Join(ids, ", ")
		}
		c.wrong("unknown-result", at, hint, "no step before has the id %q", id)
		return
	}
	component, ok := c.around.Find(step.Use)
	if ok && component.Yields != nil && !slices.Contains(component.Yields, "label") {
		c.wrong("no-label", at, "write the id of the step that classifies", "the result of %s (%s) has no label", id, step.Use)
	}
}

func (c *checks) thresholds(param string, raw any) (t decision.Thresholds, known bool) {
	if hasTemplates(raw) {
		return t, false
	}
	t, err := decision.ReadThresholds(raw)
	if err == nil {
		return t, true
	}
	for _, one := range unjoined(err) {
		at := c.path.Key(param)
		var of *api.FieldError
		if errors.As(one, &of) {
			at, one = at.Key(of.Field), of.Err
		}
		c.wrong("bad-threshold", at, "", "%v", one)
	}
	return t, false
}

func unjoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // as it was joined
		return joined.Unwrap()
	}
	return []error{err}
}

// rows returns the labels that the map or its table has; nil if that isn't known.
func (c *checks) rows(given map[string]any) []string {
	byLabel, isMap := given["map"].(map[string]any)
	file, isText := given["map_file"].(string)
	switch {
	case isMap && file != "":
		c.wrong("two-maps", c.path.Key("map_file"), "keep one of the two", "map is given, too")
		return nil
	case isMap:
		return slices.Sorted(maps.Keys(byLabel))
	case given["map"] == nil && given["map_file"] == nil:
		c.wrong("missing-param", c.path, "write map: { LABEL: { queue: NAME } } or map_file: NAME.csv", "nothing says what the labels mean")
		return nil
	case !isText || file == "" || params.HasTemplate(file):
		return nil
	}
	at := c.path.Key("map_file")
	name := base.FileName(file, c.around.Dir(at.String()))
	table, err := base.ReadDecisionTable(name, c.around.Read)
	var mistakes decision.Mistakes
	switch {
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			c.list = append(c.list, config.Diagnostic{
				File: name, Line: m.Line, Column: m.Column, Path: at.String(), Severity: config.SeverityError, Code: "bad-table", Message: m.Message, Hint: m.Hint,
			})
		}
		return nil
	case err != nil:
		c.wrong("unreadable", at, "the name counts from the folder of the configuration", "%v", err)
		return nil
	}
	return slices.Sorted(maps.Keys(table.Map))
}

// hasTemplates reports whether a value is a template, or has one in it.
func hasTemplates(v any) bool {
	switch v := v.(type) {
	case string:
		return params.HasTemplate(v)
	case []any:
		return slices.ContainsFunc(v, hasTemplates)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasTemplates)
	}
	return false
}
