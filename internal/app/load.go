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
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// ServeProbe is called by main before anything else; see [loader.ServeProbe].
func ServeProbe() bool { return loader.ServeProbe() }

// pluginLoad is what the plugins are to be loaded with.
type pluginLoad struct {
	Settings
	logger     *slog.Logger
	dirs       []string
	policies   []config.Plugin
	keys       loader.Keys
	fireAtOnce bool
	locate     func(path string) string // nil without a configuration
	instead    *loader.Temporary        // of a state folder that can't be used; nil: that is an error
}

// look is run for a command that opens no plugin and asks nothing of it afterwards.
func (l pluginLoad) look(ctx context.Context, inspect func(context.Context, loader.Options, *registry.Registry) ([]loader.Plugin, error)) (*registry.Registry, []loader.Plugin, error) {
	l.instead = &loader.Temporary{}
	r, plugins, err := l.run(ctx, inspect)
	return r, plugins, ExitWith(CodeRun, withCleanup(err, l.instead.Remove()))
}

// makeTemporary makes a folder in which nobody else can change what a command works on
// meanwhile. Whoever asked for it removes it.
func (s Settings) makeTemporary(prefix string) (string, error) {
	options, err := pluginLoad{Settings: s}.options()
	if err != nil {
		return "", err
	}
	dir, err := loader.NewTemporary(prefix, options)
	return dir, ExitWith(CodePlugins, err)
}

// withCleanup adds what went wrong afterwards.
func withCleanup(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}

// run fills a registry with the built-in plugin and those in the folders. load is
// [loader.Load], or [loader.Inspect] to open none.
func (l pluginLoad) run(ctx context.Context, load func(context.Context, loader.Options, *registry.Registry) ([]loader.Plugin, error)) (*registry.Registry, []loader.Plugin, error) {
	options, err := l.options()
	if err != nil {
		return nil, nil, err
	}
	r := registry.New(separator)
	builtin := base.New(l.Version, base.Options{FireAtOnce: l.fireAtOnce, Locate: l.locate})
	about := api.AppConfig{
		Separator: separator, PluginPrefix: namePrefix, APIVersion: l.APILevel, HostVersion: l.Version,
		CacheDir: options.CacheDir, StateDir: options.StateDir, Logger: l.logger,
	}
	if err := r.Register(base.Name, pluginPrefix(base.Name), about, builtin.Injectables()); err != nil {
		return nil, nil, ExitWith(CodeRun, err)
	}
	plugins, err := load(ctx, options, r)
	if ctx.Err() != nil {
		return r, plugins, ExitWith(CodeRun, err)
	}
	return r, plugins, ExitWith(CodePlugins, err)
}

// options are what the loader is told.
func (l pluginLoad) options() (loader.Options, error) {
	state, err := l.stateDir()
	if err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	options := loader.Options{
		Dirs: l.dirs, StateDir: state, CacheDir: l.cacheDir(state),
		APIVersion: l.APILevel, HostVersion: l.Version, Separator: separator, Prefix: namePrefix,
		Logger: l.logger, TrustedKeys: l.keys, Instead: l.instead,
	}
	if options.TrustGroup, err = l.trustGroup(); err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	if options.ProbeTimeout, err = l.probeTimeout(); err != nil {
		return loader.Options{}, ExitWith(CodeUsage, err)
	}
	for _, p := range l.policies {
		policy := loader.Policy{
			Name: namePrefix + pluginPrefix(p.Name), Disabled: p.Enabled != nil && !*p.Enabled,
			Version: p.Version, SHA256: p.SHA256, Signature: p.Signature,
		}
		if policy.Signature != "" {
			policy.Signature = l.abs(policy.Signature)
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

// trustGroup is whether the members of a file's group are trusted with it.
func (s Settings) trustGroup() (bool, error) {
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
	trustGroup, _ := s.trustGroup() // whose error the loading tells
	var keys loader.Keys
	var problems config.Diagnostics
	for n, text := range d.TrustedKeys {
		key, err := loader.ReadKeys([]string{text}, trustGroup)
		if err != nil {
			path := fmt.Sprintf("trusted_keys[%d]", n)
			at := d.Locate(path)
			problems = append(problems, config.Diagnostic{
				File: at.File, Line: at.Line, Column: at.Column, Path: path,
				Severity: config.SeverityError, Code: "bad-value", Message: err.Error(),
			})
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
		at := d.Locate(path)
		problems = append(problems, config.Diagnostic{
			File: at.File, Line: at.Line, Column: at.Column, Path: path,
			Severity: config.SeverityWarning, Code: "unchecked-signature",
			Message: "the signature is not checked, because there are no trusted_keys", Hint: "give the maker's public key in trusted_keys",
		})
	}
	return keys, problems
}
