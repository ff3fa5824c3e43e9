package jinja

import (
	"errors"
	"fmt"
	"html"
	"strings"
)

func htmlFilters() []*filter {
	return []*filter{
		{signature: signature{name: "escape"}, markup: true, apply: escapeFilter},
		{signature: signature{name: "forceescape"}, apply: escapeFilter},
		{signature: signature{name: "safe"}, markup: true, apply: func(r *state, v any, _ args) (any, error) {
			s, err := r.text(v)
			return markup(s), err
		}},
		onText("striptags", stripTags),
		{signature: signature{name: "urlize", params: []string{"trim_url_limit", "nofollow", "target", "rel", "extra_schemes"}}, markup: true, apply: urlizeFilter},
		{signature: signature{name: "xmlattr", params: []string{"autospace"}}, apply: xmlAttrFilter},
	}
}

func escapeFilter(r *state, v any, _ args) (any, error) { return r.escaped(v) }

// escaped is v as escaped text.
func (r *budget) escaped(v any) (any, error) {
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

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func escapeHTML(s string) string { return entities.Replace(s) }

// stripTags takes comments and then tags out, and makes one blank of several.
func stripTags(s string) string {
	s = without(without(s, "<!--", "-->"), "<", ">")
	return unescapeHTML(strings.Join(strings.FieldsFunc(s, isSpace), " "))
}

// without takes out what stands between two marks, as long as both are there.
func without(s, open, end string) string {
	var b strings.Builder
	for {
		start := strings.Index(s, open)
		if start < 0 {
			break
		}
		size := strings.Index(s[start:], end)
		if size < 0 {
			break
		}
		b.WriteString(s[:start])
		s = s[start+size+len(end):]
	}
	b.WriteString(s)
	return b.String()
}

func unescapeHTML(s string) string { return html.UnescapeString(s) }

func xmlAttrFilter(r *state, v any, a args) (any, error) {
	pairs, ok := pairsOf(v)
	if !ok {
		return nil, errors.New("xmlattr takes a mapping")
	}
	var b strings.Builder
	for _, p := range pairs {
		if err := r.tick(1); err != nil {
			return nil, err
		}
		if _, missing := p.val.(*undefined); missing || p.val == nil {
			continue
		}
		key, err := r.text(p.key)
		if err != nil {
			return nil, err
		}
		if _, text := asText(p.key); !text {
			return nil, fmt.Errorf("the name of an attribute is a string, not %s", article(typeName(p.key)))
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
		key = escapeHTML(key)
		if err := r.grow(len(key) + len(`=""`)); err != nil {
			return nil, err
		}
		b.WriteString(key + `="` + s + `"`)
	}
	return r.inHTML(b.String()), nil
}
