package params

import "reflect"

// IsNil reports whether v is nil, or an interface with a nil pointer, map, slice,
// function or channel in it, which v == nil doesn't find.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return r.IsNil()
	default:
		return false
	}
}
