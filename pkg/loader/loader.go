package loader

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Options is what the configuration and the host say about plugins. Plugins are
// named by their package, with hyphens or underscores: "otai-otobo-znuny".
type Options struct {
	Dirs     []string   // plugin folders; of two files with one name the first folder's counts
	StateDir string     // private copies go to its subfolder plugins, what a plugin keeps to data/NAME
	Instead  *Temporary // used where StateDir can't be; nil: that is an error
	CacheDir string     // for plugins: may be emptied at any time

	APIVersion  string // level of the contract that this host offers, semver
	HostVersion string
	Separator   string // between prefix and name of an injectable: ":"
	Prefix      string // what package names begin with: "otai-"

	Logger *slog.Logger // nil: silent

	Policies     []Policy      // on plugins that are loaded first, in this order; all others follow by name
	TrustedKeys  Keys          // when there are any, only plugins signed by one of them are opened
	TrustGroup   bool          // whoever is in the group of a file or folder is trusted with it
	ProbeTimeout time.Duration // 0: [DefaultProbeTimeout]
}

// Policy is what the configuration says about one plugin.
type Policy struct {
	Name      string // of the package
	Disabled  bool   // it is not to be loaded
	Version   string // semver constraint on its own version; "" any
	SHA256    string // the only content that it may have, in hexadecimal; "" any
	Signature string // path of its signature; "" the file's with [SignatureEnding]
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
	Injectables []string // registry names, sorted; only of a plugin that is not rejected
	Offers      []Offer  // what it describes, also where it is then rejected
	Duration    time.Duration
	Err         *Error // nil when loaded

	private string   // path of the copy that was judged
	app     probeApp // what it learns of its host
}

// Load loads the plugins of all folders into r and reports every file that it
// met. What can be rejected is rejected before the first file is opened, so that this
// doesn't depend on what was opened already; then the others are opened, one
// after another. The error is for what stops all of them: a host that can't open
// plugins, a state folder that can't be used, options that make no sense, or the
// end of ctx; files that were not got to have no status then.
func Load(ctx context.Context, o Options, r *registry.Registry) ([]Plugin, error) {
	opened.Lock()
	defer opened.Unlock()
	l, plugins, err := plan(ctx, o, r, discover)
	if err != nil {
		return plugins, fmt.Errorf("load plugins: %w", err)
	}
	for _, c := range l.accepted {
		if err := ctx.Err(); err != nil {
			return plugins, fmt.Errorf("load plugins: %w", err)
		}
		p := &plugins[c.number]
		start := time.Now()
		p.Err = asError(l.open(p, c))
		p.Duration += time.Since(start)
		if p.Status = Loaded; p.Err != nil {
			p.Status = Rejected
		}
	}
	l.end(plugins)
	return plugins, nil
}

// Inspect does what [Load] does and opens no plugin in this process. The status
// of a plugin is Loaded where Load would open it.
func Inspect(ctx context.Context, o Options, r *registry.Registry) ([]Plugin, error) {
	return inspect(ctx, o, r, discover)
}

// InspectFiles is [Inspect] for the files given, in this order, whatever folders
// they are in. Their names count: they must be those of plugin files.
func InspectFiles(ctx context.Context, o Options, r *registry.Registry, paths ...string) ([]Plugin, error) {
	return inspect(ctx, o, r, func(o Options, r *registry.Registry) ([]Plugin, error) {
		found := make([]Plugin, len(paths))
		owners := takenPrefixes(r, o.Separator)
		for n, path := range paths {
			path, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			found[n] = judge(path, o, owners)
		}
		return found, nil
	})
}

func inspect(ctx context.Context, o Options, r *registry.Registry, find func(Options, *registry.Registry) ([]Plugin, error)) ([]Plugin, error) {
	opened.Lock()
	defer opened.Unlock()
	l, plugins, err := plan(ctx, o, r, find)
	if err != nil {
		return plugins, fmt.Errorf("inspect plugins: %w", err)
	}
	for _, c := range l.accepted {
		plugins[c.number].Status = Loaded
	}
	l.end(plugins)
	return plugins, nil
}

// end tidies up and logs what became of each file.
func (l *loading) end(plugins []Plugin) {
	for _, p := range plugins {
		l.Logger.Debug("plugin file", "path", p.Path, "status", p.Status, "duration", p.Duration, "err", errorOrNil(p.Err))
	}
	l.copies.removeUnused(l.Logger)
	l.cache.removeUnused()
	l.sums.removeUnused()
}

// policy returns what the configuration says about p.
func (o *Options) policy(p *Plugin) Policy {
	if n := place(p.Name, o.Policies); n < len(o.Policies) {
		return o.Policies[n]
	}
	return Policy{}
}

// app is what the plugin learns about its host.
func (l *loading) app(p *Plugin) api.AppConfig {
	return api.AppConfig{
		Separator:    l.Separator,
		PluginPrefix: l.Prefix,
		APIVersion:   l.APIVersion,
		HostVersion:  l.HostVersion,
		CacheDir:     l.CacheDir,
		StateDir:     filepath.Join(l.StateDir, dataFolder, p.Name),
		Logger:       l.Logger.With("plugin", p.Name),
	}
}

func errorOrNil(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}
