package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// checkPluginVersions finds constraints on plugins that can't be read.
func checkPluginVersions(d *config.Document) config.Diagnostics {
	var problems config.Diagnostics
	for _, p := range d.Plugins {
		if p.Version == "" {
			continue
		}
		if _, err := semver.NewConstraint(p.Version); err != nil {
			path := p.Path + ".version"
			problems = append(problems, problemAt(d, path, config.SeverityError, "bad-constraint",
				fmt.Sprintf("%q is not a constraint on a version", p.Version), `write it as in ">=1.2 <2", or leave it out for any version`))
		}
	}
	return problems
}

// undoubted returns the policies, with those plugins disabled that the configuration
// leaves in doubt: they must not be touched. A
// version that can't be read is reported, and what else is wrong can still be reported.
func undoubted(d *config.Document) []config.Plugin {
	policies := slices.Clone(d.Plugins)
	for i := range policies {
		if d.Doubtful(policies[i].Name) {
			policies[i].Enabled = new(bool)
		}
		if _, err := semver.NewConstraint(policies[i].Version); err != nil {
			policies[i].Version = ""
		}
	}
	return policies
}

// unloadedPlugins reports the plugins that the configuration names and that are not
// there, or not as it wants them. refused is true where one of them is required or
// used.
func (a *Setup) unloadedPlugins() (problems config.Diagnostics, refused bool) {
	d := a.Document
	names := []string{base.Name}
	for _, p := range a.Catalog.Plugins {
		names = append(names, p.Name)
	}
	for _, wanted := range d.Plugins {
		prefix := pluginPrefix(wanted.Name)
		if prefix == pluginPrefix(base.Name) || d.Doubtful(wanted.Name) {
			continue
		}
		required := wanted.Required != nil && *wanted.Required
		at := slices.IndexFunc(a.Catalog.Plugins, func(p loader.Plugin) bool { return p.Prefix == prefix })
		path := wanted.Path + ".name"
		if at < 0 {
			// The pin of a name that is misspelled protects nothing.
			severity, message := config.SeverityWarning, fmt.Sprintf("there is no file of a plugin %s in the plugin folders", wanted.Name)
			if required {
				severity, message, refused = config.SeverityError, fmt.Sprintf("the plugin %s is required and there is no such file in the plugin folders", wanted.Name), true
			}
			hint := ""
			if near := params.Near(wanted.Name, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			problems = append(problems, problemAt(d, path, severity, "unknown-plugin", message, hint))
			continue
		}
		p := a.Catalog.Plugins[at]
		key, broken := brokenPolicy(p, wanted)
		if p.Status == loader.Loaded || !required && (!broken || !a.used(prefix)) {
			continue
		}
		message := "the plugin %s was not loaded: %v"
		if required {
			message = "the plugin %s is required and was not loaded: %v"
		}
		if broken {
			path = wanted.Path + "." + key
		}
		problems, refused = append(problems, problemAt(d, path, config.SeverityError, config.RefusedPlugin, fmt.Sprintf(message, wanted.Name, p.Err), "")), true
	}
	return problems, refused
}

// brokenPolicy is the key of the policy that a plugin was refused for.
func brokenPolicy(p loader.Plugin, wanted config.Plugin) (key string, broken bool) {
	if p.Err == nil {
		return "", false
	}
	switch p.Err.Code {
	case loader.CodeVersionConstraint:
		return "version", wanted.Version != ""
	case loader.CodeChecksumMismatch:
		return "sha256", wanted.SHA256 != ""
	case loader.CodeSignatureInvalid, loader.CodeUnsigned:
		return "signature", wanted.Signature != ""
	}
	return "", false
}

// used reports whether something of the configuration uses what a plugin offers.
func (a *Setup) used(prefix string) bool {
	of := func(use string) bool { return strings.HasPrefix(use, prefix+separator) }
	return slices.ContainsFunc(a.Document.Services, func(s config.Service) bool { return of(s.Use) }) ||
		slices.ContainsFunc(flow.Pipes(a.Document.Orchestrator), func(p *flow.Pipe) bool { return of(p.Use) })
}

// PluginOf is the name of the plugin that would offer a use; none if nothing in it says so.
func PluginOf(use string) []string {
	prefix, _, ok := strings.Cut(use, separator)
	if !ok {
		return nil
	}
	return []string{PluginName(prefix)}
}
