package flow

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja"
)

// What is known of the built-in pipes.
const (
	ClassificationUse = "base:ClassificationPipe"
	expressionUse     = "base:ExpressionPipe"
	runnerUse         = "base:SimpleSequentialRunner"
)

// Follower determines what templates can yield, by what is known of the steps before.
type Follower struct {
	Ctx      context.Context
	Language *jinja.Renderer // nil: the templates are of another language
	Labels   func(classification *Pipe) (labels []string, all bool)
	depth    int
	followed int // templates, for one outermost
}

// What bounds expressions that lead to one another, and to several at once.
const (
	maxDepth    = 20
	maxFollowed = 1000
)

// Outcomes returns the texts that a param of p can be, and whether that is all.
func (f *Follower) Outcomes(p *Pipe, text string) (outcomes []string, complete bool) {
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

func (f *Follower) rendered(p *Pipe, text string) ([]outcome, bool) {
	if !jinja.HasTemplate(text) {
		return []outcome{{text, text}}, true
	}
	if f.depth == 0 {
		f.followed = 0
	}
	f.followed++
	if f.Language == nil || f.depth > maxDepth || f.followed > maxFollowed {
		return nil, false
	}
	f.depth++
	defer func() { f.depth-- }()
	parsed, err := f.Language.Parse(text)
	if err != nil {
		return nil, false
	}
	all, complete := jinja.Outcomes(f.Ctx, parsed, func(function string, args []string) ([]any, bool) {
		switch function {
		case "get_pipe_result":
			return f.result(p.Before[args[0]], args[1])
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
func (f *Follower) result(step *Pipe, key string) ([]any, bool) {
	switch {
	case step == nil:
		return nil, false
	case step.Use == ClassificationUse && key == "label":
		labels, all := f.Labels(step)
		values := make([]any, len(labels))
		for i, label := range labels {
			values[i] = label
		}
		return values, all
	case step.Use == expressionUse && key == "value":
		text, ok := step.Params["expression"].(string)
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
func (f *Follower) parentParam(p *Pipe, key string) ([]any, bool) {
	for around := p.Around; around != nil; around = around.Around {
		value, given := around.Params[key]
		if !given && around.Use == runnerUse {
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
