package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

var (
	lock sync.Mutex
	sink [][]byte
)

// writes lets two goroutines write one map.
func writes() {
	shared := map[int]int{}
	for range 4 {
		go func() {
			for n := 0; ; n++ {
				shared[n%10] = n
			}
		}()
	}
	time.Sleep(10 * time.Second)
}

// once does it in the first process only: the next one behaves, so that what follows from
// one death is seen.
func once(f func()) func() {
	return func() {
		file, err := os.OpenFile(os.TempDir()+"/once-"+kind(), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return
		}
		file.Close()
		f()
	}
}

// dying does it once, when the other runner has been at work for a second.
func dying(f func()) func() {
	return func() {
		time.Sleep(time.Second)
		once(f)()
	}
}

// child is a process that nobody waits for.
func child() {
	c := exec.Command("/bin/sleep", "53")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	_ = c.Start()
}

// logged is a value that does harm when the host writes it into its log.
type logged struct{ f func() }

func (l logged) String() string { l.f(); return "x" }

func (l logged) MarshalText() ([]byte, error) { l.f(); return []byte("x"), nil }

func (l logged) MarshalJSON() ([]byte, error) { l.f(); return []byte(`"x"`), nil }

var _ = also(map[string]act{
	"validateexit": {validate: func() error { os.Exit(6); return nil }},
	"startblock":   {start: func(context.Context) error { select {} }},
	"closedead":    {close: func() error { select {} }},

	// Building and starting.
	"validate-blocks": {validate: func() error {
		if !probed() {
			select {}
		}
		return nil
	}},
	"validate-error-panics": {validate: func() error {
		if probed() {
			return nil
		}
		return evil{text: func() string { panic("error text") }}
	}},
	"validate-panics": {validate: func() error {
		if probed() {
			return nil
		}
		panic("not today")
	}},
	"validate-goexit": {validate: func() error {
		if !probed() {
			runtime.Goexit()
		}
		return nil
	}},
	"build-exits":        {build: func() (*service, error) { os.Exit(0); return nil, nil }},
	"build-blocks":       {build: func() (*service, error) { select {} }},
	"build-goexit":       {build: func() (*service, error) { runtime.Goexit(); return nil, nil }},
	"build-nothing":      {build: func() (*service, error) { return nil, nil }},
	"build-error-panics": {build: func() (*service, error) { return nil, evil{text: func() string { panic("error text") }} }},
	"build-overflows":    {build: func() (*service, error) { overflow(0); return nil, nil }},
	"start-exits":        {start: starting(func() { os.Exit(0) })},
	"start-goexit":       {start: starting(func() { runtime.Goexit() })},
	"start-error-blocks": {start: func(context.Context) error { return evil{text: func() string { select {} }} }},
	"start-error-nil":    {start: func(context.Context) error { var e *typed; return e }},
	"start-overflows":    {start: starting(func() { overflow(0) })},
	"start-map-writes":   {start: starting(writes)},

	// A call.
	"call-prints":       {call: calling(func() { fmt.Println("Process prints") })},
	"call-exits":        {call: calling(dying(func() { os.Exit(0) }))},
	"call-goexit":       {call: calling(runtime.Goexit)},
	"call-panics":       {call: calling(func() { panic("not today") })},
	"call-panics-evil":  {call: calling(func() { panic(evil{text: func() string { panic("again") }}) })},
	"call-blocks":       {call: calling(func() { select {} })},
	"call-overflows":    {call: calling(dying(func() { overflow(0) }))},
	"call-map-writes":   {call: calling(dying(func() { writes() }))},
	"call-unlocks":      {call: calling(dying(func() { lock.Unlock() }))},
	"call-kills-itself": {call: calling(dying(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }))},
	"call-kills-group":  {call: calling(dying(func() { _ = syscall.Kill(0, syscall.SIGKILL) }))},
	"call-ends-group":   {call: calling(dying(func() { _ = syscall.Kill(0, syscall.SIGTERM) }))},
	"call-executes":     {call: calling(dying(func() { _ = syscall.Exec("/bin/true", []string{"true"}, nil) }))},
	"call-stops":        {call: calling(dying(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }))},
	"call-eats-memory": {call: calling(dying(func() {
		limit(syscall.RLIMIT_AS, 3<<30)
		for {
			sink = append(sink, make([]byte, 256<<20))
		}
	}))},
	"call-closes-all": {call: calling(dying(func() {
		for fd := 3; fd < 1000; fd++ {
			_ = syscall.Close(fd)
		}
	}))},
	"call-leaves-child": {call: calling(func() { child(); time.Sleep(time.Hour) })},
	"call-logs-panic": {call: func(_ context.Context, h api.Host) {
		h.Logger().Warn("look", "value", logged{func() { panic("in the log") }})
	}},
	"call-logs-block": {call: func(_ context.Context, h api.Host) {
		h.Logger().Warn("look", "value", logged{func() { select {} }})
	}},
	"call-logs-itself": {call: func(_ context.Context, h api.Host) {
		h.Logger().Warn("look", "value", logged{func() { h.Logger().Warn("deeper") }})
	}},
	"find-exits":       {find: func() ([]api.Ticket, error) { dying(func() { os.Exit(0) })(); return nil, nil }},
	"find-panics":      {find: func() ([]api.Ticket, error) { panic("not today") }},
	"find-goexit":      {find: func() ([]api.Ticket, error) { runtime.Goexit(); return nil, nil }},
	"find-blocks":      {find: func() ([]api.Ticket, error) { select {} }},
	"find-error-panic": {find: func() ([]api.Ticket, error) { return nil, evil{text: func() string { panic("error text") }} }},
	"find-error-nil":   {find: func() ([]api.Ticket, error) { var e *typed; return nil, e }},
	"find-wrapped": {find: func() ([]api.Ticket, error) {
		return nil, fmt.Errorf("search: %w", evil{is: func(error) bool { panic("compared") }})
	}},
	"find-evil-ticket": {find: func() ([]api.Ticket, error) {
		return []api.Ticket{{ID: "1", Fields: map[string]any{"x": logged{func() { panic("in a field") }}}}}, nil
	}},

	// Asked by a command.
	"ask-exits":       {asked: func() error { os.Exit(0); return nil }},
	"ask-panics":      {asked: func() error { panic("not today") }},
	"ask-panics-away": {asked: func() error { go panic("in the background"); select {} }},
	"ask-goexit":      {asked: func() error { runtime.Goexit(); return nil }},
	"ask-blocks":      {asked: func() error { select {} }},
	"ask-error-nil":   {asked: func() error { var e *typed; return e }},
	"ask-error-panic": {asked: func() error { return evil{text: func() string { panic("error text") }} }},

	// Closing.
	"close-exits":        {close: closing(func() { os.Exit(3) })},
	"close-goexit":       {close: closing(runtime.Goexit)},
	"close-panics":       {close: closing(func() { panic("not today") })},
	"close-error-panics": {close: func() error { return evil{text: func() string { panic("error text") }} }},
	"close-error-blocks": {close: func() error { return evil{text: func() string { select {} }} }},
	"close-overflows":    {close: closing(func() { overflow(0) })},
	"close-child":        {close: closing(child)},
	"close-panics-later": {close: closing(func() {
		go panic("after the end")
		time.Sleep(100 * time.Millisecond)
	})},

	// Later.
	"later-panics":  {start: later(func() { panic("in the background") })},
	"later-exits":   {start: later(func() { os.Exit(0) })},
	"later-threads": {start: later(func() { debug.SetMaxThreads(1) })},
	"later-finalizer": {start: starting(func() {
		runtime.SetFinalizer(&service2{}, func(*service2) { once(func() { panic("in a finalizer") })() })
		go func() {
			time.Sleep(time.Second)
			for {
				runtime.GC()
				time.Sleep(200 * time.Millisecond)
			}
		}()
	})},
	"later-quits": {start: later(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGQUIT) })},
	"later-error-nil": {start: later(func() {
		var e *typed
		panic(errors.Join(e))
	})},
})

type service2 struct{ _ [16]byte }
