package crashes

import (
	"strings"
	"testing"
)

const panicTrace = `panic: late

goroutine 21 [running]:
strings.Repeat({0x1, 0x2}, 0xffffffffffffffff)
	strings/strings.go:624 +0x5b
example.com/words/internal/deep.Fall(...)
	example.com/words/internal/deep/deep.go:7
created by github.com/other/lib.Go in goroutine 1
	github.com/other/lib/go.go:3 +0x1a
exit status 2
`

const createdTrace = `fatal error: concurrent map writes

goroutine 21 [running]:
internal/runtime/maps.fatal({0x1, 0x2})
	runtime/panic.go:1058 +0x18
created by example.com/words.init.0 in goroutine 1
	example.com/words/main.go:17 +0x1a

goroutine 7 [chan receive]:
example.com/other.Wait(...)
`

const hostTrace = `panic: a mistake of otai itself

goroutine 21 [running]:
github.com/open-ticket-ai/otai/pkg/orchestrator.(*Engine).Run(0x1)
	github.com/open-ticket-ai/otai/pkg/orchestrator/run.go:77 +0x6d

goroutine 7 [chan receive]:
example.com/words.Wait(...)
	example.com/words/main.go:17 +0x1a
`

// What a plugin calls may have no function of it in its stack.
const guardTrace = `panic: runtime error: index out of range [1] with length 0

goroutine 21 [running]:
slices.panics(...)
	slices/slices.go:12
github.com/open-ticket-ai/otai/pkg/params.PlainCopy(...)
	github.com/open-ticket-ai/otai/pkg/params/plain.go:43
github.com/open-ticket-ai/otai/pkg/params/freeze.begin.func1()
	github.com/open-ticket-ai/otai/pkg/params/freeze/call.go:90 +0x6d
created by github.com/open-ticket-ai/otai/pkg/params/freeze.begin in goroutine 1
	github.com/open-ticket-ai/otai/pkg/params/freeze/call.go:80 +0x6d
`

const openTrace = `runtime: plugin has wrong data
goroutine 21 [running]:
runtime.throw({0x1, 0x2})
	runtime/panic.go:1229 +0x48
plugin.lastmoduleinit()
	runtime/plugin.go:30 +0x48
github.com/open-ticket-ai/otai/pkg/loader.open(...)
	github.com/open-ticket-ai/otai/pkg/loader/open.go:12
`

const frozenTrace = `SIGABRT: abort
PC=0x1 m=0 sigcode=0

goroutine 0 gp=0x1 m=0 mp=0x1 [idle]:
runtime.futex(0x1)

goroutine 7 gp=0x1 m=nil [chan receive]:
example.com/other.Wait(...)

goroutine 8 gp=0x1 m=3 mp=0x2 [running]:
example.com/words.(*pipe).Process.func1()
	example.com/words/main.go:17 +0x1a
`

func TestThePluginIsNamedWhoseFunctionComesFirst(t *testing.T) {
	plugins := []Plugin{
		{Name: "otai-other", Package: "example.com/other", Module: "example.com/other"},
		{Name: "otai-word", Package: "example.com/word", Module: "example.com/word"},
		{Name: "otai-words", Package: "example.com/words", Module: "example.com/words"},
		{Name: "otai-desk", Package: "github.com/open-ticket-ai/otai/plugins/desk", Module: "github.com/open-ticket-ai/otai/plugins/desk"},
	}
	for name, c := range map[string]struct {
		trace, cause, frame, plugin string
		frozen, own                 bool
	}{
		"in a package of its module":     {panicTrace, "panic: late", "example.com/words/internal/deep.Fall", "otai-words", false, false},
		"that made the goroutine":        {createdTrace, "fatal error: concurrent map writes", "example.com/words.init.0", "otai-words", false, false},
		"none, where others only wait":   {hostTrace, "panic: a mistake of otai itself", "", "", false, true},
		"none, called by a guard":        {guardTrace, "panic: runtime error: index out of range [1] with length 0", "", "", false, false},
		"none, while a file is opened":   {openTrace, "fatal error: of Go's runtime", "", "", false, false},
		"in a frozen process":            {frozenTrace, "SIGABRT: abort", "example.com/words.(*pipe).Process.func1", "otai-words", true, false},
		"none in otai's own frozen code": {hostTrace, "panic: a mistake of otai itself", "", "", true, false},
		"none in one that isn't frozen":  {frozenTrace, "SIGABRT: abort", "", "", false, false},
		"none in nothing":                {"", "", "", "", false, false},
		"none in what was cut":           {panicTrace[:30], "panic: late", "", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			reading := Name(strings.NewReader(c.trace), c.frozen, plugins)
			named := ""
			if reading.Plugin != nil {
				named = reading.Plugin.Name
			}
			if reading.Cause != c.cause || reading.Frame != c.frame || named != c.plugin || reading.Own != c.own {
				t.Errorf("%+v, %q", reading, named)
			}
		})
	}
}
