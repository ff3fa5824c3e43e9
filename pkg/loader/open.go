package loader

import (
	"errors"
	"fmt"
	"plugin"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

type factory = func(api.AppConfig) api.Plugin

// processFiles remembers what this process has opened.
type processFiles struct {
	sync.Mutex
	process  *preflight.Process // nil until the first self-check
	bySHA256 map[string]attempt
}

// attempt is the one time that a file was opened. A second plugin.Open of a file
// whose init panicked would wait for ever.
type attempt struct {
	name   string // of the plugin
	path   string // where the file came from
	create factory
	err    *Error
}

// opened is the package's only state. It belongs to the process, as the dynamic
// linker's does: a file that was opened stays for good, whoever asked for it.
var opened = processFiles{bySHA256: make(map[string]attempt)}

// The caller of these methods holds the lock.

func (f *processFiles) selfCheck() error {
	if f.process != nil {
		return nil
	}
	process, err := preflight.ThisProcess()
	if err != nil {
		return err
	}
	f.process = process
	return nil
}

// description is what a plugin says of itself.
type description struct {
	metadata    api.Metadata
	injectables []api.Injectable
}

// open opens the private copy of p's file, unless the same content was opened
// before, and lets the plugin describe itself.
func (f *processFiles) open(p *Plugin, private string, app api.AppConfig) (description, *Error) {
	before, known := f.bySHA256[p.SHA256]
	switch {
	case known && before.name != p.Name && before.err == nil:
		return description{}, p.fault(StagePreflight, CodePluginPathInUse, "remove one of the two files",
			"is the same file as %s, which was opened before", before.path)
	case !known:
		image, err := inspect(p, private, f.process)
		if err != nil {
			return description{}, err
		}
		before = attempt{name: p.Name, path: p.Path}
		before.create, before.err = openFile(p, private)
		f.bySHA256[p.SHA256] = before
		f.remember(image, before.err)
	}
	if before.err != nil {
		again := *before.err
		again.Path = p.Path
		return description{}, &again
	}
	return describe(p, before.create, app)
}

// remember tells the process what a plugin.Open left behind.
func (f *processFiles) remember(image *preflight.Image, err *Error) {
	if err == nil {
		f.process.Opened(image)
		return
	}
	switch err.Code {
	case CodeMissingLibrary, CodeOpenFailed:
		// dlopen itself failed, and has unmapped the file.
	case CodeMissingSymbol, CodeWrongSymbolType:
		f.process.Opened(image) // all of its packages are set up
	default:
		f.process.Failed(image)
	}
}

// openFile runs the plugin's init functions.
func openFile(p *Plugin, private string) (create factory, failure *Error) {
	var file *plugin.Plugin
	var err error
	if fault := guard(func() { file, err = plugin.Open(private) }); fault != nil {
		return nil, p.fault(StageOpen, CodeInitPanic,
			"move what can fail out of init and package variables, into the services' build functions", "while its packages were initialized, it %w", fault)
	}
	if err != nil {
		return nil, refusedByLinker(p, err)
	}
	symbol, err := file.Lookup(factorySymbol)
	if err != nil {
		return nil, p.fault(StageOpen, CodeMissingSymbol, "write func "+factorySymbol+" in package main", "%w", err)
	}
	create, ok := symbol.(factory)
	if !ok {
		return nil, p.fault(StageOpen, CodeWrongSymbolType, factoryDeclaration,
			"%s is %s, but %s is wanted", factorySymbol, preflight.TypeName(reflect.TypeOf(symbol)), preflight.TypeName(reflect.TypeFor[factory]()))
	}
	return create, nil
}

// refusedByLinker gives a code to what plugin.Open reports as text.
func refusedByLinker(p *Plugin, err error) *Error {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, `"): `); ok {
		text = rest
	}
	code, fix := CodeOpenFailed, "build it again with: go build -trimpath -buildmode=plugin"
	switch {
	case strings.Contains(text, "cannot open shared object file"), strings.Contains(text, "undefined symbol"):
		code, fix = CodeMissingLibrary, "install the library, or link it statically into the plugin"
	case strings.Contains(text, "different version of package"):
		code = CodePackageMismatch
	case strings.Contains(text, "plugin already loaded"):
		code, fix = CodePluginPathInUse, "remove one of the two files; two versions of a plugin can't be in one process"
	}
	return p.fault(StageOpen, code, fix, "the dynamic linker refused it: %s", text)
}

// describe calls the factory and reads what it returns.
func describe(p *Plugin, create factory, app api.AppConfig) (d description, failure *Error) {
	var created api.Plugin
	if fault := guard(func() { created = create(app) }); fault != nil {
		return d, p.fault(StageOpen, CodeFactoryPanic, "CreatePlugin must only describe; mend the plugin", "CreatePlugin %w", fault)
	}
	if isNil(created) {
		return d, p.fault(StageOpen, CodeNilPlugin, "return api.NewPlugin(…)", "CreatePlugin returned %s", nilName(created))
	}
	if fault := guard(func() { d.metadata, d.injectables = created.Metadata(), created.Injectables() }); fault != nil {
		return d, p.fault(StageOpen, CodeFactoryPanic, "return api.NewPlugin(…), whose methods can't fail", "asking the plugin for its metadata and injectables, it %w", fault)
	}
	return d, nil
}

// guard runs code of a plugin in a goroutine of its own and waits for it, so that
// neither a panic nor runtime.Goexit reaches the loader.
func guard(run func()) (fault error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		finished := false
		defer func() {
			if value := recover(); value != nil {
				fault = fmt.Errorf("panicked: %v%s", value, panicPlace())
			} else if !finished {
				fault = errors.New("ended its goroutine by runtime.Goexit")
			}
		}()
		run()
		finished = true
	}()
	<-done
	return fault
}

// panicPlace finds the line that panicked. It is called by the deferred function,
// when the stack of the panic still stands.
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
			return fmt.Sprintf(" (%s:%d)", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// isNil also finds a nil pointer in the interface, which is not equal to nil.
func isNil(p api.Plugin) bool {
	if p == nil {
		return true
	}
	switch v := reflect.ValueOf(p); v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}

func nilName(p api.Plugin) string {
	if p == nil {
		return "nil"
	}
	return "a nil " + preflight.TypeName(reflect.TypeOf(p))
}
