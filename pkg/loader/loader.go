package loader

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Options is what the configuration and the host say about plugins. Plugins are
// named by their package, with hyphens or underscores: "otai-otobo-znuny".
type Options struct {
	Dirs     []string // plugin folders; of two files with one name the first folder's counts
	StateDir string   // private copies go to its subfolder plugins, what a plugin keeps to data/NAME
	CacheDir string   // for plugins: may be emptied at any time

	APIVersion  string // level of the contract that this host offers, semver
	HostVersion string
	Separator   string // between prefix and name of an injectable: ":"
	Prefix      string // what package names begin with: "otai-"

	Logger *slog.Logger // nil: silent

	Disabled  []string          // plugins that are not to be loaded
	VersionOf map[string]string // semver constraint on a plugin's own version
	Order     []string          // these first, in this order; all others by name
}

// Status is the outcome for one plugin file.
type Status string

// The outcomes. Only a loaded plugin has no error.
const (
	Loaded   Status = "loaded"
	Rejected Status = "rejected"
	Disabled Status = "disabled"
)

// Plugin is a plugin file and what became of it. Fields that the loader didn't
// get to are empty.
type Plugin struct {
	Name        string // package name with hyphens: "otai-otobo-znuny"
	Package     string // file name without its ending: "otai_otobo_znuny"
	Prefix      string // of its injectables: "otobo-znuny"
	Path        string // absolute
	Version     string
	API         string // its constraint on the level of the contract
	Description string
	Status      Status
	SHA256      string
	Size        int64    // bytes
	Injectables []string // registry names, sorted
	Duration    time.Duration
	Err         *Error // nil when loaded
}

// Load loads the plugins of all folders into r, one after another, and reports
// every file that it met. Its error is for what stops all of them: a host that
// can't open plugins, a state folder that can't be used, options that make no
// sense, or the end of ctx; plugins loaded until then are reported with it.
func Load(ctx context.Context, o Options, r *registry.Registry) ([]Plugin, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	level, err := semver.StrictNewVersion(o.APIVersion)
	if err != nil {
		return nil, fmt.Errorf("load plugins: the host's API level %q: %w", o.APIVersion, err)
	}
	opened.Lock()
	defer opened.Unlock()
	if err := opened.selfCheck(); err != nil {
		return nil, fmt.Errorf("load plugins: %w", err)
	}
	plugins, err := discover(o, r)
	if err != nil {
		return nil, fmt.Errorf("load plugins: %w", err)
	}
	l := loading{Options: o, level: level, registry: r}
	if slices.ContainsFunc(plugins, func(p Plugin) bool { return p.Err == nil }) {
		if l.copies, err = openCopies(o.StateDir); err != nil {
			return plugins, err
		}
	}
	for n := range plugins {
		p := &plugins[n]
		if p.Err != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return plugins[:n], fmt.Errorf("load plugins: %w", err)
		}
		start := time.Now()
		p.Err = l.load(p)
		p.Duration = time.Since(start)
		if p.Err != nil && p.Err.Code == CodeStateDir {
			return plugins[:n], p.Err
		}
		if p.Status = Loaded; p.Err != nil {
			p.Status = Rejected
		}
		o.Logger.Debug("plugin file", "path", p.Path, "status", p.Status, "duration", p.Duration, "error", errorOrNil(p.Err))
	}
	l.copies.removeUnused(o.Logger)
	return plugins, nil
}

type loading struct {
	Options
	level    *semver.Version
	registry *registry.Registry
	copies   *copies
}

// load takes one plugin through all stages after discovery and fills in what it
// learns on the way, also when it fails.
func (l *loading) load(p *Plugin) *Error {
	private, err := l.copies.take(p)
	if err != nil {
		return err
	}
	app := l.app(p)
	described, err := opened.open(p, private, app)
	if err != nil {
		return err
	}
	p.Version, p.API, p.Description = described.metadata.Version, described.metadata.API, described.metadata.Description
	return l.admit(p, app, described)
}

// app is what the plugin is told about its host.
func (l *loading) app(p *Plugin) api.AppConfig {
	return api.AppConfig{
		Separator:    l.Separator,
		PluginPrefix: l.Prefix,
		APIVersion:   l.APIVersion,
		HostVersion:  l.HostVersion,
		CacheDir:     l.CacheDir,
		StateDir:     filepath.Join(l.StateDir, "data", p.Name),
		Logger:       l.Logger.With("plugin", p.Name),
	}
}

func errorOrNil(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}

// fault builds the error of one stage for p.
func (p *Plugin) fault(stage Stage, code Code, fix, format string, args ...any) *Error {
	return &Error{Stage: stage, Code: code, Path: p.Path, Err: fmt.Errorf(format, args...), Fix: fix}
}

// rejected is a plugin that did not get beyond discovery.
func (p Plugin) rejected(err *Error) Plugin {
	p.Status, p.Err = Rejected, err
	return p
}

// SelfCheck says why this process can't open plugins, or nil. A host that is
// linked statically would end in a fatal error at its first plugin.
func SelfCheck() error {
	opened.Lock()
	defer opened.Unlock()
	return opened.selfCheck()
}
