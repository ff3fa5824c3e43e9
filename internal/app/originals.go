package app

import (
	"bytes"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/base/decision"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/lastgood"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// originals are the files that a configuration names, with the content that counts: each is read
// once. Of one that is used instead of what is there, they have the content that they had then.
type originals struct {
	mu      sync.Mutex
	named   map[string][]byte // by their whole paths
	secrets map[string][]byte
	instead *lastgood.Configuration // nil: what is there is used
	held    []lastgood.File         // that are there
	dotEnv  []lastgood.File
}

func keep(into *map[string][]byte, path string, content []byte) {
	if *into == nil {
		*into = make(map[string][]byte)
	}
	(*into)[path] = content
}

// named returns the content of a file that belongs to the configuration.
func (a *Setup) named(path string) ([]byte, error) {
	o := &a.originals
	o.mu.Lock()
	defer o.mu.Unlock()
	path = a.settings.Abs(path)
	if content, known := o.named[path]; known {
		return content, nil
	}
	file, err := files.Regular(path, decision.MostTable)
	if err != nil {
		return nil, err
	}
	keep(&o.named, path, file.Data)
	return file.Data, nil
}

// written reports whether a text stands in the configuration or in a table that it names, so that
// everybody who reads messages may read it.
func (a *Setup) written(text string) bool {
	within := func(content []byte) bool { return bytes.Contains(content, []byte(text)) }
	if slices.ContainsFunc(a.Sources, func(s config.Source) bool { return within(s.Data) }) {
		return true
	}
	o := &a.originals
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, content := range o.named {
		if within(content) {
			return true
		}
	}
	return false
}

// openSecretFile is that of the settings. A file that can't be read now has what it had when
// the configuration that is used instead was read.
func (a *Setup) openSecretFile(from, path string) (config.SecretFile, error) {
	file, err := a.settings.openSecretFile(from, path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(a.settings.Abs(from)), path)
	}
	o := &a.originals
	if err == nil {
		keep(&o.secrets, path, []byte(file.Content))
		return file, nil
	}
	if o.instead != nil {
		if content, known := o.instead.Secrets[path]; known {
			return config.SecretFile{Content: string(content)}, nil
		}
	}
	return file, err
}

// readInstead returns what a configuration is read from that is used instead of the one that is
// there: what that says of trust and of bounds holds all the same. A file of it that can't be read
// says what it said before.
func (a *Setup) readInstead(ctx context.Context, c *lastgood.Configuration, o config.Options) (config.Options, error) {
	a.originals.instead, a.originals.named = c, maps.Clone(c.Named)
	mark := " (as it was on " + c.Time.Local().Format(time.DateTime) + ")" // it stands in the same folder
	was := func(f lastgood.File) config.Source { return config.Source{Name: f.Path + mark, Data: f.Data} }
	for _, f := range c.Sources {
		o.Files = append(o.Files, was(f))
	}
	var dotEnv []config.Source
	var there []config.Source
	names, read, _ := a.settings.configNames() // where there is none, the sources say all
	for n, name := range names {
		source, err := read(ctx, name)
		if source.Name == "" {
			source.Name = name
		}
		path := a.settings.Abs(source.Name)
		if err != nil || !config.Readable(source) {
			f := c.Of(path)
			if f == nil {
				continue
			}
			source = was(*f)
		}
		there = append(there, source)
		a.originals.held = append(a.originals.held, lastgood.File{Path: path, Data: source.Data})
		if n == 0 {
			dotEnv, _ = a.settings.dotEnv(name)
		}
	}
	if len(dotEnv) > 0 && config.DotEnvReadable(dotEnv[0]) {
		o.DotEnv, a.originals.dotEnv = dotEnv, a.settings.whole(dotEnv)
	}
	for _, f := range c.DotEnv { // the first one that has a name counts
		o.DotEnv = append(o.DotEnv, was(f))
	}
	a.originals.dotEnv = append(a.originals.dotEnv, c.DotEnv...)
	a.Sources = append(o.Files, there...)
	before, _ := config.Read(o)
	present := o
	present.Files = there
	held, mistakes := config.Read(present)
	if before == nil || held == nil {
		return o, nil
	}
	if a.Diagnostics = held.Holds(mistakes, before); len(a.Diagnostics) > 0 {
		return o, a.diagnosticsError(CodeUsage)
	}
	o.Held = held
	return o, nil
}

// whole are sources with their whole paths.
func (s Settings) whole(list []config.Source) (all []lastgood.File) {
	for _, source := range list {
		all = append(all, lastgood.File{Path: s.Abs(source.Name), Data: source.Data})
	}
	return all
}

// original is what the configuration was read from.
func (a *Setup) original() lastgood.Configuration {
	o := &a.originals
	o.mu.Lock()
	defer o.mu.Unlock()
	c := lastgood.Configuration{Time: time.Now(), Named: maps.Clone(o.named), Secrets: make(map[string][]byte), DotEnv: o.dotEnv}
	if i := o.instead; i != nil {
		c.Time, c.Sources, c.Held = i.Time, i.Sources, o.held
		maps.Copy(c.Secrets, i.Secrets)
	} else {
		c.Sources = a.settings.whole(a.Sources)
	}
	maps.Copy(c.Secrets, o.secrets)
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Loaded {
			k := p.Former()
			c.Plugins = append(c.Plugins, lastgood.Plugin{Path: k.Path, SHA256: k.SHA256, Signature: k.Signature})
		}
	}
	return c
}

// formerPlugins are those of what is used instead of what is there; nil: the files that are there.
func (a *Setup) formerPlugins() (list []loader.Former) {
	if c := a.originals.instead; c != nil {
		for _, p := range c.Plugins {
			list = append(list, loader.Former{Path: p.Path, SHA256: p.SHA256, Signature: p.Signature})
		}
	}
	return list
}
