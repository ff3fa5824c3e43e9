package jinja

// allFilters are the filters by name.
func allFilters() map[string]*filter {
	all := map[string]*filter{}
	for _, group := range [][]*filter{
		textFilters(), layoutFilters(), htmlFilters(), numberFilters(), listFilters(), choiceFilters(), orderFilters(), jsonFilters(),
	} {
		for _, f := range group {
			all[f.name] = f
		}
	}
	for alias, name := range map[string]string{"count": "length", "d": "default", "e": "escape"} {
		all[alias] = all[name]
	}
	return all
}
