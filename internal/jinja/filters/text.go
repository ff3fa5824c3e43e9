package filters

import (
	"errors"
	"net/url"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/format"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// onText is a filter on the text of any value.
func onText(name string, change func(string) string) *runtime.Filter {
	return &runtime.Filter{Signature: runtime.Signature{Name: name}, Formats: true, Apply: func(r *runtime.State, v any, _ value.Args) (any, error) {
		s, err := value.Text(r.Budget, v)
		if err != nil {
			return nil, err
		}
		s = change(s)
		return s, r.Grow(len(s))
	}}
}

// likeText is onText for filters after which escaped text stays escaped.
func likeText(name string, change func(string) string) *runtime.Filter {
	f := onText(name, change)
	plain := f.Apply
	f.Markup = true
	f.Apply = func(r *runtime.State, v any, a value.Args) (any, error) {
		changed, err := plain(r, v, a)
		if err != nil {
			return nil, err
		}
		return value.KeepMarkup(v, changed.(string)), nil
	}
	return f
}

func textFilters() []*runtime.Filter {
	return []*runtime.Filter{
		likeText("upper", value.Upper),
		likeText("lower", value.Lower),
		onText("title", titleWords),
		likeText("capitalize", value.Capitalize),
		likeText("string", func(s string) string { return s }),
		{Signature: runtime.Signature{Name: "trim", Params: []string{"chars"}}, Markup: true, Formats: true, Apply: trimFilter},
		{Signature: runtime.Signature{Name: "replace", Params: []string{"old", "new", "count"}, Required: 2}, Formats: true, Apply: replaceFilter},
		{Signature: runtime.Signature{Name: "format", Variadic: true, Keywords: true}, Markup: true, Formats: true, Apply: formatFilter},
		{Signature: runtime.Signature{Name: "wordcount"}, Apply: wordCountFilter},
		{Signature: runtime.Signature{Name: "urlencode"}, Apply: urlEncodeFilter},
		{Signature: runtime.Signature{Name: "default", Params: []string{"default_value", "boolean"}}, Markup: true, Apply: defaultFilter},
		{Signature: runtime.Signature{Name: "attr", Params: []string{"name"}, Required: 1}, Markup: true, Apply: attrFilter},
		{Signature: runtime.Signature{Name: "pprint"}, Markup: true, Formats: true, Apply: prettyFilter},
	}
}

// titleWords is Jinja2's title, which differs from Python's: a word begins only
// after white space, a hyphen or an opening bracket.
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

func trimFilter(r *runtime.State, v any, a value.Args) (any, error) {
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

func replaceFilter(r *runtime.State, v any, a value.Args) (any, error) {
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

func formatFilter(r *runtime.State, v any, a value.Args) (any, error) {
	pattern, err := value.Text(r.Budget, v)
	if err != nil {
		return nil, err
	}
	if len(a.Named) == 0 {
		return format.Percent(r.Budget, value.KeepMarkup(v, pattern), value.Tuple(a.Values))
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
	return format.Percent(r.Budget, value.KeepMarkup(v, pattern), d)
}

func wordCountFilter(r *runtime.State, v any, _ value.Args) (any, error) {
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

func urlEncodeFilter(r *runtime.State, v any, _ value.Args) (any, error) {
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

func defaultFilter(_ *runtime.State, v any, a value.Args) (any, error) {
	if _, missing := v.(*value.Undefined); missing || a.Truth(1) && !value.Truth(v) {
		return a.At(0, ""), nil
	}
	return v, nil
}

func attrFilter(r *runtime.State, v any, a value.Args) (any, error) {
	name, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	own, ok, err := r.OwnAttribute(v, name)
	if !ok && err == nil {
		return &value.Undefined{What: "%s has no attribute %s", Args: []any{value.WithArticle(value.TypeName(v)), position.Quote{Text: name}}}, nil
	}
	return own, err
}
