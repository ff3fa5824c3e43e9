package runtime

import (
	"fmt"
	"math/big"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// attributed is an object of the language with attributes of its own.
type attributed interface {
	Attribute(name string) (any, bool)
	AttributeNames() []string // for messages
}

// Attribute is object.name: a method or attribute of the object's type first,
// then an element of that name.
func (r *State) Attribute(object any, name string) (any, error) {
	if v, ok, err := r.OwnAttribute(object, name); ok || err != nil {
		return v, err
	}
	v, ok, err := value.Element(object, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.missing(object, name), nil
	}
	return v, nil
}

// OwnAttribute is an attribute or method of an object, as opposed to its elements.
func (r *State) OwnAttribute(object any, name string) (any, bool, error) {
	switch o := object.(type) {
	case *value.Undefined:
		return nil, false, o.Err()
	case *value.FailMark:
		return nil, false, o.Err()
	case map[string]any, []any, string: // nothing but methods
	case attributed:
		v, ok := o.Attribute(name)
		return v, ok, nil
	case *value.Namespace:
		v, ok := o.Attributes.Lookup(name)
		return v, ok, nil
	case int64, int, bool, float64, *big.Int:
		if v, ok := value.NumberAttribute(o, name); ok {
			return v, true, nil
		}
	case value.Range:
		if v, ok := value.RangeAttribute(o, name); ok {
			return v, true, nil
		}
	case *value.Group:
		switch name {
		case "grouper":
			return o.Key, true, nil
		case "list":
			return o.Members, true, nil
		}
	}
	if m := r.Library.method(object, name); m != nil {
		return &BoundMethod{Self: object, Method: m}, true, nil
	}
	return nil, false, nil
}

// Subscript is object[key]: an element first, then an attribute of that name.
func (r *State) Subscript(object, key any) (any, error) {
	v, found, err := value.Element(object, key)
	if name, text := value.AsText(key); text && !found && err == nil {
		v, found, err = r.OwnAttribute(object, name)
	}
	if found || err != nil {
		return v, err
	}
	return r.missing(object, key), nil
}

// missing is the value of a key that an object lacks.
func (r *State) missing(object, key any) *value.Undefined {
	quoted := position.Quote{Text: value.Briefly(key), Bare: true}
	name, text := value.AsText(key)
	if text {
		quoted = position.Quote{Text: name}
	}
	u := &value.Undefined{What: "%s has no %s", Args: []any{value.WithArticle(value.TypeName(object)), quoted}}
	if text {
		u.Near = func() string { return value.DidYouMean(name, r.names(object)) }
	}
	return u
}

// names are those that could follow a dot after object.
func (r *State) names(object any) map[string]bool {
	names := map[string]bool{}
	if m, ok := value.AsMapping(object); ok {
		for _, key := range m.Keys() {
			names[key] = true
		}
	}
	for name := range r.Library.methods(object) {
		names[name] = true
	}
	if o, ok := object.(attributed); ok {
		for _, name := range o.AttributeNames() {
			names[name] = true
		}
	}
	return names
}

// Slice is object[start:stop:step].
func (r *State) Slice(object, start, stop, step any) (any, error) {
	size := 0
	switch o := object.(type) {
	case *value.Undefined:
		return nil, o.Err()
	case []any, *value.MutableList, value.Tuple, string, value.Markup, value.Range, *value.Group:
		size, _ = value.Length(o)
	default:
		return nil, fmt.Errorf("%s can't be sliced", value.WithArticle(value.TypeName(object)))
	}
	from, count, by, err := value.SliceBounds(start, stop, step, size)
	if err != nil {
		return nil, err
	}
	if err := r.Step(count); err != nil {
		return nil, err
	}
	if err := value.CountRead(r.Budget, object); err != nil {
		return nil, err
	}
	switch o := object.(type) {
	case value.Range:
		first, last, _, err := value.SliceIndices(start, stop, step, size)
		return value.Range{Start: o.At(int64(first)), Stop: o.At(int64(last)), Step: o.Step * int64(by), Count: int64(count)}, err
	case string, value.Markup:
		s, _ := value.AsText(o)
		part, err := value.SliceText(r.Budget, s, from, count, by)
		if err != nil {
			return nil, err
		}
		return value.KeepMarkup(o, part), nil
	}
	list, _ := value.AsSequence(object)
	part := make([]any, count)
	for i := range part {
		part[i] = list[from+i*by]
	}
	if _, ok := value.AsList(object); ok {
		return r.Changeable(part), nil
	}
	return value.Tuple(part), nil
}
