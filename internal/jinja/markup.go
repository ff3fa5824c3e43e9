package jinja

import "strings"

// markupMethods are the methods of escaped text: they escape what they put into
// it, and what they yield is escaped text again.
func markupMethods(text map[string]*method) map[string]*method {
	methods := map[string]*method{}
	for name, m := range text {
		methods[name] = &method{m.signature, func(r *state, self any, a args) (any, error) {
			switch name {
			case "replace", "ljust", "rjust", "center":
				var err error
				if a, err = a.escaped(r.budget, 1); err != nil {
					return nil, err
				}
			case "join":
				between, _ := asText(self)
				return r.joinMarkup(between, a.values[0])
			case "format":
				s, _ := asText(self)
				v, err := r.braceFormat(s, a, true)
				return marked(v), err
			case "format_map":
				s, _ := asText(self)
				v, err := r.formatMap(s, a.values[0], true)
				return marked(v), err
			}
			v, err := m.apply(r, self, a)
			return marked(v), err
		}}
	}
	for _, m := range []*method{
		textMethod("striptags", nil, 0, func(_ *state, s string, _ args) (any, error) { return stripTags(s), nil }),
		textMethod("unescape", nil, 0, func(_ *state, s string, _ args) (any, error) { return unescapeHTML(s), nil }),
	} {
		methods[m.name] = m
	}
	return methods
}

// marked is v with its texts as escaped ones.
func marked(v any) any {
	switch x := v.(type) {
	case string:
		return markup(x)
	case []any:
		for i := range x {
			x[i] = marked(x[i])
		}
	case tuple:
		for i := range x {
			x[i] = marked(x[i])
		}
	}
	return v
}

// escaped is a with the text of one argument escaped.
func (a args) escaped(r *budget, i int) (args, error) {
	if !a.has(i) {
		return a, nil
	}
	v, err := r.escaped(a.values[i])
	a.values = append([]any{}, a.values...)
	a.values[i] = v
	return a, err
}

// joinMarkup escapes the elements and joins them.
func (r *budget) joinMarkup(between string, elements any) (any, error) {
	list, err := r.elements(elements)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, element := range list {
		if i > 0 {
			b.WriteString(between)
		}
		v, err := r.escaped(element)
		if err != nil {
			return nil, err
		}
		s, _ := asText(v)
		if err := r.grow(len(s) + len(between)); err != nil {
			return nil, err
		}
		b.WriteString(s)
	}
	return markup(b.String()), nil
}

// joinEscaped is the filter join within autoescape: escaped text among the
// elements makes all of it escaped text.
func (r *budget) joinEscaped(between any, list []any, get func(any) (any, error)) (any, error) {
	_, safe := between.(markup)
	elements := make([]any, len(list))
	for i, element := range list {
		v, err := get(element)
		if err != nil {
			return nil, err
		}
		if _, ok := v.(markup); ok {
			safe = true
		} else if v, err = r.text(v); err != nil {
			return nil, err
		}
		elements[i] = v
	}
	s, err := r.text(between)
	if err != nil {
		return nil, err
	}
	if !safe {
		return r.joinStrings(s, elements)
	}
	if _, ok := between.(markup); !ok {
		s = escapeHTML(s)
	}
	return r.joinMarkup(s, elements)
}

// keepMarkup makes v escaped text where from is.
func keepMarkup(from any, v string) any {
	if _, ok := from.(markup); ok {
		return markup(v)
	}
	return v
}
