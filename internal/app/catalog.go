package app

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// catalog shows the configuration what the loaded plugins offer.
type catalog struct {
	registry *registry.Registry
	plugins  []loader.Plugin
	dirs     []string

	refused []string // plugins that something in the configuration needs
}

var rendererType = reflect.TypeFor[api.TemplateRenderer]()

func (c *catalog) Find(use string) (config.Component, bool) {
	entry, ok := c.registry.Find(use)
	if !ok {
		return config.Component{}, false
	}
	i := entry.Injectable
	spec, err := params.Describe(i.Params)
	if err != nil {
		return config.Component{}, false
	}
	component := config.Component{Params: spec}
	if i.Provides != nil {
		component.Service = true
		component.Renderer = i.Provides.Implements(rendererType)
		component.Fits = func(need *params.Spec) error {
			if i.Provides.Implements(need.Type()) {
				return nil
			}
			return fmt.Errorf("%s is no %s", use, need.Interface)
		}
	}
	return component, true
}

func (c *catalog) Names() []string { return c.registry.Names() }

// Missing says why nothing offers use, where a plugin that would was refused or
// where there are no plugins at all.
func (c *catalog) Missing(use string) string {
	prefix, _, _ := strings.Cut(use, ":")
	for _, p := range c.plugins {
		if p.Err == nil || !strings.EqualFold(p.Prefix, prefix) {
			continue
		}
		if p.Status != loader.Disabled {
			c.refused = append(c.refused, p.Package)
		}
		return "the plugin that would offer it is not loaded: " + p.Err.Error()
	}
	for _, p := range c.plugins {
		if p.Status == loader.Loaded {
			return ""
		}
	}
	if len(c.plugins) > 0 {
		return ""
	}
	if len(c.dirs) == 0 {
		return "there is no plugin folder; name one with --plugin-dir"
	}
	return fmt.Sprintf("there is no plugin (a file otai_*.so) in %s", strings.Join(c.dirs, " and "))
}

// pluginPrefix is the registry prefix of a package: "otai_otobo_znuny" gives
// "otobo-znuny".
func pluginPrefix(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, "_", "-"), namePrefix)
}
