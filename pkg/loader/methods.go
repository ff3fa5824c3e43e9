package loader

import (
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// Methods lists the exported methods of a type with their signatures, sorted. With two
// such lists, [MissingMethod] determines whether a type implements an interface, even if
// both types are in another process: packages with the same path are the same for all
// plugins that were accepted together. It returns nil for nil.
func Methods(t reflect.Type) []string {
	if t == nil {
		return nil
	}
	methods := make([]string, 0, t.NumMethod())
	for n := range t.NumMethod() {
		m := t.Method(n)
		if !m.IsExported() {
			continue
		}
		signature := preflight.TypeName(m.Type)
		if t.Kind() != reflect.Interface {
			signature = preflight.TypeName(withoutReceiver(m.Type))
		}
		methods = append(methods, m.Name+strings.TrimPrefix(signature, "func"))
	}
	slices.Sort(methods)
	return methods
}

// MissingMethod returns the first of the methods in need that is not in has, or "" if
// there is none. Both are lists of [Methods].
func MissingMethod(has, need []string) string {
	for _, method := range need {
		if _, found := slices.BinarySearch(has, method); !found {
			return method
		}
	}
	return ""
}

func withoutReceiver(method reflect.Type) reflect.Type {
	var in, out []reflect.Type
	for n := 1; n < method.NumIn(); n++ {
		in = append(in, method.In(n))
	}
	for n := range method.NumOut() {
		out = append(out, method.Out(n))
	}
	return reflect.FuncOf(in, out, method.IsVariadic())
}
