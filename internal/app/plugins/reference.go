package plugins

import (
	"context"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Reference lists all services and pipes that a configuration can use here, with
// every param: those of the built-in plugin, then those of the others by name.
func Reference(ctx context.Context, s app.Settings) ([]Offer, error) {
	document, err := s.DocumentIfAny(ctx)
	if err != nil {
		return nil, err
	}
	offered, err := s.InspectPlugins(ctx, document)
	if err != nil {
		return nil, err
	}
	var list []Offer
	for _, name := range offered.Registry.Names() {
		entry, _ := offered.Registry.Find(name)
		o, err := loader.Describe(entry.Injectable)
		if err != nil {
			return nil, app.ExitWith(app.CodeRun, err)
		}
		o.Name = name
		list = append(list, offerOf(o))
	}
	plugins := slices.SortedFunc(slices.Values(offered.Plugins), func(a, b loader.Plugin) int { return strings.Compare(a.Name, b.Name) })
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
