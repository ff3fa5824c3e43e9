package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Reference lists all services and pipes that a configuration can use here, with
// every param: those of the built-in plugin, then those of the others by name.
func Reference(ctx context.Context, s Settings) ([]PluginOffer, error) {
	document, err := s.documentIfAny(ctx)
	if err != nil {
		return nil, err
	}
	keys, problems := s.trustedKeysOf(document)
	if problems.HasErrors() {
		return nil, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: problems}}
	}
	r, plugins, err := pluginLoad{
		Settings: s, logger: slog.New(slog.DiscardHandler), dirs: s.pluginDirs(document.PluginDirs), policies: document.Plugins, keys: keys,
	}.look(ctx, loader.Inspect)
	if err != nil {
		return nil, err
	}
	var list []PluginOffer
	for _, name := range r.Names() {
		entry, _ := r.Find(name)
		o, err := loader.Describe(entry.Injectable)
		if err != nil {
			return nil, ExitWith(CodeRun, err)
		}
		o.Name = name
		list = append(list, offerOf(o))
	}
	slices.SortFunc(plugins, func(a, b loader.Plugin) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range plugins {
		if p.Status != loader.Loaded {
			continue
		}
		for _, o := range p.Offers {
			list = append(list, offerOf(o))
		}
	}
	return list, nil
}
