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
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
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
	out, _, err := newPlainer(false).plain(v, 0)
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// PlainCopy is [Plain], except that nobody else has any part of what it returns, and that it
// refuses more than a million values or 64 MB of text. It is for what a plugin answers: a map
// that the plugin still has may be written at any time, and the methods of a mapping that
// keeps its order may be the plugin's, of which a Go map is made then.
func PlainCopy(v any) (any, error) {
	out, _, err := newPlainer(true).plain(v, 0)
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// plainer makes one value plain.
type plainer struct {
	copies        bool
	values, bytes int    // that there may still be
	around        []held // what the value is in
}

// held is a map, a slice or a pointer by what it refers to.
type held struct {
	typ  reflect.Type
	data uintptr
	n    int
}

const (
	mostValues = 1 << 20
	mostBytes  = 64 << 20

	longestNumber = 1 << 16 // bits; to write a longer one takes long
)

func newPlainer(copies bool) *plainer {
	return &plainer{copies: copies, values: mostValues, bytes: mostBytes}
}

var (
	errItself   = errors.New("contains itself")
	errTooDeep  = errors.New("is nested too deeply, or contains itself")
	errTooMany  = fmt.Errorf("makes it more than %d values, which can't be handed on", mostValues)
	errTooLarge = fmt.Errorf("makes it more than %d MB of text, which can't be handed on", mostBytes>>20)
)

// count takes a value, with the text that it is, from what there may be.
func (w *plainer) count(text string) error {
	w.values--
	w.bytes -= len(text)
	switch {
	case w.values < 0:
		return errTooMany
	case w.copies && w.bytes < 0:
		return errTooLarge
	}
	return nil
}

// enter reports a value that is within itself; leave is its end otherwise.
func (w *plainer) enter(v reflect.Value) error {
	h := held{typ: v.Type(), data: v.Pointer()}
	if v.Kind() == reflect.Slice {
		h.n = v.Len()
	}
	if slices.Contains(w.around, h) {
		return errItself
	}
	w.around = append(w.around, h)
	return nil
}

func (w *plainer) leave() { w.around = w.around[:len(w.around)-1] }

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
	// A Validate may put anything there.
	out, err := newPlainer(!freeze.Known(s.typ)).plainStruct(v.Elem(), 0)
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// plain answers also whether v was plain before.
func (w *plainer) plain(v any, depth int) (out any, same bool, err error) {
	if depth > deepest {
		return nil, false, errTooDeep
	}
	text, _ := v.(string)
	if err := w.count(text); err != nil {
		return nil, false, err
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
		return w.plainAnyMap(x, depth)
	case []any:
		return w.plainAnyList(x, depth)
	case []string:
		list := make([]any, len(x))
		for i, text := range x {
			if err := w.count(text); err != nil {
				return nil, false, underIndex(i, err)
			}
			list[i] = text
		}
		return list, false, nil
	case *big.Int:
		if x.BitLen() > longestNumber {
			return nil, false, fmt.Errorf("is a number of %d bits, which can't be handed on", x.BitLen())
		}
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
	if m, ok := v.(ordered); ok {
		if !w.copies {
			return v, true, nil
		}
		out, err = w.copyOrdered(m, depth)
		return out, false, err
	}
	out, err = w.plainReflected(r, depth)
	return out, false, err
}

// copyOrdered keeps the order of a mapping of the host's.
func (w *plainer) copyOrdered(m ordered, depth int) (any, error) {
	keys := m.Keys()
	if len(keys) > w.values {
		return nil, errTooMany
	}
	values, list := make(map[string]any, len(keys)), make([]any, len(keys))
	for i, key := range keys {
		value, _ := m.Get(key)
		element, _, err := w.plain(value, depth+1)
		if err != nil {
			return nil, underKey(key, err)
		}
		values[key], list[i] = element, element
	}
	if again, ok := m.(refillable); ok && freeze.Known(reflect.TypeOf(m)) {
		return again.Refill(list), nil
	}
	return values, nil
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
func (w *plainer) plainAnyMap(m map[string]any, depth int) (any, bool, error) {
	if m == nil {
		return map[string]any{}, false, nil
	}
	if err := w.enter(reflect.ValueOf(m)); err != nil {
		return nil, false, err
	}
	defer w.leave()
	out, same := m, true
	if w.copies {
		out, same = make(map[string]any, len(m)), false
	}
	first, failed := "", error(nil) // of several errors the same one each time
	for key, value := range m {
		w.bytes -= len(key)
		element, unchanged, err := w.plain(value, depth+1)
		if err != nil {
			if failed == nil || key < first {
				first, failed = key, err
			}
			continue
		}
		if unchanged && !w.copies {
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

func (w *plainer) plainAnyList(list []any, depth int) (any, bool, error) {
	if list == nil {
		return []any{}, false, nil
	}
	if len(list) > w.values {
		return nil, false, errTooMany
	}
	if len(list) > 0 {
		if err := w.enter(reflect.ValueOf(list)); err != nil {
			return nil, false, err
		}
		defer w.leave()
	}
	out, same := list, true
	if w.copies {
		out, same = make([]any, len(list)), false
	}
	for i, value := range list {
		element, unchanged, err := w.plain(value, depth+1)
		if err != nil {
			return nil, false, underIndex(i, err)
		}
		if unchanged && !w.copies {
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
func (w *plainer) plainReflected(v reflect.Value, depth int) (any, error) {
	if depth > deepest {
		return nil, errTooDeep
	}
	if err := w.count(""); err != nil {
		return nil, err
	}
	switch v.Kind() {
	case reflect.String:
		text := v.String()
		return text, w.count(text)
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
		out, _, err := w.plain(v.Float(), depth)
		return out, err
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		if v.Type().Implements(orderedType) {
			out, _, err := w.plain(v.Interface(), depth)
			return out, err
		}
		if err := w.enter(v); err != nil {
			return nil, err
		}
		defer w.leave()
		return w.plainReflected(v.Elem(), depth+1)
	case reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		out, _, err := w.plain(v.Interface(), depth+1)
		return out, err
	case reflect.Slice, reflect.Array:
		return w.plainList(v, depth)
	case reflect.Map:
		return w.plainMap(v, depth)
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
		return w.plainStruct(v, depth)
	default:
		return nil, fmt.Errorf("is a %s, which can't be handed on", typeName(v.Type()))
	}
}

var orderedType = reflect.TypeFor[ordered]()

func (w *plainer) plainList(v reflect.Value, depth int) (any, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return nil, errors.New("holds bytes, which can't be handed on: make them a string")
	}
	if v.Len() > w.values {
		return nil, errTooMany
	}
	if v.Kind() == reflect.Slice && v.Len() > 0 {
		if err := w.enter(v); err != nil {
			return nil, err
		}
		defer w.leave()
	}
	out := make([]any, v.Len())
	for i := range out {
		element, err := w.plainReflected(v.Index(i), depth+1)
		if err != nil {
			return nil, underIndex(i, err)
		}
		out[i] = element
	}
	return out, nil
}

func (w *plainer) plainMap(v reflect.Value, depth int) (any, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("is a %s: only texts can be keys", typeName(v.Type()))
	}
	if err := w.enter(v); err != nil {
		return nil, err
	}
	defer w.leave()
	out := make(map[string]any, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		key := entries.Key().String()
		w.bytes -= len(key)
		element, err := w.plainReflected(entries.Value(), depth+1)
		if err != nil {
			return nil, underKey(key, err)
		}
		out[key] = element
	}
	return out, nil
}
