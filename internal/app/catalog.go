package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Catalog shows the configuration what there is: the injectables of plugins in
// this process, and what a probe reported of those that are not opened in it.
type Catalog struct {
	Registry *registry.Registry
	Plugins  []loader.Plugin
	Dirs     []string
	Refused  []string // plugins that something in the configuration needs

	ask func(loader.Plugin, []loader.ParamsCheck) ([][]params.Diagnostic, error) // nil: all code is in this process

	checking func(use string) // is called with the use whose Validate is about to run; nil: nobody wants to know

	known  map[string]catalog.Component
	failed error // of asking plugins
}

var rendererMethods = loader.Methods(reflect.TypeFor[api.TemplateRenderer]())

func (c *Catalog) Find(use string) (catalog.Component, bool) {
	component, ok := c.known[use]
	if ok {
		return component, true
	}
	offer, ok := c.offer(use)
	if !ok {
		return catalog.Component{}, false
	}
	keys, kinds := catalog.Yields(offer.Labels)
	component = catalog.Component{
		Service: offer.Service, Plugin: c.whose(use), Doc: offer.Doc, Labels: offer.Labels, Params: offer.Params, Methods: offer.Methods, Needs: offer.Needs,
		Renderer: offer.Service && loader.MissingMethod(offer.Methods, rendererMethods) == "",
		Yields:   keys, YieldKinds: kinds,
	}
	if c.known == nil {
		c.known = make(map[string]catalog.Component)
	}
	c.known[use] = component
	return component, true
}

// whose is the plugin that offers a use, with its file; "" for the built-in one.
func (c *Catalog) whose(use string) string {
	prefix, _, _ := strings.Cut(use, separator)
	for _, p := range c.Plugins {
		if p.Prefix == prefix && p.Status == loader.Loaded {
			return p.Name + " in " + filepath.Base(p.Path)
		}
	}
	return ""
}

func (c *Catalog) offer(use string) (loader.Offer, bool) {
	if entry, ok := c.Registry.Find(use); ok {
		offer, err := loader.Describe(entry.Injectable)
		return offer, err == nil
	}
	for _, p := range c.Plugins {
		if p.Status != loader.Loaded {
			continue
		}
		at := slices.IndexFunc(p.Offers, func(o loader.Offer) bool { return o.Name == use })
		if at < 0 {
			continue
		}
		offer := p.Offers[at]
		spec, err := params.Restore(offer.Params)
		offer.Params = spec
		return offer, err == nil
	}
	return loader.Offer{}, false
}

func (c *Catalog) Names() []string {
	names := c.Registry.Names()
	for _, p := range c.Plugins {
		if p.Status == loader.Loaded {
			names = append(names, p.Injectables...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Checking reports whose Validate is about to run in this process.
func (c *Catalog) Checking(use string) {
	if c.checking != nil {
		c.checking(use)
	}
}

// CheckParams asks each plugin that is not opened here in a process of its own.
func (c *Catalog) CheckParams(questions []catalog.ParamsQuestion) [][]params.Diagnostic {
	answers := make([][]params.Diagnostic, len(questions))
	for _, p := range c.Plugins {
		var checks []loader.ParamsCheck
		var numbers []int
		for i, q := range questions {
			if c.ask != nil && p.Status == loader.Loaded && slices.Contains(p.Injectables, q.Use) {
				checks, numbers = append(checks, loader.ParamsCheck{Use: q.Use, Params: q.Params}), append(numbers, i)
			}
		}
		if len(checks) == 0 {
			continue
		}
		found, err := c.ask(p, checks)
		if err != nil {
			c.failed = errors.Join(c.failed, err)
			continue
		}
		for i, diags := range found {
			answers[numbers[i]] = append(answers[numbers[i]], diags...)
		}
	}
	return answers
}

// ask returns the way to ask plugins of l.
func (l PluginLoad) ask(ctx context.Context) func(loader.Plugin, []loader.ParamsCheck) ([][]params.Diagnostic, error) {
	return func(p loader.Plugin, checks []loader.ParamsCheck) ([][]params.Diagnostic, error) {
		options, err := l.Options()
		if err != nil {
			return nil, err
		}
		return loader.CheckParams(ctx, options, p, checks)
	}
}

// Missing says why nothing offers use, where a plugin that would was refused or
// where there are no plugins at all.
func (c *Catalog) Missing(use string) string {
	prefix, _, _ := strings.Cut(use, ":")
	for _, p := range c.Plugins {
		if p.Err == nil || !strings.EqualFold(p.Prefix, prefix) {
			continue
		}
		if p.Status != loader.Disabled {
			c.Refused = append(c.Refused, p.Package)
		}
		return "the plugin that would offer it is not loaded: " + p.Err.Error()
	}
	for _, p := range c.Plugins {
		if p.Status == loader.Loaded {
			return ""
		}
	}
	if len(c.Plugins) > 0 {
		return ""
	}
	if len(c.Dirs) == 0 {
		return "there is no plugin folder; name one with --plugin-dir"
	}
	return fmt.Sprintf("there is no plugin (a file otai_*.so) in %s", strings.Join(c.Dirs, " and "))
}

// pluginPrefix is the registry prefix of a package: "otai_otobo_znuny" gives
// "otobo-znuny".
func pluginPrefix(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, "_", "-"), namePrefix)
}

// PluginName is the full name of a plugin that people name, with or without what it begins with.
func PluginName(name string) string { return namePrefix + pluginPrefix(name) }
