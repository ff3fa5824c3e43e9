package processfacts

import (
	"context"
	"crypto/rand"
	"flag"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// library are variables of the standard library and of the contract, which all code of the
// process shares.
func library() []fact {
	var list []fact
	words := map[string]*error{
		"api.ErrNotFound": &api.ErrNotFound, "api.ErrDenied": &api.ErrDenied, "api.ErrInvalid": &api.ErrInvalid,
		"api.ErrTemporary": &api.ErrTemporary, "api.ErrUncertain": &api.ErrUncertain,
		"io.EOF": &io.EOF, "io.ErrUnexpectedEOF": &io.ErrUnexpectedEOF,
		"context.Canceled": &context.Canceled, "context.DeadlineExceeded": &context.DeadlineExceeded,
		"fs.ErrNotExist": &fs.ErrNotExist, "fs.ErrExist": &fs.ErrExist, "fs.ErrPermission": &fs.ErrPermission,
		"fs.ErrInvalid": &fs.ErrInvalid, "fs.ErrClosed": &fs.ErrClosed,
		"os.ErrNotExist": &os.ErrNotExist, "os.ErrExist": &os.ErrExist, "os.ErrPermission": &os.ErrPermission,
		"net.ErrClosed": &net.ErrClosed, "http.ErrServerClosed": &http.ErrServerClosed,
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		list = append(list, variable(name, words[name]))
	}
	list = append(list, []fact{
		variable("http.DefaultTransport", &http.DefaultTransport),
		variable("http.DefaultClient", &http.DefaultClient),
		variable("http.DefaultServeMux", &http.DefaultServeMux),
		variable("net.DefaultResolver", &net.DefaultResolver),
		variable("time.Local", &time.Local), variable("time.UTC", &time.UTC),
		variable("flag.CommandLine", &flag.CommandLine),
		variable("os.Stdin", &os.Stdin), variable("os.Stdout", &os.Stdout), variable("os.Stderr", &os.Stderr),
		variable("rand.Reader", &rand.Reader),
		{name: "flag.Usage", read: func() any { return reflect.ValueOf(flag.Usage).Pointer() }, set: keeping(flag.Usage, func(f func()) { flag.Usage = f })},
		// The default logger first: to set it changes what package log has.
		{name: "slog.Default", read: func() any { return slog.Default() }, set: func(v any) {
			if l, ok := v.(*slog.Logger); ok {
				slog.SetDefault(l)
			}
		}},
		{name: "log.Writer", read: func() any { return log.Writer() }, set: func(v any) {
			if w, ok := v.(io.Writer); ok {
				log.SetOutput(w)
			}
		}, show: typeOf},
		{name: "log.Flags", read: func() any { return log.Flags() }, set: func(v any) { n, _ := v.(int); log.SetFlags(n) }, show: plainly},
		{name: "log.Prefix", read: func() any { return log.Prefix() }, set: func(v any) { text, _ := v.(string); log.SetPrefix(text) }},
	}...)
	if t, ok := http.DefaultTransport.(*http.Transport); ok && t != nil {
		list = append(list, fields("http.DefaultTransport", t)...)
	}
	if http.DefaultClient != nil {
		list = append(list, fields("http.DefaultClient", http.DefaultClient)...)
	}
	if net.DefaultResolver != nil {
		list = append(list, fields("net.DefaultResolver", net.DefaultResolver)...)
	}
	return list
}

// keeping puts back a function, which can't be compared.
func keeping[T any](was T, set func(T)) func(any) { return func(any) { set(was) } }

// fields are the exported fields of what a variable of the library points to.
func fields(name string, pointer any) []fact {
	var list []fact
	v := reflect.ValueOf(pointer).Elem()
	for n := range v.NumField() {
		field := v.Type().Field(n)
		if !field.IsExported() {
			continue
		}
		value := v.Field(n)
		was := reflect.New(field.Type).Elem()
		was.Set(value)
		list = append(list, fact{
			name: name + "." + field.Name,
			read: func() any {
				switch value.Kind() {
				case reflect.Func, reflect.Map, reflect.Slice:
					return value.Pointer()
				default:
					return value.Interface()
				}
			},
			set: func(any) { value.Set(was) },
		})
	}
	return list
}
