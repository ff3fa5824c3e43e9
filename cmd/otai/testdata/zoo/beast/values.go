package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// evil is an error whose methods are what the test says.
type evil struct {
	text   func() string
	is     func(error) bool
	as     func(any) bool
	unwrap func() error
}

func (e evil) Error() string {
	if e.text == nil {
		return "an error"
	}
	return e.text()
}

func (e evil) Is(target error) bool { return e.is != nil && e.is(target) }

func (e evil) As(target any) bool { return e.as != nil && e.as(target) }

func (e evil) Unwrap() error {
	if e.unwrap == nil {
		return nil
	}
	return e.unwrap()
}

type typed struct{ text string }

func (e *typed) Error() string { return e.text }

// list is an error of several, itself among them.
type list struct{ all []error }

func (l *list) Error() string { return "several" }

func (l *list) Unwrap() []error { return l.all }

func failing(e error) func() (api.PipeResult, error) {
	return func() (api.PipeResult, error) { return api.PipeResult{}, e }
}

func giving(value any) func() (api.PipeResult, error) {
	return func() (api.PipeResult, error) { return api.Success(map[string]any{"value": value}), nil }
}

type valued struct {
	Text string `otai:"text"`
	f    func()
}

func (v valued) String() string { v.f(); return "" }

func (v valued) MarshalJSON() ([]byte, error) { v.f(); return []byte(`""`), nil }

func (v valued) MarshalText() ([]byte, error) { v.f(); return nil, nil }

func itself() error {
	e := &list{}
	e.all = []error{e, e}
	return e
}

func around() error {
	e := &evil{}
	e.unwrap = func() error { return e } // for ever
	return e
}

func cyclic() any {
	m := map[string]any{}
	m["self"] = m
	return m
}

func ring() any {
	s := make([]any, 1)
	s[0] = s
	return s
}

type node struct {
	Next *node `otai:"next"`
}

func pointers() any {
	n := &node{}
	n.Next = n
	return n
}

func deep() any {
	limit(syscall.RLIMIT_AS, 6<<30)
	var v any
	for range 5_000_000 {
		v = []any{v}
	}
	return v
}

// wide grows to 2^40 values by what is shared.
func wide() any {
	limit(syscall.RLIMIT_AS, 6<<30)
	var v any = "x"
	for range 40 {
		v = []any{v, v}
	}
	return v
}

func racing() any {
	m := map[string]any{}
	for n := range 200_000 { // to read it takes long
		m[fmt.Sprint(n)] = n
	}
	once(func() {
		for range 2 {
			go func() {
				for n := 0; ; n++ {
					m[string(rune('a'+n%26))] = n
				}
			}()
		}
	})()
	return m
}

var count atomic.Int64

var _ = also(map[string]act{
	"typednil": {answer: func() (api.PipeResult, error) { var e *typed; return api.PipeResult{}, e }},
	"evilerr":  {answer: failing(evil{text: func() string { panic("error text") }})},
	"evilresult": {answer: func() (api.PipeResult, error) {
		m := map[string]any{}
		m["self"] = m
		return api.Success(m), nil
	}},

	"error-blocks":        {answer: failing(evil{text: func() string { select {} }})},
	"error-goexit":        {answer: failing(evil{text: func() string { runtime.Goexit(); return "" }})},
	"error-exits":         {answer: failing(evil{text: func() string { dying(func() { os.Exit(0) })(); return "" }})},
	"error-huge":          {answer: func() (api.PipeResult, error) { return api.PipeResult{}, errors.New(strings.Repeat("huge ", 20<<20)) }},
	"error-controls":      {answer: failing(errors.New("\x1b[2J\x1b]0;title\x07\r\nlevel=INFO msg=\"all is well\"\x00\u202e"))},
	"error-changes":       {answer: failing(evil{text: func() string { return strings.Repeat("x", int(count.Add(1)%7)) }})},
	"error-is-panics":     {answer: failing(evil{is: func(error) bool { panic("compared") }})},
	"error-is-blocks":     {answer: failing(evil{is: func(error) bool { select {} }})},
	"error-is-everything": {answer: failing(evil{is: func(error) bool { return true }})},
	"error-as-panics":     {answer: failing(evil{as: func(any) bool { panic("compared") }})},
	"error-as-everything": {answer: failing(evil{as: func(any) bool { return true }})},
	"error-unwrap-panics": {answer: failing(evil{unwrap: func() error { panic("unwrapped") }})},
	"error-unwraps-nil":   {answer: failing(evil{unwrap: func() error { var e *typed; return e }})},
	"error-around":        {answer: func() (api.PipeResult, error) { return api.PipeResult{}, around() }},
	"error-of-itself":     {answer: func() (api.PipeResult, error) { return api.PipeResult{}, itself() }},

	"result-panics":       {answer: giving(valued{f: func() { panic("in a value") }})},
	"result-blocks":       {answer: giving(valued{f: func() { select {} }})},
	"result-cycle":        {answer: func() (api.PipeResult, error) { return giving(cyclic())() }},
	"result-ring":         {answer: func() (api.PipeResult, error) { return giving(ring())() }},
	"result-pointers":     {answer: func() (api.PipeResult, error) { return giving(pointers())() }},
	"result-channel":      {answer: giving(make(chan int))},
	"result-function":     {answer: giving(func() {})},
	"result-deep":         {answer: func() (api.PipeResult, error) { return giving(deep())() }},
	"result-wide":         {answer: func() (api.PipeResult, error) { return giving(wide())() }},
	"result-huge":         {answer: func() (api.PipeResult, error) { return giving(strings.Repeat("huge ", 40<<20))() }},
	"result-racing":       {answer: func() (api.PipeResult, error) { return giving(racing())() }},
	"result-not-a-number": {answer: giving(math.NaN())},
	"result-status":       {answer: func() (api.PipeResult, error) { return api.PipeResult{Status: "fine\nlevel=INFO"}, nil }},
	"result-message": {answer: func() (api.PipeResult, error) {
		return api.PipeResult{Message: "\x1b[2J" + strings.Repeat("m", 20<<20)}, nil
	}},
	"result-error":      {answer: giving(evil{text: func() string { panic("error text") }})},
	"result-nil-struct": {answer: giving((*valued)(nil))},
})
