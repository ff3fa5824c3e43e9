package catalog

import (
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// What a pipe does with its children, and which of its params does what, is said by
// its labels alone: the checks hold for a plugin's pipes as for the built-in ones.

// ChildScope is what the children of a pipe see beside its own params.
type ChildScope struct {
	Known        bool     // else they may see anything
	Sequence     bool     // the results of the children before them
	ParentParams bool     // the params of the pipe around their own
	Params       []string // further parent params, which the pipe gives them when it runs
	ParamsIn     []string // the params whose values are the names of such
}

// ChildScope returns what the pipe says of its children. A label of other words says
// nothing: its author may mean something else by it, or it may come from a later version.
func (c Component) ChildScope() ChildScope {
	text, said := c.Labels[params.LabelChildren]
	if !said || c.Params == nil {
		return ChildScope{}
	}
	var scope ChildScope
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		name, isParam := strings.CutPrefix(word, params.ChildrenParam)
		in, isParamIn := strings.CutPrefix(word, params.ChildrenParamIn)
		switch {
		case isParam:
			scope.Params = append(scope.Params, name)
		case isParamIn:
			scope.ParamsIn = append(scope.ParamsIn, in)
		case word == params.ChildrenSequence:
			scope.Known, scope.Sequence = true, true
		case word == params.ChildrenSeparate:
			scope.Known = true
		case word == params.ChildrenParentParams:
			scope.ParentParams = true
		default:
			return ChildScope{}
		}
	}
	if !scope.Known {
		return ChildScope{}
	}
	return scope
}

// LabeledParam returns the key that a label names and what the pipe declares of it; nil
// where there is no such label, or no such param.
func (c Component) LabeledParam(label string) (key string, spec *params.Spec) {
	if key = c.Labels[label]; key == "" || c.Params == nil {
		return "", nil
	}
	if spec = c.Params.Field(key); spec == nil {
		return "", nil
	}
	return key, spec
}

// Trigger is the key of the child that decides whether the others run, "" where
// there is none.
func (c Component) Trigger() string {
	key, spec := c.LabeledParam(params.LabelTriggeredBy)
	if spec == nil || spec.Kind != params.KindChild {
		return ""
	}
	return key
}

// IsTrigger reports whether path leads from the pipe's params to that child.
func (c Component) IsTrigger(path params.Path) bool {
	return len(path) == 1 && c.Trigger() != "" && path.LastKey() == c.Trigger()
}
