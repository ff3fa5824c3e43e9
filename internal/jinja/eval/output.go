package eval

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// rendered is what the run has put out: one value as it is, anything else joined
// and read as a literal.
func (r *run) rendered() (api.Rendered, error) {
	switch len(r.chunks) {
	case 0:
		return api.Rendered{}, nil
	case 1:
		if _, text := value.AsText(r.chunks[0]); !text && !r.onlyPipelineText() {
			return r.single(r.chunks[0])
		}
	}
	text, err := r.joined(r.chunks)
	if err != nil {
		return api.Rendered{}, err
	}
	if r.onlyPipelineText() {
		return api.Rendered{Text: text, Value: text}, nil
	}
	return api.Rendered{Text: text, Value: plainLiteral(text)}, nil
}

func (r *run) single(v any) (api.Rendered, error) {
	if u, ok := v.(*value.Undefined); ok {
		return api.Rendered{}, u.Errorf("the template has no value: %s")
	}
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return api.Rendered{Text: value.FloatText(f), Value: value.FloatText(f)}, nil // which JSON doesn't have
	}
	val, err := export(r.Budget, v)
	if err != nil || r.valueOnly {
		return api.Rendered{Value: val}, err
	}
	if _, used := v.(*value.Iterator); used {
		v = val
	}
	// The text of a large value must not spoil the value: nobody needs both.
	text, err := value.Text(r.Renewed(), v)
	if err != nil {
		text = "<" + value.TypeName(val) + ">"
	}
	return api.Rendered{Text: text, Value: val}, nil
}

// concat is the value of a block within a template.
func (r *run) concat(chunks []any) (any, error) {
	for _, chunk := range chunks {
		if f, ok := chunk.(*value.FailMark); ok {
			return f, nil
		}
	}
	asItIs := slices.ContainsFunc(chunks, func(chunk any) bool { _, ok := chunk.(value.PipelineText); return ok })
	switch len(chunks) {
	case 0:
		return nil, nil
	case 1:
		if _, text := value.AsText(chunks[0]); !text && !asItIs {
			return chunks[0], nil
		}
	}
	text, err := r.joined(chunks)
	if err != nil {
		return nil, err
	}
	if v, ok := value.ParseLiteral(text); ok && !asItIs {
		return r.Changeable(v), nil
	}
	return text, nil
}

func (r *run) joined(chunks []any) (string, error) {
	if len(chunks) == 1 {
		return value.Text(r.Budget, chunks[0])
	}
	var b strings.Builder
	for _, chunk := range chunks {
		s, err := value.Text(r.Budget, chunk)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// plainLiteral is text as a literal, or text if it isn't one.
func plainLiteral(text string) any {
	if v, ok := value.ParseLiteral(text); ok {
		return exportLiteral(v)
	}
	return text
}

// exportLiteral is export for values that can only be plain.
func exportLiteral(v any) any {
	switch x := v.(type) {
	case value.Tuple:
		return exportLiteral([]any(x))
	case []any:
		for i := range x {
			x[i] = exportLiteral(x[i])
		}
		return x
	case *value.Dict:
		x.ReplaceValues(exportLiteral)
	}
	return v
}

// export makes a value of the template one that may leave it. Values of the scope
// stay what they are.
func export(meter *budget.Budget, v any) (any, error) {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, map[string]any:
		return v, nil
	case int:
		return int64(x), nil
	case value.Markup:
		return string(x), nil
	case *value.Undefined:
		return nil, x.Errorf("a part of the value is missing: %s")
	case *value.FailMark:
		return nil, x.Err()
	case *value.Dict:
		return exportDict(meter, x)
	case runtime.Results:
		return x.Export(), nil
	case []any:
		return exportList(meter, x)
	case *value.MutableList, value.Tuple, *value.Group, *value.DictView, value.Range, *value.Iterator:
		list, err := value.Elements(meter, x)
		if err != nil {
			return nil, err
		}
		return exportList(meter, list)
	case *runtime.Function, *runtime.BoundMethod, *macro:
		return nil, fmt.Errorf("%s is not a value: call it with ()", value.WithArticle(value.TypeName(v)))
	case *value.Namespace:
		return exportDict(meter, x.Attributes)
	case value.Object:
		return nil, fmt.Errorf("%s is not a value", value.WithArticle(value.TypeName(v)))
	}
	return v, nil
}

func exportDict(meter *budget.Budget, d *value.Dict) (any, error) {
	if err := meter.Enter("a value"); err != nil {
		return nil, err
	}
	defer meter.Leave()
	if err := meter.Step(d.Len()); err != nil {
		return nil, err
	}
	out := value.NewDict(d.Len())
	pairs, _ := value.PairsOf(d)
	for _, p := range pairs {
		v, err := export(meter, p.Value)
		if err != nil {
			return nil, err
		}
		if err := out.Put(value.KeyText(p.Key), v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func exportList(meter *budget.Budget, list []any) (any, error) {
	if err := meter.Enter("a value"); err != nil {
		return nil, err
	}
	defer meter.Leave()
	if err := meter.Step(len(list)); err != nil {
		return nil, err
	}
	out := make([]any, len(list))
	for i, element := range list {
		v, err := export(meter, element)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
