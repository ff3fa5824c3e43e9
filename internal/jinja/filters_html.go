package jinja

import (
	"errors"
	"html"
	"regexp"
	"strings"
)

func htmlFilters() []*filter {
	return []*filter{
		{signature: signature{name: "escape"}, markup: true, apply: escapeFilter},
		{signature: signature{name: "forceescape"}, apply: escapeFilter},
		{signature: signature{name: "safe"}, markup: true, apply: func(r *run, v any, _ args) (any, error) {
			s, err := r.text(v)
			return markup(s), err
		}},
		onText("striptags", stripTags),
		{signature: signature{name: "xmlattr", params: []string{"autospace"}}, apply: xmlAttrFilter},
	}
}

func escapeFilter(r *run, v any, _ args) (any, error) {
	if m, ok := v.(markup); ok {
		return m, nil
	}
	s, err := r.text(v)
	if err != nil {
		return nil, err
	}
	s = escapeHTML(s)
	return markup(s), r.grow(len(s))
}

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(s)
}

var tagPattern = regexp.MustCompile(`(?s)<!--.*?-->|<.*?>`)

func stripTags(s string) string {
	return html.UnescapeString(strings.Join(strings.FieldsFunc(tagPattern.ReplaceAllString(s, ""), isSpace), " "))
}

func xmlAttrFilter(r *run, v any, a args) (any, error) {
	pairs, ok := pairsOf(v)
	if !ok {
		return nil, errors.New("xmlattr takes a mapping")
	}
	var b strings.Builder
	for _, p := range pairs {
		if _, missing := p.val.(*undefined); missing || p.val == nil {
			continue
		}
		key, err := r.text(p.key)
		if err != nil {
			return nil, err
		}
		if strings.ContainsAny(key, " \t\n\r\f\v/>=") {
			return nil, errors.New("the name of an attribute has no blanks, slashes, > or =")
		}
		value, err := escapeFilter(r, p.val, args{})
		if err != nil {
			return nil, err
		}
		s, _ := asText(value)
		if b.Len() > 0 || truth(a.at(0, true)) {
			b.WriteByte(' ')
		}
		b.WriteString(escapeHTML(key) + `="` + s + `"`)
	}
	return b.String(), r.grow(b.Len())
}
