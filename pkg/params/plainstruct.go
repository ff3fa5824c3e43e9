package params

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

func (w *plainer) plainStruct(v reflect.Value, depth int) (map[string]any, error) {
	form, err := formOf(v.Type())
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(form.keys))
	for _, key := range form.keys {
		element, err := w.plainReflected(v.Field(key.index), depth+1)
		if err != nil {
			return nil, underKey(key.name, err)
		}
		out[key.name] = element
	}
	if form.rest < 0 {
		return out, nil
	}
	for entries := v.Field(form.rest).MapRange(); entries.Next(); {
		key := entries.Key().String()
		if _, declared := out[key]; declared {
			continue
		}
		element, err := w.plainReflected(entries.Value(), depth+1)
		if err != nil {
			return nil, underKey(key, err)
		}
		out[key] = element
	}
	return out, nil
}

// plainForm is what the tags of a struct say about its plain form.
type plainForm struct {
	keys   []plainKey
	rest   int  // the field with the rest, -1 for none
	opaque bool // no field of it can be seen: no data, such as most errors
}

type plainKey struct {
	name  string
	index int
}

// plainForms remembers the forms. It is a cache, not state: what the types say never
// changes and is slow to read.
var plainForms sync.Map // reflect.Type -> plainForm

func formOf(t reflect.Type) (plainForm, error) {
	if form, ok := plainForms.Load(t); ok {
		return form.(plainForm), nil
	}
	form := plainForm{rest: -1}
	exported := 0
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			continue
		}
		exported++
		text, ok := field.Tag.Lookup("otai")
		if !ok {
			if _, service := field.Tag.Lookup("inject"); service {
				continue
			}
			return form, fmt.Errorf("is a %s, which can't be handed on: its field %s has no otai tag", typeName(t), field.Name)
		}
		name, options, _ := strings.Cut(text, ",")
		switch {
		case slices.Contains(strings.Split(options, ","), "secret"):
		case name == "" && options == "rest" && field.Type == anyMapType:
			form.rest = i
		case name == "":
			return form, fmt.Errorf("is a %s, which can't be handed on: the otai tag of its field %s has no name", typeName(t), field.Name)
		default:
			form.keys = append(form.keys, plainKey{name: name, index: i})
		}
	}
	form.opaque = exported == 0 && t.NumField() > 0
	plainForms.Store(t, form)
	return form, nil
}
