package loader

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Options is what the host and its configuration say about plugins. The names of plugins
// in it are those of their packages, with hyphens or underscores: "otai-otobo-znuny".
type Options struct {
	Dirs     []string   // plugin folders; if two have a file with the same name, the first one counts
	StateDir string     // the loader keeps private copies there, and each plugin its data in data/NAME
	Instead  *Temporary // is used if StateDir can't be; if it is nil, that is an error
	CacheDir string     // for plugins; may be emptied at any time

	APIVersion  string // level of the contract that this host offers, semver
	HostVersion string // the host's own version, semver
	Separator   string // between prefix and name of a service or pipe: ":"
	Prefix      string // what the names of plugins begin with: "otai-"

	Logger *slog.Logger // for the loader and, with more attributes, for plugins; nil is silent

	Environ []string               // "NAME=value": the host's variables, of which a probe gets those that it may know ([Options.MayKnow]); nil: this process's
	Secret  func(name string) bool // whether a variable is named like a secret; nil: none is

	Policies     []Policy      // these plugins are loaded first, in this order
	Only         []string      // plugins of other names are passed over; none: all count
	First        []string      // then these, such as those that come with the host; the others follow by name
	TrustedKeys  Keys          // if there are any, only plugins signed by one of them are opened
	TrustGroup   bool          // trusts the members of the group of a file or folder that the group can write to
	Signals      func()        // is called after each plugin that was opened, which may have taken over signals: takes them anew; nil does nothing
	ProbeTimeout time.Duration // how long a plugin may take to be opened and described; 0 means [DefaultProbeTimeout]

	// Former are the plugins instead of the files in Dirs, by their content: what another process
	// loaded, and what of it is in those folders. nil: the files that are there now.
	Former []Former

	// Opening is called before code of a plugin runs in this process for the first time,
	// which it may end. nil: nobody wants to know.
	Opening func(Plugin)
	// Crashed says why the content with a checksum is not to be opened any more: it has ended
	// a process. retry is the command by which it would be opened again; "": there is none, as
	// nobody remembers it for longer than this. nil knows none.
	Crashed func(sha256 string) (reason, retry string, crashed bool)
}

// Policy is what the configuration says about one plugin.
type Policy struct {
	Name      string   // the plugin's
	Disabled  bool     // it must not be loaded
	Version   string   // semver constraint on its own version; "" accepts any
	SHA256    string   // the checksum that it must have, in hexadecimal; "" accepts any
	Signature string   // path of its signature; "" is the path of the file with [SignatureEnding]
	Env       []string // names of further variables that a process which tries it gets

	// RefuseSideEffects rejects the plugin if opening it changes its process.
	RefuseSideEffects bool
}

// Former is a plugin as another process loaded it. The zero Signature is the one beside the file.
type Former struct {
	Path      string // of the file
	SHA256    string // of its content, in hexadecimal
	Signature []byte // the content of its signature's file
}

// Former is the plugin for [Options], for another process.
func (p *Plugin) Former() Former {
	return Former{Path: p.Path, SHA256: p.SHA256, Signature: p.signature}
}

// Renew keeps the private copy of a loaded plugin from being removed because nobody has asked for
// it in a day.
func (p *Plugin) Renew() error {
	now := time.Now()
	return os.Chtimes(p.private, now, now)
}

// Status says what happened to a plugin file.
type Status string

// The statuses of a plugin file. Only a loaded plugin has no error.
const (
	Loaded   Status = "loaded"   // it is registered; from [Inspect]: Load would load it
	Rejected Status = "rejected" // it can't be used, for the reason in its error
	Disabled Status = "disabled" // the configuration disables it
)

// Plugin is a plugin file and what happened to it. What the loader didn't learn before
// the file was rejected is empty.
type Plugin struct {
	Name        string // package name with hyphens: "otai-otobo-znuny"
	Package     string // file name without its ending: "otai_otobo_znuny"
	Prefix      string // of its services and pipes in the registry: "otobo-znuny"
	Path        string // of the file, absolute
	Version     string // its own, semver
	API         string // its constraint on the level of the contract
	Description string // one sentence
	Status      Status // what happened to it
	SHA256      string // of the file, in hexadecimal
	Size        int64  // of the file in bytes
	ImportPath  string // of its package main, as Go's traces show it; "" where the file wasn't looked into
	Module      string // path of its main module; "" likewise

	Injectables []string      // registry names of what it offers, sorted; empty if it was rejected
	Effects     []string      // what its init functions change in their process, which is put back
	Offers      []Offer       // what it offers, described; also if it was rejected after the probe
	Duration    time.Duration // how long all stages took
	Err         *Error        // why it was not loaded; nil if it was

	signature []byte  // what was found with it, if that was looked for
	former    *Former // its content is this, whatever the file has

	given   int      // its number among the files that were given; 0: it was found in a folder
	private string   // path of the copy that was judged
	app     probeApp // what it learns of its host
}

// Load loads the plugins in all folders of o into r, and returns every plugin file that it
// found, in the order of loading. It rejects what it can before the first file is opened,
// so that the result doesn't depend on what was opened already; then it opens the others,
// one after another.
//
// The error is for what affects all plugins: a host that can't open plugins, a state
// folder that can't be used, wrong options, or the end of ctx. Files that were not
// reached then have no status.
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

// Inspect does what [Load] does, except that it opens no plugin in this process and adds
// nothing to r. The status of a plugin is Loaded if Load would open it.
func Inspect(ctx context.Context, o Options, r *registry.Registry) ([]Plugin, error) {
	return inspect(ctx, o, r, discover)
}

// InspectFiles is [Inspect] for the files at paths, in any folder, beside the plugins in the folders of o;
// of these, those are left out whose places the files would take, because they have their
// names. A file for which o has a policy or which is among the first ones is judged where
// [Load] would load it, the others after all plugins in the folders. The files must have the
// names of plugin files; they are the last of the result, in the order of paths.
func InspectFiles(ctx context.Context, o Options, r *registry.Registry, paths ...string) ([]Plugin, error) {
	return inspect(ctx, o, r, beside(paths))
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
	givenLast(plugins)
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
	if n := o.place(p.Name); n < len(o.Policies) {
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
