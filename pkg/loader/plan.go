package loader

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/loader/trust"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// loading is one call of [Load] or [Inspect].
type loading struct {
	Options
	trust    trust.Rule
	level    *semver.Version
	registry *registry.Registry
	sums     *checksums
	copies   *copies
	cache    *probeCache
	instead  bool // the state folder is not used

	// What the process will be when all that is accepted is opened, in this order.
	accepted []candidate
	process  *preflight.Process
	owners   map[string]string // of registry names
}

// candidate is a plugin that nothing speaks against before it is opened.
type candidate struct {
	number  int    // among the plugins
	private string // path of the copy
	image   *preflight.Image
	app     api.AppConfig
}

// plan judges all files that find yields, in the order in which they will be loaded, each against
// the host and those before it that were accepted. Nothing is opened, so that a
// conflict between two plugins is found, and decided by their order, while it can
// do no harm. The caller holds the lock.
func plan(ctx context.Context, o Options, r *registry.Registry, find func(Options, *registry.Registry) ([]Plugin, error)) (*loading, []Plugin, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	level, err := semver.StrictNewVersion(o.APIVersion)
	if err != nil {
		return nil, nil, fmt.Errorf("the host's API level %q: %w", o.APIVersion, err)
	}
	if !probeServed.Load() {
		return nil, nil, errors.New("this host can't try plugins: its main has to call loader.ServeProbe first")
	}
	if err := opened.selfCheck(); err != nil {
		return nil, nil, err
	}
	plugins, err := find(o, r)
	if err != nil {
		return nil, nil, err
	}
	l := &loading{Options: o, trust: trust.Of(o.TrustGroup), level: level, registry: r, owners: make(map[string]string)}
	for _, name := range r.Names() {
		entry, _ := r.Find(name)
		l.owners[name] = entry.Plugin
	}
	if !slices.ContainsFunc(plugins, func(p Plugin) bool { return p.Err == nil }) {
		return l, plugins, nil
	}
	if l.process, err = opened.forecast(); err != nil {
		return nil, plugins, err
	}
	if err := l.openState(); err != nil {
		return nil, plugins, err
	}
	for n := range plugins {
		p := &plugins[n]
		if p.Err != nil {
			continue
		}
		start := time.Now()
		c, err := l.assess(ctx, p)
		if hasCode(err, CodeStateDir) && l.mayUseInstead() {
			if err = l.useInstead(err); err == nil {
				c, err = l.assess(ctx, p)
			}
		}
		p.Duration = time.Since(start)
		switch {
		case ctx.Err() != nil:
			return nil, plugins, ctx.Err()
		case hasCode(err, CodeStateDir):
			return nil, plugins, err
		case err != nil:
			p.Status, p.Err = Rejected, asError(err)
		default:
			c.number = n
			l.accepted = append(l.accepted, c)
		}
	}
	return l, plugins, nil
}

// assess takes one plugin through all stages between discovery and opening, and
// fills in what it learns on the way, also when it fails.
func (l *loading) assess(ctx context.Context, p *Plugin) (candidate, error) {
	if p.Size > preflight.MaxSize { // to hash it would take minutes, and its copy could fill the disk
		if _, err := readImage(p, p.Path); err != nil {
			return candidate{}, err
		}
	}
	private, err := l.verify(p)
	if err != nil {
		return candidate{}, err
	}
	if l.Crashed != nil {
		switch reason, retry, crashed := l.Crashed(p.SHA256); {
		case crashed && retry == "":
			return candidate{}, p.errorf(StageOpen, CodeHostCrashed, "get a version that doesn't, or take it out of the plugin folder", "%s", reason)
		case crashed:
			return candidate{}, p.errorf(StageOpen, CodeHostCrashed, "get a version that doesn't, or, if the cause was another one, run: "+retry, "%s", reason)
		}
	}
	c := candidate{private: private, app: l.app(p)}
	p.private, p.app = private, probeAppOf(c.app)
	var found *report
	if before, known := opened.bySHA256[p.SHA256]; known {
		if err := before.usable(p); err != nil {
			return c, err
		}
		if found, _, err = examine(p, before.create, c.app, l.probeTimeout()); err != nil {
			return c, err
		}
	} else {
		if c.image, err = readImage(p, private); err != nil {
			return c, err
		}
		p.ImportPath, p.Module = c.image.PluginPath, c.image.Build.Main.Path
		if err = check(p, c.image, l.process); err != nil {
			return c, err
		}
		if found, err = l.probe(ctx, p, private, c.app); err != nil {
			return c, err
		}
	}
	names := p.describe(found, l.Separator)
	if err := l.refuseEffects(p, StageProbe, found.Effects); err != nil {
		return c, err
	}
	if err := l.admit(p, found.Metadata, names, l.owners); err != nil {
		return c, err
	}
	p.Injectables = names
	for _, name := range names {
		l.owners[name] = p.Name
	}
	if c.image != nil {
		l.process.Opened(c.image)
	}
	return c, nil
}

// describe notes what the plugin says of itself, and returns the names of its
// injectables in the registry.
func (p *Plugin) describe(found *report, separator string) []string {
	p.Version, p.API, p.Description = found.Metadata.Version, found.Metadata.API, found.Metadata.Description
	p.Effects = found.Effects
	p.Offers = slices.Clone(found.Offers)
	names := make([]string, len(p.Offers))
	for n := range p.Offers {
		names[n] = p.Prefix + separator + p.Offers[n].Name
		p.Offers[n].Name = names[n]
	}
	slices.SortStableFunc(p.Offers, func(a, b Offer) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(names)
	return names
}

// openState opens the state folder, or what stands in for it.
func (l *loading) openState() error {
	failure := l.mayMakeState()
	if failure == nil {
		var s stateFolder
		if s, failure = openState(l.StateDir, l.trust); failure == nil {
			failure = l.use(s)
		}
	}
	if failure != nil && l.mayUseInstead() {
		failure = l.useInstead(failure)
	}
	return failure
}

// mayUseInstead is false for the work of a service, and where that is used already.
func (l *loading) mayUseInstead() bool { return l.Instead != nil && !l.instead }

// useInstead goes on without the state folder, for the reason given.
func (l *loading) useInstead(reason error) error {
	l.Logger.Debug("the state folder is not used", "path", l.StateDir, "err", errors.Unwrap(reason))
	s, failure := l.Instead.open(l.Options, l.trust)
	if failure != nil {
		return failure
	}
	l.StateDir, l.instead = s.dir, true
	return l.use(s)
}

// mayMakeState keeps root, where it only looks, from making a folder that the service
// could then not use.
func (l *loading) mayMakeState() error {
	if l.Instead == nil || l.trust.UID != 0 {
		return nil
	}
	if _, err := os.Stat(l.StateDir); errors.Is(err, fs.ErrNotExist) {
		return stateFolder{dir: l.StateDir, trust: l.trust}.unusable(l.StateDir, err)
	}
	return nil
}

func (l *loading) use(s stateFolder) (failure error) {
	if l.sums, failure = openChecksums(s, l.Logger); failure != nil {
		return failure
	}
	if l.copies, failure = openCopies(s, l.sums); failure != nil {
		return failure
	}
	l.cache, failure = openProbeCache(s, l.sums, l.Logger)
	return failure
}
