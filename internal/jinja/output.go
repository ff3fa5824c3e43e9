package jinja

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// rendered is what the run has put out: one value as it is, anything else joined
// and read as a literal.
func (r *run) rendered() (api.Rendered, error) {
	switch len(r.chunks) {
	case 0:
		return api.Rendered{}, nil
	case 1:
		if _, text := asText(r.chunks[0]); !text && !r.allKept() {
			return r.single(r.chunks[0])
		}
	}
	text, err := r.joined(r.chunks)
	if err != nil {
		return api.Rendered{}, err
	}
	if r.allKept() {
		return api.Rendered{Text: text, Value: text}, nil
	}
	return api.Rendered{Text: text, Value: plainLiteral(text)}, nil
}

func (r *run) single(v any) (api.Rendered, error) {
	if u, ok := v.(*undefined); ok {
		return api.Rendered{}, u.errorf("the template has no value: %s")
	}
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return api.Rendered{Text: floatText(f), Value: floatText(f)}, nil // which no JSON has
	}
	value, err := r.export(v)
	if err != nil {
		return api.Rendered{}, err
	}
	if _, used := v.(*iterator); used {
		v = value
	}
	// The text of a large value must not spoil the value: nobody asks for both.
	text, err := r.renewed().text(v)
	if err != nil {
		text = "<" + typeName(value) + ">"
	}
	return api.Rendered{Text: text, Value: value}, nil
}

// concat is the value of a block within a template.
func (r *run) concat(chunks []any) (any, error) {
	for _, chunk := range chunks {
		if f, ok := chunk.(*failure); ok {
			return f, nil
		}
	}
	asItIs := slices.ContainsFunc(chunks, func(chunk any) bool { _, ok := chunk.(kept); return ok })
	switch len(chunks) {
	case 0:
		return nil, nil
	case 1:
		if _, text := asText(chunks[0]); !text && !asItIs {
			return chunks[0], nil
		}
	}
	text, err := r.joined(chunks)
	if err != nil {
		return nil, err
	}
	if v, ok := literal(text); ok && !asItIs {
		return r.own(v), nil
	}
	return text, nil
}

func (r *run) joined(chunks []any) (string, error) {
	if len(chunks) == 1 {
		return r.text(chunks[0])
	}
	var b strings.Builder
	for _, chunk := range chunks {
		s, err := r.text(chunk)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// plainLiteral is text as the literal that it is, or text.
func plainLiteral(text string) any {
	if v, ok := literal(text); ok {
		return exportLiteral(v)
	}
	return text
}

// exportLiteral is export for values that can only be plain.
func exportLiteral(v any) any {
	switch x := v.(type) {
	case tuple:
		return exportLiteral([]any(x))
	case []any:
		for i := range x {
			x[i] = exportLiteral(x[i])
		}
		return x
	case *Dict:
		x.replaceValues(exportLiteral)
	}
	return v
}

// export makes a value of the template one that may leave it. Values of the scope
// stay what they are.
func (r *budget) export(v any) (any, error) {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, map[string]any:
		return v, nil
	case int:
		return int64(x), nil
	case markup:
		return string(x), nil
	case *undefined:
		return nil, x.errorf("a part of the value is missing: %s")
	case *failure:
		return nil, x.error()
	case *Dict:
		return r.exportDict(x)
	case results:
		return r.exportResults(x)
	case []any:
		return r.exportList(x)
	case *list, tuple, *group, *view, span, *iterator:
		list, err := r.elements(x)
		if err != nil {
			return nil, err
		}
		return r.exportList(list)
	case *function, *boundMethod, *macro:
		return nil, fmt.Errorf("%s is no value: call it with ()", article(typeName(v)))
	case *namespace:
		return r.exportDict(x.attributes)
	case object:
		return nil, fmt.Errorf("%s is no value", article(typeName(v)))
	}
	return v, nil
}

func (r *budget) exportDict(d *Dict) (any, error) {
	if err := r.enter("a value"); err != nil {
		return nil, err
	}
	defer r.leave()
	if err := r.tick(d.Len()); err != nil {
		return nil, err
	}
	out := sizedDict(d.Len())
	pairs, _ := pairsOf(d)
	for _, p := range pairs {
		v, err := r.export(p.val)
		if err != nil {
			return nil, err
		}
		if err := out.set(keyText(p.key), v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *budget) exportList(list []any) (any, error) {
	if err := r.enter("a value"); err != nil {
		return nil, err
	}
	defer r.leave()
	if err := r.tick(len(list)); err != nil {
		return nil, err
	}
	out := make([]any, len(list))
	for i, element := range list {
		v, err := r.export(element)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
