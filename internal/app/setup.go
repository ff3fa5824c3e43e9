package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/open-ticket-ai/otai/internal/app/decisioncheck"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/lastgood"
	"github.com/open-ticket-ai/otai/internal/measures"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/params/processfacts"
)

const (
	separator  = ":"
	namePrefix = "otai-"
)

// Setup is everything that a configuration needs, known and checked, before
// anything of it is built.
type Setup struct {
	Sources     []config.Source
	Document    *config.Document
	Catalog     *Catalog
	Loading     PluginLoad
	Redactor    *redactor.Redactor
	Diagnostics config.Diagnostics // warnings; errors ended Prepare

	settings Settings
	logger   *slog.Logger
	logFile  io.Closer
	trusted  loader.Keys      // of the configuration
	instead  loader.Temporary // of a state folder that a command which only looks can't use
	dir      string           // see PrepareOptions

	originals originals
	clocks    base.Clocks // of triggers
	begins    func()      // is called before the work begins; nil: nobody wants to know

	places     sync.Map // texts of [Setup.Place], by path
	measures   *measures.Measures
	health     health                     // what it answers who asks how it is
	introduced map[string]*crashes.Plugin // plugins as the supervisor knows them, by prefix
	lives      map[string]*atomic.Int32   // counts for the supervisor, by plugin
	ahead      bool                       // the work has not begun: what services are asked is a check
	told       bool                       // the supervisor knows that code of a plugin runs
}

// PrepareOptions are what one command wants otherwise than the others.
type PrepareOptions struct {
	Files, DotEnv []config.Source // instead of those on disk
	FireAtOnce    bool
	CheckOnly     bool   // a file that holds a secret may be absent
	Silent        bool   // log nothing, and make no log file
	Inspect       bool   // open no plugin in this process
	Bundled       bool   // open the plugins that come with otai, and no others
	Dir           string // relative paths of the configuration count from here; "": from the folder of its file
	Runs          bool   // do the work of a service, with its state and log file

	// Instead is used instead of what is there.
	Instead *lastgood.Configuration
}

// Prepare reads the configuration, loads the plugins and checks the whole. After an
// error nothing is left open; what was found until then stands in the [Setup].
func Prepare(ctx context.Context, s Settings, o PrepareOptions) (*Setup, error) {
	a := &Setup{settings: s, measures: measures.New(), dir: o.Dir, Redactor: redactor.New(s.Lookup), logger: slog.New(slog.DiscardHandler)}
	err := a.prepare(ctx, o)
	if err != nil {
		a.Close()
	}
	return a, err
}

func (a *Setup) prepare(ctx context.Context, o PrepareOptions) error {
	if err := a.read(ctx, o); err != nil {
		return err
	}
	a.Diagnostics = a.Diagnostics.And(a.checkLogFile())
	if a.Diagnostics.HasErrors() {
		// It will not run, but all that is wrong is reported at once.
		o.Silent, o.Inspect = true, true
	}
	if !o.Silent {
		logging := a.Document.Logging
		if !o.Runs {
			logging.LogToFile = false // a file made here would belong to who looks, and not to the service
		}
		var err error
		if a.logger, a.logFile, err = a.settings.NewLogger(logging, a.Redactor); err != nil {
			return ExitWith(CodeUsage, err)
		}
	}
	if !o.Inspect {
		a.meetSupervisor(o.Runs)
	}
	if err := a.load(ctx, o); err != nil {
		if a.Diagnostics.HasErrors() {
			return a.diagnosticsError(CodeUsage) // which come first, and of which the plugins know nothing
		}
		return err
	}
	err := a.check()
	a.explain()
	if err != nil {
		return err
	}
	a.logWarnings()
	return nil
}

// read reads the configuration. Its error is one after which nothing else can be
// looked at; others are among the problems.
func (a *Setup) read(ctx context.Context, o PrepareOptions) error {
	var err error
	if o.Files == nil && o.Instead == nil {
		if o.Files, o.DotEnv, err = a.settings.configSources(ctx); err != nil {
			return ExitWith(CodeUsage, err)
		}
	}
	a.Sources, a.originals.dotEnv = o.Files, a.settings.whole(o.DotEnv)
	options := config.Options{Files: o.Files, DotEnv: o.DotEnv, Env: a.settings.Environ, Flags: a.settings.configFlags(), OpenFile: a.openSecretFile, FilesMayBeAbsent: o.CheckOnly}
	if o.Instead != nil {
		if options, err = a.readInstead(ctx, o.Instead, options); err != nil {
			return err
		}
	}
	a.Document, a.Diagnostics = config.Read(options)
	if a.Document != nil {
		a.Redactor.AddAll(a.Document.Secrets())
	}
	if a.Document == nil {
		return a.diagnosticsError(CodeUsage)
	}
	keys, problems := a.settings.trustedKeysOf(a.Document)
	a.trusted = keys
	for _, more := range []config.Diagnostics{problems, checkPluginVersions(a.Document), checkAPILevel(a.Document, a.settings.APILevel)} {
		a.Document.Doubt(more)
		a.Diagnostics = a.Diagnostics.And(more)
	}
	return nil
}

// load loads the plugins, and returns what they offer.
func (a *Setup) load(ctx context.Context, o PrepareOptions) (err error) {
	dirs := a.settings.PluginFolders(a.Document.PluginDirs)
	if a.Document.Doubtful("") {
		dirs = nil
	}
	a.Loading = PluginLoad{
		Settings: a.settings, Logger: a.logger, Dirs: dirs, Policies: undoubted(a.Document), Keys: a.trusted, FireAtOnce: o.FireAtOnce,
		Locate: a.Place, Classified: a.measures.Classified, Named: a.named, Written: a.written, Clocks: &a.clocks, Former: a.formerPlugins(),
	}
	if !o.Runs || o.Inspect {
		a.instead.Made = a.settings.Worker.Temporary
		a.Loading.Instead = &a.instead
	}
	if o.Bundled {
		a.Loading.Only = bundled
	}
	open := loader.Load
	if o.Inspect {
		open = loader.Inspect
	}
	if a.settings.Worker != nil {
		a.Loading.Opening = a.opening
	}
	a.Catalog, err = a.Loading.Load(ctx, open)
	if o.Inspect {
		a.Catalog.ask = a.Loading.ask(ctx)
	} else {
		a.Catalog.checking = a.opened()
		a.loaded()
	}
	return err
}

// check checks the document against what the plugins offer.
func (a *Setup) check() error {
	unloaded, refused := a.unloadedPlugins()
	a.Document.Doubt(unloaded)
	a.Diagnostics = a.Diagnostics.And(unloaded).And(check.Check(a.Document, a.Catalog)).And(decisioncheck.Check(a.Document, decisioncheck.Surroundings{Find: a.Catalog.Find, Dir: a.ConfigDir, Read: a.named}))
	a.Redactor.AddAll(a.Document.Secrets()) // Check knows the secret fields
	for i := range a.Diagnostics {
		p := &a.Diagnostics[i] // those found before know less
		p.Message, p.Hint = a.Redactor.Text(p.Message), a.Redactor.Text(p.Hint)
	}
	if a.Diagnostics.HasErrors() {
		if refused || len(a.Catalog.Refused) > 0 {
			return a.diagnosticsError(CodePlugins)
		}
		return a.diagnosticsError(CodeUsage)
	}
	return ExitWith(CodePlugins, a.Catalog.failed)
}

// logWarnings logs what doesn't keep the configuration from running.
func (a *Setup) logWarnings() {
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Rejected {
			a.logger.Warn("a plugin was not loaded; nothing in the configuration needs it", "plugin", p.Name, "file", filepath.Base(p.Path), "err", p.Err.Error())
		}
	}
	for _, p := range a.Diagnostics {
		if p.Severity != config.SeverityAdvice { // which is for the author of the configuration
			a.logger.Warn(p.String())
		}
	}
}

// Engine builds all instances.
func (a *Setup) Engine(o orchestrator.Options) (*orchestrator.Engine, error) {
	o.Registry = a.Catalog.Registry
	o.Doing, o.Calls, o.Lives = a.doing, a.calls, a.life
	o.Logger = a.logger
	o.Env = a.Redactor.Env(a.Document.Lookup)
	o.Redact = a.Redactor.Add
	o.Locate = func(path string, err error) string { return placeText(errorPosition(a.Document, path, err)) }
	o.ConfigDir = a.ConfigDir
	o.DefaultRenderer = base.RendererUse
	o.File, o.StartTimeout, o.Named = a.pluginFile, a.Document.StartTimeout, a.named
	o.Around = a.around
	services := make([]orchestrator.Service, len(a.Document.Services))
	for i, s := range a.Document.Services {
		services[i] = orchestrator.Service{ID: s.ID, Use: s.Use, Injects: s.Injects, Params: s.Params, Path: s.Path, Allows: s.Bounds.Allow.String(), Bounded: s.Bounds.Any()}
	}
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: services, Root: a.Document.InOrder(), RootPath: "orchestrator",
	}, o)
	switch {
	case err != nil && isClosed(o.Stop) && errors.Is(err, context.Canceled): // a build function that didn't return
		return nil, ExitWith(CodeRun, a.Clean(err))
	case err != nil:
		return nil, ExitWith(CodeUsage, a.Clean(a.located(err)))
	}
	return engine, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// bounds are those of the services, by id.
func (a *Setup) bounds() map[string]bounds.Bounds {
	all := make(map[string]bounds.Bounds)
	for _, s := range a.Document.Services {
		all[s.ID] = s.Bounds
	}
	return all
}

// pluginFile is the name of the file that a plugin comes from; "" for the built-in one.
func (a *Setup) pluginFile(name string) string {
	for _, p := range a.Catalog.Plugins {
		if p.Name == name {
			return filepath.Base(p.Path)
		}
	}
	return ""
}

// around notes what signals do before a Start of a plugin, which may change more but not that,
// and returns what puts it back, and names processes that a Start or a Close leaves running.
func (a *Setup) around(activity orchestrator.Activity, plugin string) func() {
	children, signals := processfacts.LookAtChildren(), (*processfacts.Snapshot)(nil)
	if activity == orchestrator.Starting {
		signals = processfacts.LookAtSignals()
	}
	return func() {
		for _, c := range children.PutBack() {
			a.logger.Info("a process that began while a plugin was started or closed goes on", "plugin", plugin, "file", a.pluginFile(plugin), "while", activity, "process", c.To)
		}
		if signals == nil {
			return
		}
		changes := signals.PutBack()
		if a.settings.Signals != nil {
			a.settings.Signals()
		}
		for _, c := range changes {
			a.logger.Warn("a plugin changed what signals do while it was started", "plugin", plugin, "file", a.pluginFile(plugin), "what", c.What, "from", c.From, "to", c.To, "put_back", c.Back)
		}
	}
}

// ConfigDir is the folder of the file that has the value at path. What comes from a
// variable, a flag or standard input counts from the working directory.
func (a *Setup) ConfigDir(path string) string {
	if a.dir != "" {
		return a.dir
	}
	at := a.Document.Locate(path)
	if at.Line == 0 {
		return a.settings.Dir
	}
	return filepath.Dir(a.settings.Abs(at.File))
}

// Clean keeps secrets out of an error that people will read.
func (a *Setup) Clean(err error) error { return a.Redactor.Clean(err) }

// Close ends what [Prepare] began.
func (a *Setup) Close() {
	if err := a.instead.Remove(); err != nil {
		a.logger.Warn("a folder for temporary files is left", "err", err.Error())
	}
	if a.logFile != nil {
		_ = a.logFile.Close() // the last line has been written; nobody is left to hear of it
	}
}
