package jinja

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// onText is a filter that takes whatever text the value has.
func onText(name string, change func(string) string) *filter {
	return &filter{signature: signature{name: name}, formats: true, apply: func(r *state, v any, _ value.Args) (any, error) {
		s, err := value.Text(r.Budget, v)
		if err != nil {
			return nil, err
		}
		s = change(s)
		return s, r.Grow(len(s))
	}}
}

// likeText is onText for what Jinja2 lets escaped text stay escaped in.
func likeText(name string, change func(string) string) *filter {
	f := onText(name, change)
	plain := f.apply
	f.markup = true
	f.apply = func(r *state, v any, a value.Args) (any, error) {
		changed, err := plain(r, v, a)
		if err != nil {
			return nil, err
		}
		return value.KeepMarkup(v, changed.(string)), nil
	}
	return f
}

func textFilters() []*filter {
	return []*filter{
		likeText("upper", value.Upper),
		likeText("lower", value.Lower),
		onText("title", titleWords),
		likeText("capitalize", value.Capitalize),
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
			b.WriteString(value.Upper(string(c)))
		} else {
			b.WriteString(value.Lower(string(c)))
		}
		start = value.IsSpace(c) || strings.ContainsRune("-([{<", c)
	}
	return b.String()
}

func trimFilter(r *state, v any, a value.Args) (any, error) {
	s, err := value.Text(r.Budget, v)
	if err != nil {
		return nil, err
	}
	trimmed, err := value.Trim(s, a, strings.TrimFunc)
	if err != nil {
		return nil, err
	}
	return value.KeepMarkup(v, trimmed.(string)), nil
}

func replaceFilter(r *state, v any, a value.Args) (any, error) {
	var texts [3]string
	for i, v := range [...]any{v, a.Values[0], a.Values[1]} {
		s, err := value.Text(r.Budget, v)
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	limit, err := a.IntegerOrNone(2, -1)
	if err != nil {
		return nil, err
	}
	return value.Replace(r.Budget, texts[0], texts[1], texts[2], limit)
}

func formatFilter(r *state, v any, a value.Args) (any, error) {
	format, err := value.Text(r.Budget, v)
	if err != nil {
		return nil, err
	}
	if len(a.Named) == 0 {
		return percentFormat(r.Budget, value.KeepMarkup(v, format), value.Tuple(a.Values))
	}
	if len(a.Values) > 0 {
		return nil, errors.New("format takes either positional or named arguments")
	}
	d := &value.Dict{}
	for _, n := range a.Named {
		if err := d.Put(n.Name, n.Value); err != nil {
			return nil, err
		}
	}
	return percentFormat(r.Budget, value.KeepMarkup(v, format), d)
}

func wordCountFilter(r *state, v any, _ value.Args) (any, error) {
	s, err := value.Text(r.Budget, v)
	words, inWord := int64(0), false
	for _, c := range s {
		before := inWord
		if inWord = isWordChar(c); inWord && !before {
			words++
		}
	}
	return words, err
}

func urlEncodeFilter(r *state, v any, _ value.Args) (any, error) {
	encode := func(v any, plus bool) (string, error) {
		s, err := value.Text(r.Budget, v)
		if err == nil {
			err = r.GrowTimes(3, len(s))
		}
		s = strings.ReplaceAll(url.QueryEscape(s), "%7E", "~")
		if !plus {
			s = strings.ReplaceAll(strings.ReplaceAll(s, "+", "%20"), "%2F", "/")
		}
		return s, err
	}
	if _, text := v.(string); text || value.IsUndefined(v) || !value.IsIterable(v) {
		return encode(v, false)
	}
	var parts []string
	add := func(key, val2 any) error {
		k, err := encode(key, true)
		if err != nil {
			return err
		}
		s, err := encode(val2, true)
		parts = append(parts, k+"="+s)
		return err
	}
	d := &value.Dict{}
	if err := value.FillDict(r.Budget, d, v); err != nil {
		return nil, err
	}
	pairs, _ := value.PairsOf(d)
	for _, p := range pairs {
		if err := add(p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, "&"), nil
}

func defaultFilter(_ *state, v any, a value.Args) (any, error) {
	if _, missing := v.(*value.Undefined); missing || a.Truth(1) && !value.Truth(v) {
		return a.At(0, ""), nil
	}
	return v, nil
}

func attrFilter(r *state, v any, a value.Args) (any, error) {
	name, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	own, ok, err := r.ownAttribute(v, name)
	if !ok && err == nil {
		return &value.Undefined{What: fmt.Sprintf("%s has no attribute %q", value.WithArticle(value.TypeName(v)), name)}, nil
	}
	return own, err
}
