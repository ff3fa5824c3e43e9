package runtime

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// State is one rendering as filters, tests, methods and functions see it.
type State struct {
	*budget.Budget
	Scope     api.Scope
	Library   *Library
	Variables map[string]any

	Autoescape bool
	Mutable    bool           // the template changes lists or mappings
	copies     map[string]any // of what it read from the scope
}

// InHTML marks what a filter made as escaped within autoescape.
func (r *State) InHTML(s string) any {
	if r.Autoescape {
		return value.Markup(s)
	}
	return s
}

// Changeable makes a list that was just built a MutableList if the template changes
// lists.
func (r *State) Changeable(v any) any {
	if items, ok := v.([]any); ok && r.Mutable {
		return &value.MutableList{Items: items}
	}
	return v
}

// ReadScope is a value of the scope as the template may see it. It is remembered by its
// name, so that a second look sees what the template changed.
func (r *State) ReadScope(name string, v any) (any, error) {
	if !r.Mutable {
		return v, nil
	}
	if c, ok := r.copies[name]; ok {
		return c, nil
	}
	c, err := value.DeepCopy(r.Budget, v)
	if err != nil {
		return nil, err
	}
	if r.copies == nil {
		r.copies = map[string]any{}
	}
	r.copies[name] = c
	return c, nil
}
