package filters

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func htmlFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "escape"}, Markup: true, Apply: escapeFilter},
		{Signature: runtime.Signature{Name: "forceescape"}, Apply: escapeFilter},
		{Signature: runtime.Signature{Name: "safe"}, Markup: true, Apply: func(r *runtime.State, v any, _ value.Args) (any, error) {
			s, err := value.Text(r.Budget, v)
			return value.Markup(s), err
		}},
		onText("striptags", value.StripTags),
		{Signature: runtime.Signature{Name: "urlize", Params: []string{"trim_url_limit", "nofollow", "target", "rel", "extra_schemes"}}, Markup: true, Apply: urlizeFilter},
		{Signature: runtime.Signature{Name: "xmlattr", Params: []string{"autospace"}}, Apply: xmlAttrFilter},
	}
}

func escapeFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	return value.Escape(r.Budget, v)
}

func xmlAttrFilter(r *runtime.State, v any, a value.Args) (any, error) {
	pairs, ok := value.PairsOf(v)
	if !ok {
		return nil, errors.New("xmlattr takes a mapping")
	}
	var b strings.Builder
	for _, p := range pairs {
		if err := r.Step(1); err != nil {
			return nil, err
		}
		if _, missing := p.Value.(*value.Undefined); missing || p.Value == nil {
			continue
		}
		key, err := value.Text(r.Budget, p.Key)
		if err != nil {
			return nil, err
		}
		if _, text := value.AsText(p.Key); !text {
			return nil, fmt.Errorf("the name of an attribute is a string, not %s", value.WithArticle(value.TypeName(p.Key)))
		}
		if strings.ContainsAny(key, " \t\n\r\f\v/>=") {
			return nil, errors.New("the name of an attribute has no blanks, slashes, > or =")
		}
		val2, err := escapeFilter(r, p.Value, value.Args{})
		if err != nil {
			return nil, err
		}
		s, _ := value.AsText(val2)
		if b.Len() > 0 || value.Truth(a.At(0, true)) {
			b.WriteByte(' ')
		}
		key = value.EscapeHTML(key)
		if err := r.Grow(len(key) + len(`=""`)); err != nil {
			return nil, err
		}
		b.WriteString(key + `="` + s + `"`)
	}
	return r.InHTML(b.String()), nil
}
