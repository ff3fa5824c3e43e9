package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// bundled are the plugins that come with otai. They are loaded before those that the
// configuration doesn't name, so that no other plugin can keep them out.
var bundled = []string{"otai-hf-local", "otai-otobo-znuny"}

// ServeProbe is called by main before anything else; see [loader.ServeProbe].
func ServeProbe() bool { return loader.ServeProbe() }

// PluginLoad is what the plugins are to be loaded with.
type PluginLoad struct {
	Settings
	Logger     *slog.Logger
	Dirs       []string
	Policies   []config.Plugin
	Keys       loader.Keys
	FireAtOnce bool
	Locate     func(path string) string // nil without a configuration
	Instead    *loader.Temporary        // of a state folder that can't be used; nil: that is an error
	Only       []string                 // plugins; none: all that are there
	Opening    func(loader.Plugin)      // see [loader.Options]
	Former     []loader.Former          // likewise

	Clocks  *base.Clocks           // of triggers; nil: nobody wants to know
	Written func(text string) bool // see [base.Options]
	// Named reads a file that the configuration names and that belongs to it; nil: as it is.
	Named      func(path string) ([]byte, error)
	Classified func(by api.Classifier, texts int, took time.Duration, err error) // see [base.Options]
}

// An Opener takes the plugins of a folder into a registry: [loader.Load], or
// [loader.Inspect] to open none in this process.
type Opener func(context.Context, loader.Options, *registry.Registry) ([]loader.Plugin, error)

// Inspect is [PluginLoad.Load] for a command that opens no plugin and asks nothing of it
// afterwards.
func (l PluginLoad) Inspect(ctx context.Context, inspect Opener) (*Catalog, error) {
	l.Instead = &loader.Temporary{}
	offered, err := l.Load(ctx, inspect)
	return offered, ExitWith(CodeRun, errors.Join(err, l.Instead.Remove()))
}

// InspectPlugins returns what the plugins offer that the document asks for.
func (s Settings) InspectPlugins(ctx context.Context, d *config.Document) (*Catalog, error) {
	l, err := s.PluginsOf(d)
	if err != nil {
		return nil, err
	}
	return l.Inspect(ctx, loader.Inspect)
}

// PluginsOf returns what the plugins are loaded with that the document asks for, for a
// command that keeps no log.
func (s Settings) PluginsOf(d *config.Document) (PluginLoad, error) {
	keys, problems := s.trustedKeysOf(d)
	if problems.HasErrors() {
		return PluginLoad{}, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
	}
	return PluginLoad{
		Settings: s, Logger: slog.New(slog.DiscardHandler), Dirs: s.PluginFolders(d.PluginDirs), Policies: d.Plugins, Keys: keys,
	}, nil
}

// MakeTemporary makes a folder in which nobody else can change what a command works on
// meanwhile. Whoever asked for it removes it.
func (s Settings) MakeTemporary(prefix string) (string, error) {
	options, err := PluginLoad{Settings: s}.Options()
	if err != nil {
		return "", err
	}
	dir, err := loader.NewTemporary(prefix, options)
	return dir, ExitWith(CodePlugins, err)
}

// Load fills a registry with the built-in plugin and those in the folders. After an error
// the catalog has what was loaded until then.
func (l PluginLoad) Load(ctx context.Context, open Opener) (*Catalog, error) {
	offered := &Catalog{Registry: registry.New(separator), Dirs: l.Dirs}
	options, err := l.Options()
	if err != nil {
		return offered, err
	}
	builtin := base.New(l.Version, base.Options{FireAtOnce: l.FireAtOnce, Locate: l.Locate, Classified: l.Classified, Named: l.Named, Written: l.Written, Clocks: l.Clocks})
	about := api.AppConfig{
		Separator: separator, PluginPrefix: namePrefix, APIVersion: l.APILevel, HostVersion: l.Version,
		CacheDir: options.CacheDir, StateDir: options.StateDir, Logger: l.Logger,
	}
	if err := offered.Registry.Register(base.Name, pluginPrefix(base.Name), about, builtin.Injectables()); err != nil {
		return offered, ExitWith(CodeRun, err)
	}
	offered.Plugins, err = open(ctx, options, offered.Registry)
	if ctx.Err() != nil {
		return offered, ExitWith(CodeRun, err)
	}
	return offered, ExitWith(CodePlugins, err)
}

// Options are those of the loader.
func (l PluginLoad) Options() (loader.Options, error) {
	state, err := l.stateDir()
	if err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	options := loader.Options{
		Dirs: l.Dirs, StateDir: state, CacheDir: l.cacheDir(state),
		APIVersion: l.APILevel, HostVersion: l.Version, Separator: separator, Prefix: namePrefix,
		Logger: l.Logger, TrustedKeys: l.Keys, Instead: l.Instead, Signals: l.Signals, Opening: l.Opening, Former: l.Former, Crashed: l.crashed(state), Only: l.Only, First: bundled,
		Environ: l.Environ, Secret: secretname.Is,
	}
	if options.TrustGroup, err = l.TrustGroup(); err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	if options.ProbeTimeout, err = l.probeTimeout(); err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	for _, p := range l.Policies {
		policy := loader.Policy{
			Name: PluginName(p.Name), Disabled: p.Enabled != nil && !*p.Enabled,
			Version: p.Version, SHA256: p.SHA256, Signature: p.Signature, Env: p.Env, RefuseSideEffects: p.InitSideEffects == "refuse",
		}
		if policy.Signature != "" {
			policy.Signature = l.Abs(policy.Signature)
		}
		options.Policies = append(options.Policies, policy)
	}
	return options, nil
}

// probeTimeout is how long a plugin may take to describe itself; 0 leaves the
// loader's own choice.
func (s Settings) probeTimeout() (time.Duration, error) {
	const name = "OTAI_PROBE_TIMEOUT"
	text := s.env(name)
	if text == "" {
		return 0, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, fmt.Errorf("%s is %q and must be a time such as 10s", name, text)
	}
	return timeout, nil
}

// TrustGroup is whether the members of a file's group are trusted with it.
func (s Settings) TrustGroup() (bool, error) {
	const name = "OTAI_TRUST_GROUP"
	text := s.env(name)
	if text == "" {
		return false, nil
	}
	trusted, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s is %q and must be 1 or 0", name, text)
	}
	return trusted, nil
}

// trustedKeysOf reads the public keys that the configuration trusts.
func (s Settings) trustedKeysOf(d *config.Document) (loader.Keys, config.Diagnostics) {
	trustGroup, _ := s.TrustGroup() // whose error Options returns
	var keys loader.Keys
	var problems config.Diagnostics
	for n, text := range d.TrustedKeys {
		key, err := loader.ReadKeys([]string{text}, trustGroup)
		if err != nil {
			path := fmt.Sprintf("trusted_keys[%d]", n)
			problems = append(problems, problemAt(d, path, config.SeverityError, "bad-value", err.Error(), ""))
		}
		keys = append(keys, key...)
	}
	if len(keys) > 0 || len(d.TrustedKeys) > 0 {
		return keys, problems
	}
	for _, p := range d.Plugins {
		if p.Signature == "" {
			continue
		}
		path := p.Path + ".signature"
		problems = append(problems, problemAt(d, path, config.SeverityWarning, "unchecked-signature",
			"the signature is not checked, because there are no trusted_keys", "give the maker's public key in trusted_keys"))
	}
	return keys, problems
}
