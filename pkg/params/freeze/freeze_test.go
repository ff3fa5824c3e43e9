package freeze_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// evil is an error of a plugin; its methods do what a test says.
type evil struct {
	text   func() string
	is     func(error) bool
	within func() error
}

func (e *evil) Error() string {
	if e.text == nil {
		return "evil"
	}
	return e.text()
}

func (e *evil) Is(target error) bool { return e.is != nil && e.is(target) }

func (e *evil) Unwrap() error {
	if e.within == nil {
		return nil
	}
	return e.within()
}

func says(text string) func() string { return func() string { return text } }

// Each of these is one error of a plugin, and what a host sees of it for good.
func TestAFrozenErrorRunsNoCodeOfAPlugin(t *testing.T) {
	var typedNil *evil
	circle := &evil{text: says("circle")}
	circle.within = func() error { return circle }
	var endless func() error
	endless = func() error { return &evil{text: says("endless"), within: endless} }
	calls := 0
	for name, c := range map[string]struct {
		err      error
		text     string
		is       []error
		panicked bool
	}{
		"an own type":                 {&evil{text: says("down")}, "down", nil, false},
		"nil in a pointer":            {typedNil, "a nil pointer", nil, true},
		"nil of the contract's":       {(*api.RetryError)(nil), "a nil pointer", []error{api.ErrTemporary}, true},
		"a text that panics":          {&evil{text: func() string { panic("no text") }, is: func(err error) bool { return err == api.ErrTemporary }}, "Error of an error of type *github.com/open-ticket-ai/otai/pkg/params/freeze_test.evil panicked: no text", []error{api.ErrTemporary}, true},
		"an Is that panics":           {&evil{is: func(error) bool { panic("no kind") }}, "Is of an error", nil, true},
		"an Unwrap that panics":       {&evil{within: func() error { panic("nothing within") }}, "Unwrap of an error", nil, true},
		"an Is of its own":            {&evil{is: func(err error) bool { return err == api.ErrDenied }}, "evil", []error{api.ErrDenied}, false},
		"a kind within":               {&evil{within: func() error { return fmt.Errorf("x: %w", api.ErrInvalid) }}, "evil", []error{api.ErrInvalid}, false},
		"itself within":               {circle, "circle", nil, false},
		"more within, without an end": {endless(), "endless", nil, false},
		"a long text":                 {&evil{text: says(strings.Repeat("x", 100<<20))}, "(104857600 bytes in all)", nil, false},
		"a long plain text":           {errors.New(strings.Repeat("x", 100<<20)), "(104857600 bytes in all)", nil, false},
		"within the contract's":       {&api.FieldError{Field: "queue", Err: &evil{text: func() string { panic("no text") }}}, "no text", nil, true},
		"within a wrap":               {fmt.Errorf("%w: %w", api.ErrUncertain, &evil{text: says("sent")}), "outcome unknown: sent", []error{api.ErrUncertain}, false},
		"a path without a cause":      {&fs.PathError{Op: "open"}, "PathError", nil, true},
		"a text that changes": {&evil{text: func() string {
			calls++
			if calls > 1 {
				panic("asked twice")
			}
			return "once"
		}}, "once", nil, false},
		"a text that ends its goroutine": {&evil{text: func() string { runtime.Goexit(); return "" }}, "runtime.Goexit", nil, true},
	} {
		frozen := freeze.Error(c.err)
		for range 2 {
			if text := frozen.Error(); !strings.Contains(text, c.text) || len(text) > 20<<10 {
				t.Errorf("%s: %.300q, want %q", name, text, c.text)
			}
			for _, kind := range []error{api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain, context.Canceled} {
				want := false
				for _, is := range c.is {
					want = want || is == kind
				}
				if errors.Is(frozen, kind) != want {
					t.Errorf("%s: is %v: %v", name, kind, !want)
				}
			}
		}
		if panicked := errors.As(frozen, new(*freeze.PanicError)); panicked != c.panicked {
			t.Errorf("%s: panicked is %v", name, panicked)
		}
	}
}

type asker struct{ evil }

func (a *asker) As(target any) bool {
	retry, ok := target.(**api.RetryError)
	if ok {
		*retry = &api.RetryError{After: time.Minute, Err: &evil{text: says("later")}}
	}
	return ok
}

func (a *asker) Partly() bool              { return true }
func (a *asker) SearchedFolders() []string { return []string{"/models"} }
func (a *asker) LoginRefused() bool        { return true }

func TestWhatAHostAsksOfAnErrorIsFrozen(t *testing.T) {
	frozen := fmt.Errorf("outer: %w", freeze.Error(&asker{}))
	var retry *api.RetryError
	if !errors.As(frozen, &retry) || retry.After != time.Minute || retry.Error() != "later" {
		t.Errorf("RetryError: %v", retry)
	}
	var part interface{ Partly() bool }
	if !errors.As(frozen, &part) || !part.Partly() {
		t.Error("not partly")
	}
	var login interface{ LoginRefused() bool }
	if !errors.As(frozen, &login) || !login.LoginRefused() {
		t.Error("no login was refused")
	}
	var folders interface {
		error
		SearchedFolders() []string
	}
	if !errors.As(frozen, &folders) || folders.SearchedFolders()[0] != "/models" {
		t.Error("no folders")
	}
	if plain := freeze.Error(&evil{}); errors.As(plain, &part) || errors.As(plain, &retry) {
		t.Error("an error has what its original hasn't")
	}
}

func TestAnErrorOfKnownTypesStaysAsItIs(t *testing.T) {
	_, missing := os.Open("/no/such/file")
	for _, err := range []error{
		errors.New("x"), fmt.Errorf("a: %w", api.ErrDenied), errors.Join(errors.New("a"), fmt.Errorf("%w%w", missing, context.Canceled)),
		&api.RetryError{After: 1, Err: errors.New("x")}, &api.FieldError{Field: "a"}, &freeze.StuckError{}, missing,
	} {
		if freeze.Error(err) != err { //nolint:errorlint // it must be the same
			t.Errorf("%T was made anew", err)
		}
	}
	if freeze.Error(nil) != nil {
		t.Error("nil became an error")
	}
	if once := freeze.Error(&evil{}); freeze.Error(once) != once { //nolint:errorlint // as above
		t.Error("a frozen error was frozen again")
	}
}

func TestMethodsThatBlockAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		defer close(end)
		err := freeze.Error(&evil{text: func() string { <-end; return "" }})
		if !errors.As(err, new(*freeze.StuckError)) || !strings.Contains(err.Error(), "freeze_test.evil did not come to an end within 2s") {
			t.Errorf("got %v", err)
		}
		if text := freeze.Text(&evil{text: func() string { <-end; return "" }}); !strings.Contains(text, "whose text can't be had") {
			t.Errorf("got %q", text)
		}
	})
}

func TestCallReturnsHoweverThePluginEnds(t *testing.T) {
	for name, c := range map[string]struct {
		f    func() error
		want string
	}{
		"success":                    {func() error { return nil }, "<nil>"},
		"an error":                   {func() error { return errors.New("down") }, "down"},
		"a panic":                    {func() error { panic("boom") }, "panicked: boom (" + here(t)},
		"a panic with an evil value": {func() error { panic(&evil{text: func() string { panic("again") }}) }, "again"},
		"a panic whose text ends it": {func() error { panic(&evil{text: func() string { runtime.Goexit(); return "" }}) }, "whose text can't be had"},
		"a panic with nil":           {func() error { panic(nil) }, "panic called with nil"},
		"Goexit":                     {func() error { runtime.Goexit(); return nil }, "runtime.Goexit"},
		"an error that is evil":      {func() error { var e *evil; return e }, "a nil pointer"},
		"a wrong index":              {func() error { return []error{}[len(name(t))] }, "index out of range"},
		"a wrong type":               {func() error { _ = any(name).(int); return nil }, "interface conversion"},
	} {
		if err := freeze.Call(0, c.f); !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		defer close(end)
		err := freeze.Call(time.Minute, func() error { <-end; return nil })
		if stuck := (*freeze.StuckError)(nil); !errors.As(err, &stuck) || stuck.Limit != time.Minute {
			t.Errorf("got %v", err)
		}
	})
}

// What has no limit has one from a stop on.
func TestACallIsGivenUpAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		defer close(end)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		err := freeze.CallUntil(0, ctx.Done(), time.Second, func() error { <-end; return nil })
		if stuck := (*freeze.StuckError)(nil); !errors.As(err, &stuck) || stuck.Limit != time.Second || time.Since(began) != time.Hour+time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		err = freeze.CallUntil(0, ctx.Done(), time.Second, func() error { <-ctx.Done(); return ctx.Err() })
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*freeze.StuckError)) {
			t.Errorf("one that heeds its context: %v", err)
		}
	})
}

func name(t *testing.T) string { return t.Name() }

// here is the file of this test, as a stack has it.
func here(t *testing.T) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return file
}

func BenchmarkError(b *testing.B) {
	for name, err := range map[string]error{
		"plain": errors.New("x"), "wrapped": fmt.Errorf("find tickets: %w: %w", api.ErrTemporary, errors.New("x")),
		"contract": &api.RetryError{After: 1, Err: errors.New("x")}, "plugin": &evil{},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = freeze.Error(err)
			}
		})
	}
}

func BenchmarkCall(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = freeze.Call(0, func() error { return nil })
	}
}
