package value

import (
	"fmt"
	"html"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// MarkupOf is the text of v, taken as escaped: what a block within autoescape yields.
func MarkupOf(meter *budget.Budget, v any) (any, error) {
	switch v.(type) {
	case *FailMark, Markup:
		return v, nil
	}
	s, err := Text(meter, v)
	return Markup(s), err
}

// Escape is v as escaped text.
func Escape(meter *budget.Budget, v any) (any, error) {
	if m, ok := v.(Markup); ok {
		return m, nil
	}
	s, err := Text(meter, v)
	if err != nil {
		return nil, err
	}
	s = EscapeHTML(s)
	return Markup(s), meter.Grow(len(s))
}

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// EscapeHTML replaces the characters that have a meaning in HTML.
func EscapeHTML(s string) string { return entities.Replace(s) }

// StripTags removes comments, then tags, and collapses white space.
func StripTags(s string) string {
	s = without(without(s, "<!--", "-->"), "<", ">")
	return UnescapeHTML(strings.Join(strings.FieldsFunc(s, IsSpace), " "))
}

// without removes what is between two marks, as long as both are there.
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

// UnescapeHTML is the opposite of EscapeHTML, for all entities of HTML.
func UnescapeHTML(s string) string { return html.UnescapeString(s) }

// AsMarkup is v with its texts marked as escaped.
func AsMarkup(v any) any {
	switch x := v.(type) {
	case string:
		return Markup(x)
	case []any:
		for i := range x {
			x[i] = AsMarkup(x[i])
		}
	case Tuple:
		for i := range x {
			x[i] = AsMarkup(x[i])
		}
	}
	return v
}

// JoinMarkup escapes the elements and joins them.
func JoinMarkup(meter *budget.Budget, between string, elements any) (any, error) {
	list, err := Elements(meter, elements)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, element := range list {
		if i > 0 {
			b.WriteString(between)
		}
		v, err := Escape(meter, element)
		if err != nil {
			return nil, err
		}
		s, _ := AsText(v)
		if err := meter.Grow(len(s) + len(between)); err != nil {
			return nil, err
		}
		b.WriteString(s)
	}
	return Markup(b.String()), nil
}

// JoinEscaped is the filter join within autoescape: escaped text among the
// elements makes all of it escaped text.
func JoinEscaped(meter *budget.Budget, between any, list []any, get func(any) (any, error)) (any, error) {
	_, safe := between.(Markup)
	elements := make([]any, len(list))
	for i, element := range list {
		v, err := get(element)
		if err != nil {
			return nil, err
		}
		if _, ok := v.(Markup); ok {
			safe = true
		} else if v, err = Text(meter, v); err != nil {
			return nil, err
		}
		elements[i] = v
	}
	s, err := Text(meter, between)
	if err != nil {
		return nil, err
	}
	if !safe {
		return JoinStrings(meter, s, elements)
	}
	if _, ok := between.(Markup); !ok {
		s = EscapeHTML(s)
	}
	return JoinMarkup(meter, s, elements)
}

// KeepMarkup marks v as escaped if from is.
func KeepMarkup(from any, v string) any {
	if _, ok := from.(Markup); ok {
		return Markup(v)
	}
	return v
}

// JoinStrings joins elements that are strings already.
func JoinStrings(meter *budget.Budget, s string, elements any) (any, error) {
	list, err := Elements(meter, elements)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(list))
	for i, element := range list {
		part, ok := AsText(element)
		if !ok {
			return nil, fmt.Errorf("element %d is %s and should be a string: use the filter join", i, WithArticle(TypeName(element)))
		}
		parts[i] = part
		if err := meter.Grow(len(part) + len(s)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, s), meter.Step(len(list))
}
