package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// pipeAt is a pipe at its place in the configuration.
type pipeAt struct {
	path    string
	use     string
	injects map[string]any
	params  map[string]any
	around  *pipeAt            // nil for the root
	before  map[string]*pipeAt // what ran before it and what its templates see, by id
}

// pipes returns all pipes of the configuration, each before those in it.
func (a *application) pipes() []*pipeAt {
	w := &pipeWalk{}
	w.pipe("orchestrator", a.document.Orchestrator, nil, nil)
	return w.found
}

type pipeWalk struct{ found []*pipeAt }

func (w *pipeWalk) pipe(path string, raw map[string]any, around *pipeAt, before map[string]*pipeAt) *pipeAt {
	p := &pipeAt{path: path, around: around, before: before}
	p.use, _ = raw["use"].(string)
	p.injects, _ = raw["injects"].(map[string]any)
	p.params, _ = raw["params"].(map[string]any)
	w.found = append(w.found, p)
	w.value(path+".params", p.params, p, before)
	return p
}

// value looks for pipes in the params of a pipe. Those of a list run one after
// another: each sees the results of those before it.
func (w *pipeWalk) value(path string, value any, around *pipeAt, before map[string]*pipeAt) {
	switch v := value.(type) {
	case []any:
		before = maps.Clone(before)
		for i, element := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			raw, ok := asPipe(element)
			if !ok {
				w.value(at, element, around, before)
				continue
			}
			p := w.pipe(at, raw, around, maps.Clone(before))
			if id, _ := raw["id"].(string); id != "" {
				if before == nil {
					before = make(map[string]*pipeAt)
				}
				before[id] = p
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			if raw, ok := asPipe(v[key]); ok {
				w.pipe(at, raw, around, before)
				continue
			}
			w.value(at, v[key], around, before)
		}
	}
}

func asPipe(value any) (map[string]any, bool) {
	raw, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	_, ok = raw["use"].(string)
	return raw, ok
}

// follower tells what templates can yield, by what is known of the steps before.
type follower struct {
	ctx      context.Context
	language *jinja.Renderer // nil: the templates are of another language
	labels   func(classification *pipeAt) (labels []string, all bool)
	depth    int
}

// maxFollowed bounds expressions that lead to one another.
const maxFollowed = 20

// outcomes returns the texts that a param of p can be, and whether that is all.
func (f *follower) outcomes(p *pipeAt, text string) (outcomes []string, complete bool) {
	rendered, complete := f.rendered(p, text)
	for _, out := range rendered {
		outcomes = append(outcomes, out.text)
	}
	return outcomes, complete
}

type outcome struct {
	text  string
	value any
}

func (f *follower) rendered(p *pipeAt, text string) ([]outcome, bool) {
	if !jinja.HasTemplate(text) {
		return []outcome{{text, text}}, true
	}
	if f.language == nil || f.depth > maxFollowed {
		return nil, false
	}
	f.depth++
	defer func() { f.depth-- }()
	parsed, err := f.language.Parse(text)
	if err != nil {
		return nil, false
	}
	all, complete := jinja.Outcomes(f.ctx, parsed, func(function string, args []string) ([]any, bool) {
		switch function {
		case "get_pipe_result":
			return f.result(p.before[args[0]], args[1])
		case "get_parent_param":
			return f.parentParam(p, args[0])
		default: // get_env, which the language answers itself
			return nil, true
		}
	})
	outcomes := make([]outcome, len(all))
	for i, out := range all {
		outcomes[i] = outcome{out.Text, out.Value}
	}
	return outcomes, complete
}

// result returns what a step before can have yielded under key, and whether that is
// all.
func (f *follower) result(step *pipeAt, key string) ([]any, bool) {
	switch {
	case step == nil:
		return nil, false
	case step.use == classificationUse && key == "label":
		labels, all := f.labels(step)
		values := make([]any, len(labels))
		for i, label := range labels {
			values[i] = label
		}
		return values, all
	case step.use == expressionUse && key == "value":
		text, ok := step.params["expression"].(string)
		if !ok {
			return nil, false
		}
		outcomes, complete := f.rendered(step, text)
		values := make([]any, len(outcomes))
		for i, out := range outcomes {
			values[i] = out.value
		}
		return values, complete
	}
	return nil, false
}

// parentParam returns what a param of the pipe around p can be, if it is a text, and
// whether that is all.
func (f *follower) parentParam(p *pipeAt, key string) ([]any, bool) {
	for around := p.around; around != nil; around = around.around {
		value, given := around.params[key]
		if !given && around.use == runnerUse {
			continue // its child sees the params around it, too
		}
		switch v := value.(type) {
		case string:
			outcomes, complete := f.rendered(around, v)
			values := make([]any, len(outcomes))
			for i, out := range outcomes {
				values[i] = out.value
			}
			return values, complete && given
		case bool, int, int64, float64:
			return []any{v}, true
		}
		return nil, false
	}
	return nil, false
}

const (
	classificationUse = "base:ClassificationPipe"
	expressionUse     = "base:ExpressionPipe"
	runnerUse         = "base:SimpleSequentialRunner"
)

// language returns the template language, if it is the usual one.
func (a *application) language() *jinja.Renderer {
	for _, s := range a.document.Services {
		if s.Use == base.RendererUse {
			continue
		}
		if component, ok := a.offered.Find(s.Use); ok && component.Renderer {
			return nil
		}
	}
	return jinja.New(jinja.Options{Env: a.redactor.env(a.document.Lookup)})
}
