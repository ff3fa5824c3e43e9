package registry

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Entry is what a name refers to.
type Entry struct {
	Name       string // with prefix, as in "otobo-znuny:FetchTicketsPipe"
	Plugin     string // the plugin's package name, as in "otai-otobo-znuny"
	Injectable api.Injectable
	App        api.AppConfig // what the plugin was created with
}

// Registry has the services and pipes of all plugins. It may be used by several
// goroutines.
type Registry struct {
	separator string

	mu      sync.RWMutex
	entries map[string]Entry
}

// New returns an empty registry, with the separator between the prefix of a plugin and
// the name of an injectable.
func New(separator string) *Registry {
	return &Registry{separator: separator, entries: make(map[string]Entry)}
}

// DuplicateError says that two plugins, or one plugin twice, offer the same name.
type DuplicateError struct {
	Name   string // with prefix
	First  string // package name of the plugin that has the name
	Second string // package name of the plugin that was rejected
}

func (e *DuplicateError) Error() string {
	if e.First == e.Second {
		return fmt.Sprintf("%s offers %q twice; give one of them another name", e.First, e.Name)
	}
	return fmt.Sprintf("%q is offered by both %s and %s; remove one of the two plugins", e.Name, e.First, e.Second)
}

// Register adds everything that a plugin offers. If one of the names is taken, it adds
// nothing and returns a [*DuplicateError]. plugin is the package name, prefix what the
// names begin with ("otobo-znuny").
func (r *Registry) Register(plugin, prefix string, app api.AppConfig, list []api.Injectable) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := make(map[string]Entry, len(list))
	for _, injectable := range list {
		name := prefix + r.separator + injectable.Name
		if _, twice := added[name]; twice {
			return &DuplicateError{Name: name, First: plugin, Second: plugin}
		}
		if taken, ok := r.entries[name]; ok {
			return &DuplicateError{Name: name, First: taken.Plugin, Second: plugin}
		}
		added[name] = Entry{Name: name, Plugin: plugin, Injectable: injectable, App: app}
	}
	maps.Copy(r.entries, added)
	return nil
}

// Find returns what a name refers to.
func (r *Registry) Find(name string) (Entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	entry, ok := r.entries[name]
	return entry, ok
}

// Names returns all names, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.entries))
}
