package methods

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/format"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// markupMethods are the methods of escaped text: they escape what they put into
// it, and return escaped text again.
func markupMethods(text map[string]*runtime.Method) map[string]*runtime.Method {
	methods := map[string]*runtime.Method{}
	for name, m := range text {
		methods[name] = &runtime.Method{Signature: m.Signature, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
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
				v, err := format.Brace(r.Budget, s, a, true)
				return value.AsMarkup(v), err
			case "format_map":
				s, _ := value.AsText(self)
				v, err := format.BraceMap(r.Budget, s, a.Values[0], true)
				return value.AsMarkup(v), err
			}
			v, err := m.Apply(r, self, a)
			return value.AsMarkup(v), err
		}}
	}
	for _, m := range []*runtime.Method{
		textMethod("striptags", nil, 0, func(_ *runtime.State, s string, _ value.Args) (any, error) { return value.StripTags(s), nil }),
		textMethod("unescape", nil, 0, func(_ *runtime.State, s string, _ value.Args) (any, error) { return value.UnescapeHTML(s), nil }),
	} {
		methods[m.Name] = m
	}
	return methods
}

// escaped is a with the text of one argument escaped.
func escaped(a value.Args, meter *budget.Budget, i int) (value.Args, error) {
	if !a.Has(i) {
		return a, nil
	}
	v, err := value.Escape(meter, a.Values[i])
	a.Values = append([]any{}, a.Values...)
	a.Values[i] = v
	return a, err
}
