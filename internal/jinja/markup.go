package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// markupMethods are the methods of escaped text: they escape what they put into
// it, and what they yield is escaped text again.
func markupMethods(text map[string]*method) map[string]*method {
	methods := map[string]*method{}
	for name, m := range text {
		methods[name] = &method{m.signature, func(r *state, self any, a value.Args) (any, error) {
			switch name {
			case "replace", "ljust", "rjust", "center":
				var err error
				if a, err = escaped(a, r.Budget, 1); err != nil {
					return nil, err
				}
			case "join":
				between, _ := value.AsText(self)
				return value.JoinMarkup(r.Budget, between, a.Values[0])
			case "format":
				s, _ := value.AsText(self)
				v, err := braceFormat(r.Budget, s, a, true)
				return value.AsMarkup(v), err
			case "format_map":
				s, _ := value.AsText(self)
				v, err := formatMap(r.Budget, s, a.Values[0], true)
				return value.AsMarkup(v), err
			}
			v, err := m.apply(r, self, a)
			return value.AsMarkup(v), err
		}}
	}
	for _, m := range []*method{
		textMethod("striptags", nil, 0, func(_ *state, s string, _ value.Args) (any, error) { return value.StripTags(s), nil }),
		textMethod("unescape", nil, 0, func(_ *state, s string, _ value.Args) (any, error) { return value.UnescapeHTML(s), nil }),
	} {
		methods[m.name] = m
	}
	return methods
}

// escaped is a with the text of one argument escaped.
func escaped(a value.Args, r *budget.Budget, i int) (value.Args, error) {
	if !a.Has(i) {
		return a, nil
	}
	v, err := value.Escape(r, a.Values[i])
	a.Values = append([]any{}, a.Values...)
	a.Values[i] = v
	return a, err
}
