package freeze

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"
)

// PanicError is a panic in a plugin's code, or another way in which a call did not return as a
// call does. What it has are texts: its methods run no code of the plugin.
type PanicError struct {
	Doing string // what was running, as far as that isn't what the caller called, such as "Error of *example.org/x.E"
	Value string // what the code panicked with
	Place string // file and line, "" if they aren't known
	Stack []byte // of the goroutine, as runtime/debug.Stack formats it

	err error // what else is known of an error whose own method panicked
}

func (e *PanicError) Error() string {
	text := "panicked: " + e.Value
	if e.Doing != "" {
		text = e.Doing + " " + text
	}
	if e.Place != "" {
		text += " (" + e.Place + ")"
	}
	return text
}

// Unwrap returns the rest of an error whose own method panicked.
func (e *PanicError) Unwrap() error { return e.err }

// StuckError says that code of a plugin has not returned in time. It may still run.
type StuckError struct {
	Doing string        // as in [PanicError]
	Limit time.Duration // that it had
}

func (e *StuckError) Error() string {
	text := fmt.Sprintf("did not come to an end within %v", e.Limit)
	if e.Doing != "" {
		text = e.Doing + " " + text
	}
	return text
}

// ErrGoexit is the error of a call that ended its goroutine.
var ErrGoexit = errors.New("ended its goroutine by runtime.Goexit")

// Call runs f, which is code of a plugin, and returns its error, frozen, or a [*PanicError],
// [ErrGoexit] or [*StuckError]. A limit of 0 is none. After the limit the goroutine is given
// up, since nothing can end it: what f writes to must not be read then.
func Call(limit time.Duration, f func() error) error { return CallUntil(limit, nil, 0, f) }

// CallUntil is [Call], except that from the end of stop on, f has no longer than grace.
func CallUntil(limit time.Duration, stop <-chan struct{}, grace time.Duration, f func() error) error {
	done := begin(f)
	if limit <= 0 && stop == nil {
		return <-done
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	over := timer.C
	if limit <= 0 {
		over = nil
	}
	for {
		select {
		case err := <-done:
			return err
		case <-stop:
			stop, limit, over = nil, grace, timer.C
			timer.Reset(grace)
		case <-over:
			return &StuckError{Limit: limit}
		}
	}
}

// Broken reports whether an error, or one within, is that code did not return as it should,
// or that an error's own methods don't.
func Broken(err error) bool {
	return errors.As(err, new(*PanicError)) || errors.As(err, new(*StuckError)) || errors.Is(err, ErrGoexit)
}

// begin runs f, and answers how it ended.
func begin(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		err := ErrGoexit
		defer func() {
			if v := recover(); v != nil {
				err = Panicked(v)
			}
			done <- err
		}()
		err = Error(f())
	}()
	return done
}

// Panicked makes an error of what recover returned. A deferred function calls it, while the
// stack of the panic still stands.
func Panicked(value any) *PanicError {
	return &PanicError{Place: panicPlace(), Stack: debug.Stack(), Value: Text(value)}
}

// panicPlace finds the line that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

const (
	// mostText is how much is kept of a text, in bytes.
	mostText = 16 << 10
	// patience is how long the methods of one value may take.
	patience = 2 * time.Second
)

// Text returns what fmt prints of v, cut off where it is long. Methods of v that don't return
// are given up.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "<nil>"
	case string:
		return cut(v)
	case bool, int, int64, uint, uint64, float64:
		return fmt.Sprint(v)
	case runtime.Error:
		if Known(reflect.TypeOf(v)) {
			return cut(v.Error())
		}
	}
	var text string
	// fmt itself catches a panic, and prints it.
	if err := Call(patience, func() error { text = fmt.Sprint(v); return nil }); err != nil {
		return fmt.Sprintf("a %s whose text can't be had: it %v", typeName(reflect.TypeOf(v)), err)
	}
	return cut(text)
}

// cut keeps the beginning of a text, and says how much there was.
func cut(text string) string {
	if len(text) <= mostText {
		return text
	}
	end := mostText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes in all)", text[:end], len(text))
}

// typeName is the name of a type with its package path: reflect calls that of each plugin main.
func typeName(t reflect.Type) string {
	star := ""
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		star, t = star+"*", t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == "" {
		return star + t.String()
	}
	return star + t.PkgPath() + "." + t.Name()
}
