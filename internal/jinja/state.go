package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// state is one rendering as filters, tests, methods and functions see it.
type state struct {
	*budget.Budget
	scope     api.Scope
	lib       *library
	variables map[string]any

	autoescape bool
	mutable    bool           // the template changes lists or mappings
	copies     map[string]any // of what it read from the scope
}
