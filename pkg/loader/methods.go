package loader

import (
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// Methods lists the exported methods of a type with their signatures, sorted. A
// type implements an interface without hidden methods when it has all that the
// interface has, also where neither of the two types is in this process: packages
// of one name are the same for all plugins that were accepted together.
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

// MissingMethod returns the first method of need that has lacks, or "".
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
