package loader

import (
	"bytes"
	"encoding/json"
	"errors"
	"plugin"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

type factory = func(api.AppConfig) api.Plugin

// processFiles remembers what this process has opened.
type processFiles struct {
	sync.Mutex
	host     *preflight.Image   // nil until the first self-check
	process  *preflight.Process // the host and all that was opened
	images   []openedImage
	bySHA256 map[string]attempt
}

type openedImage struct {
	image  *preflight.Image
	failed bool
}

// attempt is the one time that a file was opened. A second plugin.Open of a file
// whose init panicked would wait for ever.
type attempt struct {
	name   string // of the plugin
	path   string // where the file came from
	create factory
	err    error

	opening opening // what it did otherwise
}

// opened is the package's only state, beside the note that the host serves
// probes. It belongs to the process, as the dynamic linker's does: a file that was
// opened stays for good, whoever asked for it.
var opened = processFiles{bySHA256: make(map[string]attempt)}

// The caller of these methods holds the lock.

func (f *processFiles) selfCheck() error {
	if f.process != nil {
		return nil
	}
	host, err := thisHost()
	if err != nil {
		return err
	}
	process, err := preflight.NewProcess(host)
	if err != nil {
		return hostError(err)
	}
	f.host, f.process = host, process
	return nil
}

// forecast returns a process that has opened the same files, to which those are added
// that are going to be opened.
func (f *processFiles) forecast() (*preflight.Process, error) {
	process, err := preflight.NewProcess(f.host)
	if err != nil {
		return nil, err
	}
	for _, o := range f.images {
		if o.failed {
			process.Failed(o.image)
		} else {
			process.Opened(o.image)
		}
	}
	return process, nil
}

// open opens the private copy of p's file, unless the same content was opened
// before.
func (f *processFiles) open(p *Plugin, c candidate, limit time.Duration) (factory, error) {
	if before, known := f.bySHA256[p.SHA256]; known {
		return before.create, before.usable(p)
	}
	// Once more: a plugin before this one may have failed against all forecasts.
	if err := check(p, c.image, f.process); err != nil {
		return nil, err
	}
	now := attempt{name: p.Name, path: p.Path}
	now.create, now.opening, now.err = openFile(p, c.private, limit, true)
	f.bySHA256[p.SHA256] = now
	f.remember(c.image, now.err)
	return now.create, now.err
}

// usable says why the plugin can't be had from a file that was opened before, or
// nil.
func (a attempt) usable(p *Plugin) error {
	if a.err != nil {
		again := *asError(a.err)
		again.Path = p.Path
		return &again
	}
	if a.name != p.Name {
		return p.errorf(StagePreflight, CodePluginPathInUse, "remove one of the two files", "is the same file as %s, which was opened before", a.path)
	}
	return nil
}

// remember adds to the process what a plugin.Open left behind.
func (f *processFiles) remember(image *preflight.Image, err error) {
	failed := false
	if err != nil {
		switch asError(err).Code {
		case CodeMissingLibrary, CodeOpenFailed:
			return // dlopen itself failed, and has unmapped the file
		case CodeMissingSymbol, CodeWrongSymbolType:
			// All of its packages are set up.
		default:
			failed = true
		}
	}
	f.images = append(f.images, openedImage{image: image, failed: failed})
	if failed {
		f.process.Failed(image)
	} else {
		f.process.Opened(image)
	}
}

// open opens a plugin that was accepted and registers all that it brings, or
// nothing.
func (l *loading) open(p *Plugin, c candidate) error {
	p.Injectables = nil
	if l.Opening != nil {
		l.Opening(*p)
	}
	survived := l.cache.opening(p.SHA256)
	defer survived()
	create, err := opened.open(p, c, l.probeTimeout())
	if l.Signals != nil {
		l.Signals()
	}
	did := opened.bySHA256[p.SHA256].opening
	l.sayOpening(p, did)
	if err != nil {
		return err
	}
	if err := l.refuseEffects(p, StageOpen, did.effects()); err != nil {
		return err
	}
	printing := catchOutput()
	found, list, err := examine(p, create, c.app, l.probeTimeout())
	l.sayOpening(p, opening{printed: printing.end()})
	if err != nil {
		return err
	}
	tried := p.Offers
	names := p.describe(found, l.Separator)
	if err := p.offersAgain(tried); err != nil {
		return err
	}
	if err := l.admit(p, found.Metadata, names, nil); err != nil {
		return err
	}
	if err := l.registry.Register(p.Name, p.Prefix, c.app, list); err != nil {
		return p.errorf(StageOpen, CodeDuplicateInjectable, "remove one of the two plugins", "%w", err)
	}
	p.Injectables = names
	return nil
}

// offersAgain wants the plugin to offer here what it offered where it was tried: the
// configuration is checked against that, also where the plugin isn't opened.
func (p *Plugin) offersAgain(tried []Offer) error {
	var wrong []string
	for _, before := range tried {
		n := slices.IndexFunc(p.Offers, func(o Offer) bool { return o.Name == before.Name })
		switch {
		case n < 0:
			wrong = append(wrong, before.Name+" is missing")
		case !p.Offers[n].like(before):
			wrong = append(wrong, before.Name+" is another one")
		}
	}
	for _, now := range p.Offers {
		if !slices.ContainsFunc(tried, func(o Offer) bool { return o.Name == now.Name }) {
			wrong = append(wrong, now.Name+" is new")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return p.errorf(StageOpen, CodeBadInjectable, "correct this in the plugin's source",
		"CreatePlugin returns something else than in the process in which it was tried before: %s", strings.Join(wrong, "; "))
}

// like reports whether two descriptions are of the same thing. What is only for people may differ.
func (o Offer) like(other Offer) bool {
	if o.Service != other.Service || o.Type != other.Type || !slices.Equal(o.Methods, other.Methods) {
		return false
	}
	mine, err := json.Marshal(o.Params)
	theirs, failed := json.Marshal(other.Params)
	return err == nil && failed == nil && bytes.Equal(mine, theirs)
}

// openFile runs the plugin's init functions, which may take so long. What they change is put
// back.
func openFile(p *Plugin, private string, limit time.Duration, catch bool) (create factory, did opening, failure error) {
	var file *plugin.Plugin
	did, crash := watchOpening(limit, catch, func() (err error) {
		file, err = plugin.Open(private)
		return err
	})
	create, failure = p.factoryOf(file, crash)
	return create, did, failure
}

// factoryOf finds CreatePlugin in a file that was opened, or says why it could not be.
func (p *Plugin) factoryOf(file *plugin.Plugin, err error) (create factory, failure error) {
	if freeze.Broken(err) {
		return nil, p.errorf(StageOpen, panicCode(err, CodeInitPanic),
			"move what can fail or wait out of init and package variables, into the services' build functions", "while its packages were initialized, it %w", err)
	}
	if err != nil {
		return nil, linkerError(p, err)
	}
	symbol, err := file.Lookup(factorySymbol)
	if err != nil {
		return nil, p.errorf(StageOpen, CodeMissingSymbol, "write in package main: "+factoryDeclaration, "%w", err)
	}
	create, ok := symbol.(factory)
	if !ok {
		return nil, p.errorf(StageOpen, CodeWrongSymbolType, "declare it in package main as: "+factoryDeclaration,
			"%s is %s, but %s is wanted", factorySymbol, preflight.TypeName(reflect.TypeOf(symbol)), preflight.TypeName(reflect.TypeFor[factory]()))
	}
	return create, nil
}

// callPlugin runs code of a plugin in a goroutine of its own and waits for it, so that
// neither a panic nor runtime.Goexit reaches the loader. A limit of 0 is none. After
// the limit the goroutine is given up, since nothing can end it: what it writes to
// must not be read then.
func callPlugin(limit time.Duration, run func()) error {
	return freeze.Call(limit, func() error { run(); return nil })
}

// panicCode distinguishes code that does not return from code that panics.
func panicCode(err error, panicked Code) Code {
	if errors.As(err, new(*freeze.StuckError)) {
		return CodeProbeTimeout
	}
	return panicked
}

func nilName(p api.Plugin) string {
	if p == nil {
		return "nil"
	}
	return "a nil " + preflight.TypeName(reflect.TypeOf(p))
}
