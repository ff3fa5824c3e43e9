package filters

import (
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

// All returns the filters by name.
func All() map[string]*runtime.Filter {
	all := map[string]*runtime.Filter{}
	for _, group := range [][]*runtime.Filter{
		textFilters(), layoutFilters(), htmlFilters(), numberFilters(), listFilters(), choiceFilters(), orderFilters(), jsonFilters(),
	} {
		for _, f := range group {
			all[f.Name] = f
		}
	}
	for alias, name := range map[string]string{"count": "length", "d": "default", "e": "escape"} {
		all[alias] = all[name]
	}
	return all
}
