package params

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// deepest is far more than data for people needs; what is nested deeper contains
// itself.
const deepest = 100

// Plain returns v as a plain value, as templates see it. A struct becomes a map with the
// names in its otai tags as keys, without secrets and services; a time becomes RFC 3339
// text, or nil if it is zero; a duration becomes its seconds, a child pipe a map with
// its id and use; nil slices and maps become empty ones, nil pointers nil. Values that
// are plain already are not copied, and mappings that keep their order stay as they are.
//
// Channels, functions and everything else without a plain form are errors, as are NaN
// and infinite numbers: an [api.FieldError], unless v itself is what has no plain form.
func Plain(v any) (any, error) {
	out, _, err := plain(v, 0)
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// PlainParams returns a *P that was decoded along s as a plain map: what the templates
// of child pipes see as parent params. Secrets and services are left out; the keys of the
// field marked rest stand next to the declared ones.
func PlainParams(s *Spec, p any) (map[string]any, error) {
	v := reflect.ValueOf(p)
	if s.typ == nil || v.Kind() != reflect.Pointer || v.Type().Elem() != s.typ {
		return nil, fmt.Errorf("the params are a %T, but must be a *%s", p, typeName(s.typ))
	}
	if v.IsNil() {
		return nil, errors.New("there are no params")
	}
	out, err := plainStruct(v.Elem(), 0)
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// plain answers also whether v was plain before.
func plain(v any, depth int) (out any, same bool, err error) {
	if depth > deepest {
		return nil, false, errors.New("is nested too deeply, or contains itself")
	}
	switch x := v.(type) {
	case nil, string, bool, int64:
		return v, true, nil
	case float64:
		if !isFinite(x) {
			return nil, false, fmt.Errorf("is %v, which is not a finite number", x)
		}
		return v, true, nil
	case int:
		return int64(x), false, nil
	case json.Number:
		out, err = plainNumber(x)
		return out, false, err
	case map[string]any:
		return plainAnyMap(x, depth)
	case []any:
		return plainAnyList(x, depth)
	case []string:
		list := make([]any, len(x))
		for i, text := range x {
			list[i] = text
		}
		return list, false, nil
	case *big.Int:
		return x.String(), false, nil // templates count beyond 64 bits; the digits lose nothing
	case time.Time:
		return plainTime(x), false, nil
	case time.Duration:
		return x.Seconds(), false, nil
	case api.ChildPipe:
		return plainChild(x), false, nil
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, false, nil
	}
	if _, ok := v.(ordered); ok {
		return v, true, nil
	}
	out, err = plainReflected(r, depth)
	return out, false, err
}

func plainNumber(n json.Number) (any, error) {
	if whole, err := n.Int64(); err == nil {
		return whole, nil
	}
	x, err := n.Float64()
	if err != nil {
		return nil, fmt.Errorf("%q is too large a number, or none", string(n))
	}
	return x, nil
}

func plainTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339Nano)
}

func plainChild(c api.ChildPipe) any {
	if c.IsZero() && c.ID() == "" && c.Use() == "" {
		return nil
	}
	return map[string]any{"id": c.ID(), "use": c.Use()}
}

// plainAnyMap copies only when something in m has to change.
func plainAnyMap(m map[string]any, depth int) (any, bool, error) {
	if m == nil {
		return map[string]any{}, false, nil
	}
	out := m
	same := true
	first, failed := "", error(nil) // of several errors the same one each time
	for key, value := range m {
		element, unchanged, err := plain(value, depth+1)
		if err != nil {
			if failed == nil || key < first {
				first, failed = key, err
			}
			continue
		}
		if unchanged {
			continue
		}
		if same {
			out, same = maps.Clone(m), false
		}
		out[key] = element
	}
	if failed != nil {
		return nil, false, underKey(first, failed)
	}
	return out, same, nil
}

func plainAnyList(list []any, depth int) (any, bool, error) {
	if list == nil {
		return []any{}, false, nil
	}
	out := list
	same := true
	for i, value := range list {
		element, unchanged, err := plain(value, depth+1)
		if err != nil {
			return nil, false, underIndex(i, err)
		}
		if unchanged {
			continue
		}
		if same {
			out, same = slices.Clone(list), false
		}
		out[i] = element
	}
	return out, same, nil
}

// plainReflected makes a value plain whose type has no short way.
func plainReflected(v reflect.Value, depth int) (any, error) {
	if depth > deepest {
		return nil, errors.New("is nested too deeply, or contains itself")
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == durationType {
			return time.Duration(v.Int()).Seconds(), nil
		}
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("is %d, which is too large a number", v.Uint())
		}
		return int64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		out, _, err := plain(v.Float(), depth)
		return out, err
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		if v.Type().Implements(orderedType) {
			return v.Interface(), nil
		}
		return plainReflected(v.Elem(), depth+1)
	case reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		out, _, err := plain(v.Interface(), depth+1)
		return out, err
	case reflect.Slice, reflect.Array:
		return plainList(v, depth)
	case reflect.Map:
		return plainMap(v, depth)
	case reflect.Struct:
		switch v.Type() {
		case timeType:
			return plainTime(v.Interface().(time.Time)), nil
		case childType:
			return plainChild(v.Interface().(api.ChildPipe)), nil
		}
		if form, err := formOf(v.Type()); err == nil && form.opaque {
			return nil, fmt.Errorf("is a %s, which can't be handed on: it has no otai tags", typeName(v.Type()))
		}
		return plainStruct(v, depth)
	default:
		return nil, fmt.Errorf("is a %s, which can't be handed on", typeName(v.Type()))
	}
}

var orderedType = reflect.TypeFor[ordered]()

func plainList(v reflect.Value, depth int) (any, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return nil, errors.New("holds bytes, which can't be handed on: make them a string")
	}
	out := make([]any, v.Len())
	for i := range out {
		element, err := plainReflected(v.Index(i), depth+1)
		if err != nil {
			return nil, underIndex(i, err)
		}
		out[i] = element
	}
	return out, nil
}

func plainMap(v reflect.Value, depth int) (any, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("is a %s: only texts can be keys", typeName(v.Type()))
	}
	out := make(map[string]any, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		key := entries.Key().String()
		element, err := plainReflected(entries.Value(), depth+1)
		if err != nil {
			return nil, underKey(key, err)
		}
		out[key] = element
	}
	return out, nil
}

func plainStruct(v reflect.Value, depth int) (map[string]any, error) {
	form, err := formOf(v.Type())
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(form.keys))
	for _, key := range form.keys {
		element, err := plainReflected(v.Field(key.index), depth+1)
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
		element, err := plainReflected(entries.Value(), depth+1)
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
