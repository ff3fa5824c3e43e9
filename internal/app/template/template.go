package template

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Evaluation is what a template yields.
type Evaluation struct {
	Text string // for a string field
	JSON []byte // the value for a field of any type, in one line
}

// Error is what is wrong with a template or with the scope file, for
// people: with the line it stands in and a caret.
type Error struct {
	Diagnostics config.Diagnostics
	Excerpt     string
	Err         error
}

func (e *Error) Error() string { return e.Diagnostics.Error() + "\n" + e.Excerpt }
func (e *Error) Unwrap() error { return e.Err }

// templateName is what messages call a template that was typed in.
const templateName = "template"

// Eval renders source in the scope that a file describes; an empty name
// means an empty scope. See docs/templates.md for the form of the file. A syntax
// error is wrong usage, an error while rendering is not.
func Eval(ctx context.Context, s app.Settings, source, scopeFile string) (Evaluation, error) {
	redactor := &redactor.Redactor{}
	surroundings, err := readScope(ctx, s, scopeFile)
	if err != nil {
		return Evaluation{}, app.ExitWith(app.CodeUsage, err)
	}
	lookup := func(name string) (string, bool) {
		if value, ok := surroundings.env[name]; ok {
			return value, true
		}
		return s.Lookup(name)
	}
	renderer := jinja.New(jinja.Options{Env: redactor.Env(lookup), Variables: surroundings.variables})
	template, err := renderer.Parse(source)
	if err != nil {
		return Evaluation{}, app.ExitWith(app.CodeUsage, templateError(source, redactor, err))
	}
	rendered, err := template.Render(ctx, surroundings.scope)
	if err != nil {
		return Evaluation{}, app.ExitWith(app.CodeRun, templateError(source, redactor, err))
	}
	value, err := appendJSON(nil, rendered.Value)
	if err != nil {
		return Evaluation{}, app.ExitWith(app.CodeRun, err)
	}
	return Evaluation{Text: redactor.Text(rendered.Text), JSON: redactor.JSON(value)}, nil
}

// templateError shows the place of an error in the template.
func templateError(source string, redactor *redactor.Redactor, err error) error {
	var placed *api.TemplateError
	if !errors.As(err, &placed) {
		return err
	}
	message := placed.Err.Error()
	var failed *api.FailError
	if errors.As(err, &failed) {
		message = "fail() was called: the pipe's result is a failed one"
		if failed.Message != "" {
			message += ` with the message "` + failed.Message + `"`
		}
	}
	p := config.Diagnostic{
		File: templateName, Line: placed.Line, Column: placed.Column,
		Severity: config.SeverityError, Code: "template", Message: redactor.Text(message),
	}
	return &Error{
		Diagnostics: config.Diagnostics{p},
		Excerpt:     p.Excerpt([]config.Source{{Name: templateName, Data: []byte(source)}}, redactor.YAML),
		Err:         err,
	}
}

// surroundings are what a template sees.
type surroundings struct {
	scope     api.Scope
	variables map[string]any
	env       map[string]string
}

func readScope(ctx context.Context, s app.Settings, name string) (surroundings, error) {
	var around surroundings
	if name == "" {
		return around, nil
	}
	data, err := files.Named(ctx, s.Abs(name), config.MaxBytes)
	if err != nil {
		return around, app.NotRead("the scope", name, err)
	}
	source := config.Source{Name: name, Data: data}
	values, problems := config.Values(source)
	if problems.HasErrors() {
		return around, &Error{Diagnostics: problems, Excerpt: problems[0].Excerpt([]config.Source{source})}
	}
	if err := around.fill(values); err != nil {
		return around, fmt.Errorf("the scope %s: %w", name, err)
	}
	return around, nil
}

// mapping is an ordered one, as [config.Values] makes them.
type mapping interface {
	Keys() []string
	Get(key string) (any, bool)
}

// fill takes the file's keys apart: the parts of the scope, and variables.
func (around *surroundings) fill(values mapping) error {
	around.variables = map[string]any{}
	var params, parent map[string]any
	var results mapping
	for _, key := range values.Keys() {
		value, _ := values.Get(key)
		var err error
		switch key {
		case "params":
			params, err = goMap(value)
		case "parent_params":
			parent, err = goMap(value)
		case "pipe_results":
			if results, _ = value.(mapping); results == nil && value != nil {
				err = errNoMapping
			}
		case "env":
			err = around.setEnv(value)
		default:
			around.variables[key] = value
		}
		if err != nil {
			return fmt.Errorf("%s %w", key, err)
		}
	}
	around.scope = api.Scope{}.Enter(parent).Enter(params)
	if results == nil {
		return nil
	}
	for _, id := range results.Keys() {
		value, _ := results.Get(id)
		result, err := resultOf(value)
		if err != nil {
			return fmt.Errorf("pipe_results.%s %w", id, err)
		}
		around.scope = around.scope.WithResult(id, result)
	}
	return nil
}

var errNoMapping = errors.New("must be a mapping")

func goMap(value any) (map[string]any, error) {
	m := map[string]any{}
	if value == nil {
		return m, nil
	}
	ordered, ok := value.(mapping)
	if !ok {
		return nil, errNoMapping
	}
	for _, key := range ordered.Keys() {
		m[key], _ = ordered.Get(key)
	}
	return m, nil
}

func (around *surroundings) setEnv(value any) error {
	m, err := goMap(value)
	if err != nil {
		return err
	}
	around.env = map[string]string{}
	for name, value := range m {
		around.env[name] = fmt.Sprint(value)
	}
	return nil
}

// resultKeys are those of a result as templates see it.
var resultKeys = []string{"succeeded", "was_skipped", "message", "data"}

// resultOf is a pipe's result in the form that templates see, or just its data.
func resultOf(value any) (api.PipeResult, error) {
	m, ok := value.(mapping)
	if !ok {
		return api.PipeResult{}, errNoMapping
	}
	whole := !slices.ContainsFunc(m.Keys(), func(key string) bool { return !slices.Contains(resultKeys, key) })
	if !whole {
		if _, hasData := m.Get("data"); hasData {
			return api.PipeResult{}, fmt.Errorf("has keys beside %v", resultKeys)
		}
		data, err := goMap(m)
		return api.Success(data), err
	}
	data, _ := m.Get("data")
	plain, err := goMap(data)
	if err != nil {
		return api.PipeResult{}, fmt.Errorf("data %w", err)
	}
	message, _ := m.Get("message")
	result := api.PipeResult{Status: api.Succeeded, Data: plain}
	if message != nil {
		result.Message = fmt.Sprint(message)
	}
	switch succeeded, given := m.Get("succeeded"); {
	case isTrue(m, "was_skipped"):
		result.Status = api.Skipped
	case given && succeeded != true:
		result.Status = api.Failed
	}
	return result, nil
}

func isTrue(m mapping, key string) bool { v, _ := m.Get(key); return v == true }
