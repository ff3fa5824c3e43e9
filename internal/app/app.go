package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

const (
	separator  = ":"
	namePrefix = "otai-"
)

// application is everything that a configuration needs, known and checked, before
// anything of it is built.
type application struct {
	settings Settings
	sources  []config.Source
	document *config.Document
	registry *registry.Registry
	plugins  []loader.Plugin
	redactor *Redactor
	logger   *slog.Logger
	logFile  io.Closer
	trusted  loader.Keys // of the configuration
	loading  pluginLoad
	offered  *catalog
	instead  loader.Temporary   // of a state folder that a command which only looks can't use
	problems config.Diagnostics // warnings; errors ended prepare
	dir      string             // see prepareOptions
}

// prepareOptions are what one command wants otherwise than the others.
type prepareOptions struct {
	files, dotEnv []config.Source // instead of those on disk
	fireAtOnce    bool
	checkOnly     bool   // a file that holds a secret may be absent
	silent        bool   // log nothing, and make no log file
	inspect       bool   // open no plugin in this process
	dir           string // relative paths of the configuration count from here; "": from the folder of its file
	runs          bool   // do the work of a service, with its state and log file
}

// prepare reads the configuration, loads the plugins and checks the whole. After an
// error nothing is left open; what was found until then stands in the application.
func prepare(ctx context.Context, s Settings, o prepareOptions) (*application, error) {
	a := &application{settings: s, dir: o.dir, redactor: &Redactor{}, logger: slog.New(slog.DiscardHandler)}
	a.redactor.addProxies(s.lookup)
	err := a.prepare(ctx, o)
	if err != nil {
		a.close()
	}
	return a, err
}

func (a *application) prepare(ctx context.Context, o prepareOptions) error {
	if err := a.read(ctx, o); err != nil {
		return err
	}
	a.problems = a.problems.And(a.logFileProblems())
	if a.problems.HasErrors() {
		// It will not run, but all that is wrong is to be told at once.
		o.silent, o.inspect = true, true
	}
	if !o.silent {
		logging := a.document.Logging
		if !o.runs {
			logging.LogToFile = false // a file made here would belong to who looks, and not to the service
		}
		var err error
		if a.logger, a.logFile, err = newLogger(a.settings, logging, a.redactor); err != nil {
			return ExitWith(CodeUsage, err)
		}
	}
	offered, err := a.load(ctx, o)
	if err != nil {
		if a.problems.HasErrors() {
			return a.diagnosticsError(CodeUsage) // which come first, and of which the plugins know nothing
		}
		return err
	}
	if err := a.check(offered); err != nil {
		return err
	}
	a.logWarnings()
	return nil
}

// read reads the configuration. Its error is one after which nothing else can be
// looked at; others are among the problems.
func (a *application) read(ctx context.Context, o prepareOptions) error {
	if o.files == nil {
		var err error
		if o.files, o.dotEnv, err = a.settings.configSources(ctx); err != nil {
			return ExitWith(CodeUsage, err)
		}
	}
	a.sources = o.files
	a.document, a.problems = config.Read(config.Options{Files: o.files, DotEnv: o.dotEnv, Env: a.settings.Environ, Flags: a.settings.configFlags(), OpenFile: a.settings.openSecretFile, FilesMayBeAbsent: o.checkOnly})
	if a.document != nil {
		a.redactor.addAll(a.document.Secrets())
	}
	if a.document == nil {
		return a.diagnosticsError(CodeUsage)
	}
	keys, problems := a.settings.trustedKeysOf(a.document)
	a.trusted = keys
	for _, more := range []config.Diagnostics{problems, checkPluginVersions(a.document), checkAPILevel(a.document, a.settings.APILevel)} {
		a.document.Doubt(more)
		a.problems = a.problems.And(more)
	}
	return nil
}

// load fills the registry, and answers what the plugins offer.
func (a *application) load(ctx context.Context, o prepareOptions) (*catalog, error) {
	dirs := a.settings.pluginDirs(a.document.PluginDirs)
	if a.document.Doubtful("") {
		dirs = nil
	}
	load := pluginLoad{
		Settings: a.settings, logger: a.logger, dirs: dirs, policies: undoubted(a.document), keys: a.trusted, fireAtOnce: o.fireAtOnce,
		locate: place(a.document),
	}
	if !o.runs || o.inspect {
		load.instead = &a.instead
	}
	a.loading = load
	offered := &catalog{dirs: dirs}
	a.offered = offered
	open := loader.Load
	if o.inspect {
		open = loader.Inspect
		offered.ask = load.ask(ctx)
	}
	var err error
	a.registry, a.plugins, err = load.run(ctx, open)
	offered.registry, offered.plugins = a.registry, a.plugins
	return offered, err
}

// check holds the document against what the plugins offer.
func (a *application) check(offered *catalog) error {
	unloaded, refused := a.unloadedPlugins()
	a.document.Doubt(unloaded)
	a.problems = a.problems.And(unloaded).And(a.document.Check(offered))
	a.redactor.addAll(a.document.Secrets()) // Check knows the secret fields
	for i := range a.problems {
		p := &a.problems[i] // those found before know less
		p.Message, p.Hint = a.redactor.Text(p.Message), a.redactor.Text(p.Hint)
	}
	if a.problems.HasErrors() {
		if refused || len(offered.refused) > 0 {
			return a.diagnosticsError(CodePlugins)
		}
		return a.diagnosticsError(CodeUsage)
	}
	return ExitWith(CodePlugins, offered.failed)
}

// place writes the place of a value for people.
func place(d *config.Document) func(path string) string {
	return func(path string) string { return placeText(d.Locate(path)) }
}

// placeText writes file:line:column, or the name of what has no lines, such as a
// variable of the environment.
func placeText(at config.Position) string {
	if at.File == "" || at.Line == 0 {
		return at.File
	}
	return fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)
}

// errorPosition returns the position of an error in the value at path: within the value,
// where that is a template.
func errorPosition(d *config.Document, path string, err error) config.Position {
	var template *api.TemplateError
	if errors.As(err, &template) {
		return d.LocateTemplate(path, template)
	}
	return d.Locate(path)
}

// DiagnosticsError carries what is wrong in a configuration, for people one line
// each.
type DiagnosticsError struct{ Diagnostics config.Diagnostics }

func (e *DiagnosticsError) Error() string { return e.Diagnostics.Error() }

func (a *application) diagnosticsError(code Code) error {
	return &ExitError{Code: code, Err: &DiagnosticsError{Diagnostics: a.problems}}
}

// logWarnings tells what doesn't keep the configuration from running.
func (a *application) logWarnings() {
	for _, p := range a.plugins {
		if p.Status == loader.Rejected {
			a.logger.Warn("a plugin was not loaded; nothing in the configuration needs it", "plugin", p.Package, "err", p.Err.Error())
		}
	}
	for _, p := range a.problems {
		if p.Severity != config.SeverityAdvice { // which is for who writes the configuration
			a.logger.Warn(p.String())
		}
	}
}

// engine builds all instances.
func (a *application) engine(o orchestrator.Options) (*orchestrator.Engine, error) {
	o.Registry = a.registry
	o.Logger = a.logger
	o.Env = a.redactor.env(a.document.Lookup)
	o.Redact = a.redactor.Add
	o.Locate = func(path string, err error) string { return placeText(errorPosition(a.document, path, err)) }
	o.ConfigDir = a.configDir
	o.DefaultRenderer = base.RendererUse
	services := make([]orchestrator.Service, len(a.document.Services))
	for i, s := range a.document.Services {
		services[i] = orchestrator.Service{ID: s.ID, Use: s.Use, Injects: s.Injects, Params: s.Params, Path: s.Path}
	}
	engine, err := orchestrator.New(orchestrator.Definition{
		Services: services, Root: a.document.InOrder(), RootPath: "orchestrator",
	}, o)
	if err != nil {
		return nil, ExitWith(CodeUsage, a.clean(a.located(err)))
	}
	return engine, nil
}

// configDir is the folder of the file that has the value at path. What comes from a
// variable, a flag or standard input counts from the working directory.
func (a *application) configDir(path string) string {
	if a.dir != "" {
		return a.dir
	}
	at := a.document.Locate(path)
	if at.Line == 0 {
		return a.settings.Dir
	}
	return filepath.Dir(a.settings.abs(at.File))
}

// located gives the errors of a configuration that only building could find their
// positions in the files.
func (a *application) located(err error) error {
	var problems config.Diagnostics
	for _, e := range configErrors(err) {
		at := errorPosition(a.document, e.Path, e.Err)
		problems = append(problems, config.Diagnostic{
			File: at.File, Line: at.Line, Column: at.Column, Path: e.Path,
			Severity: config.SeverityError, Code: "build", Message: e.Err.Error(),
		})
	}
	if len(problems) == 0 {
		return err
	}
	return &DiagnosticsError{Diagnostics: problems}
}

// configErrors flattens joined errors.
func configErrors(err error) []*orchestrator.ConfigError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*orchestrator.ConfigError
		for _, e := range joined.Unwrap() {
			all = append(all, configErrors(e)...)
		}
		return all
	}
	var one *orchestrator.ConfigError
	if errors.As(err, &one) {
		return []*orchestrator.ConfigError{one}
	}
	return nil
}

// clean keeps secrets out of an error that people will read.
func (a *application) clean(err error) error {
	if err == nil {
		return nil
	}
	if text := a.redactor.Text(err.Error()); text != err.Error() {
		return &cleanError{text: text, err: err}
	}
	return err
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }

func (a *application) close() {
	if err := a.instead.Remove(); err != nil {
		a.logger.Warn("a folder for temporary files is left", "err", err.Error())
	}
	if a.logFile != nil {
		_ = a.logFile.Close() // the last line has been written; nobody is left to tell
	}
}
