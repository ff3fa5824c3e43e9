package config

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// What a pipe does with its children, and which of its params does what, is said by
// its labels alone: the checks hold for a plugin's pipes as for the built-in ones.

// childScope is what the children of a pipe see beside its own params.
type childScope struct {
	known        bool // else they may see anything
	sequence     bool // the results of the children before them
	parentParams bool // the params of the pipe around their own
}

func (c Component) childScope() childScope {
	text, known := c.Labels[params.LabelChildren]
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		words = append(words, strings.TrimSpace(word))
	}
	return childScope{
		known:        known && c.Params != nil,
		sequence:     slices.Contains(words, params.ChildrenSequence),
		parentParams: slices.Contains(words, params.ChildrenParentParams),
	}
}

// labeledParam is the key that a label names and what the pipe declares of it; nil
// where there is no such label, or no such param.
func (c Component) labeledParam(label string) (key string, spec *params.Spec) {
	if key = c.Labels[label]; key == "" || c.Params == nil {
		return "", nil
	}
	if spec = c.Params.Field(key); spec == nil {
		return "", nil
	}
	return key, spec
}

// trigger is the key of the child that decides whether the others run, "" where
// there is none.
func (c Component) trigger() string {
	key, spec := c.labeledParam(params.LabelTriggeredBy)
	if spec == nil || spec.Kind != params.KindChild {
		return ""
	}
	return key
}

// isTrigger reports whether path leads from the pipe's params to that child.
func (c Component) isTrigger(path params.Path) bool {
	return len(path) == 1 && c.trigger() != "" && path.LastKey() == c.trigger()
}
