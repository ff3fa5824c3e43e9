package jinja

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// onText is a filter that takes whatever text the value has.
func onText(name string, change func(string) string) *filter {
	return &filter{signature: signature{name: name}, formats: true, apply: func(r *state, v any, _ args) (any, error) {
		s, err := r.text(v)
		if err != nil {
			return nil, err
		}
		s = change(s)
		return s, r.grow(len(s))
	}}
}

// likeText is onText for what Jinja2 lets escaped text stay escaped in.
func likeText(name string, change func(string) string) *filter {
	f := onText(name, change)
	plain := f.apply
	f.markup = true
	f.apply = func(r *state, v any, a args) (any, error) {
		changed, err := plain(r, v, a)
		if err != nil {
			return nil, err
		}
		return keepMarkup(v, changed.(string)), nil
	}
	return f
}

func textFilters() []*filter {
	return []*filter{
		likeText("upper", upper),
		likeText("lower", lower),
		onText("title", titleWords),
		likeText("capitalize", capitalize),
		likeText("string", func(s string) string { return s }),
		{signature: signature{name: "trim", params: []string{"chars"}}, markup: true, formats: true, apply: trimFilter},
		{signature: signature{name: "replace", params: []string{"old", "new", "count"}, required: 2}, formats: true, apply: replaceFilter},
		{signature: signature{name: "format", variadic: true, keywords: true}, markup: true, formats: true, apply: formatFilter},
		{signature: signature{name: "wordcount"}, apply: wordCountFilter},
		{signature: signature{name: "urlencode"}, apply: urlEncodeFilter},
		{signature: signature{name: "default", params: []string{"default_value", "boolean"}}, markup: true, apply: defaultFilter},
		{signature: signature{name: "attr", params: []string{"name"}, required: 1}, markup: true, apply: attrFilter},
		{signature: signature{name: "pprint"}, markup: true, formats: true, apply: prettyFilter},
	}
}

// titleWords is Jinja2's title, which differs from Python's: a word begins only
// after a blank, a hyphen or an opening bracket.
func titleWords(s string) string {
	var b strings.Builder
	start := true
	for _, c := range s {
		if start {
			b.WriteString(upper(string(c)))
		} else {
			b.WriteString(lower(string(c)))
		}
		start = isSpace(c) || strings.ContainsRune("-([{<", c)
	}
	return b.String()
}

func trimFilter(r *state, v any, a args) (any, error) {
	s, err := r.text(v)
	if err != nil {
		return nil, err
	}
	trimmed, err := trimmed(s, a, strings.TrimFunc)
	if err != nil {
		return nil, err
	}
	return keepMarkup(v, trimmed.(string)), nil
}

// trimmed cuts the characters of the first argument, or white space.
func trimmed(s string, a args, trim func(string, func(rune) bool) string) (any, error) {
	if a.at(0, nil) == nil {
		return trim(s, isSpace), nil
	}
	chars, err := a.text(0, "")
	if err != nil {
		return nil, err
	}
	return trim(s, func(c rune) bool { return strings.ContainsRune(chars, c) }), nil
}

func replaceFilter(r *state, v any, a args) (any, error) {
	var texts [3]string
	for i, v := range [...]any{v, a.values[0], a.values[1]} {
		s, err := r.text(v)
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	limit, err := a.integerOrNone(2, -1)
	if err != nil {
		return nil, err
	}
	return r.replaced(texts[0], texts[1], texts[2], limit)
}

// replaced replaces up to limit times, or all where that is below zero.
func (r *budget) replaced(s, old, with string, limit int) (any, error) {
	found := strings.Count(s, old)
	if limit >= 0 {
		found = min(found, limit)
	}
	if err := r.growTimes(found, len(with)); err != nil {
		return nil, err
	}
	return strings.Replace(s, old, with, limit), r.grow(len(s))
}

func formatFilter(r *state, v any, a args) (any, error) {
	format, err := r.text(v)
	if err != nil {
		return nil, err
	}
	if len(a.named) == 0 {
		return r.percentFormat(keepMarkup(v, format), tuple(a.values))
	}
	if len(a.values) > 0 {
		return nil, errors.New("format takes either positional or named arguments")
	}
	d := &Dict{}
	for _, n := range a.named {
		if err := d.set(n.name, n.value); err != nil {
			return nil, err
		}
	}
	return r.percentFormat(keepMarkup(v, format), d)
}

func wordCountFilter(r *state, v any, _ args) (any, error) {
	s, err := r.text(v)
	words, inWord := int64(0), false
	for _, c := range s {
		before := inWord
		if inWord = isWordChar(c); inWord && !before {
			words++
		}
	}
	return words, err
}

func urlEncodeFilter(r *state, v any, _ args) (any, error) {
	encode := func(v any, plus bool) (string, error) {
		s, err := r.text(v)
		if err == nil {
			err = r.growTimes(3, len(s))
		}
		s = strings.ReplaceAll(url.QueryEscape(s), "%7E", "~")
		if !plus {
			s = strings.ReplaceAll(strings.ReplaceAll(s, "+", "%20"), "%2F", "/")
		}
		return s, err
	}
	if _, text := v.(string); text || isUndefined(v) || !isIterable(v) {
		return encode(v, false)
	}
	var parts []string
	add := func(key, value any) error {
		k, err := encode(key, true)
		if err != nil {
			return err
		}
		s, err := encode(value, true)
		parts = append(parts, k+"="+s)
		return err
	}
	d := &Dict{}
	if err := r.fill(d, v); err != nil {
		return nil, err
	}
	pairs, _ := pairsOf(d)
	for _, p := range pairs {
		if err := add(p.key, p.val); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, "&"), nil
}

func defaultFilter(_ *state, v any, a args) (any, error) {
	if _, missing := v.(*undefined); missing || a.truth(1) && !truth(v) {
		return a.at(0, ""), nil
	}
	return v, nil
}

func attrFilter(r *state, v any, a args) (any, error) {
	name, err := a.text(0, "")
	if err != nil {
		return nil, err
	}
	own, ok, err := r.ownAttribute(v, name)
	if !ok && err == nil {
		return &undefined{what: fmt.Sprintf("%s has no attribute %q", article(typeName(v)), name)}, nil
	}
	return own, err
}
