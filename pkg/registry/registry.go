package registry

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Entry is a service or pipe with its name in the registry and the plugin that offers it.
type Entry struct {
	Name       string         // with prefix, as in "otobo-znuny:FetchTicketsPipe"
	Plugin     string         // the plugin's package name, as in "otai-otobo-znuny"
	Injectable api.Injectable // the service or pipe, as the plugin describes it
	App        api.AppConfig  // what the plugin's CreatePlugin was called with
}

// Registry contains the services and pipes of all plugins. [New] makes one. It is safe
// for concurrent use.
type Registry struct {
	separator string

	mu      sync.RWMutex
	entries map[string]Entry
}

// New returns an empty registry. separator stands between a plugin's prefix and the name
// of its service or pipe: ":".
func New(separator string) *Registry {
	return &Registry{separator: separator, entries: make(map[string]Entry)}
}

// DuplicateError reports that two plugins offer the same name, or one plugin offers it
// twice.
type DuplicateError struct {
	Name   string // with prefix, as in Entry
	First  string // package name of the plugin that is registered under this name
	Second string // package name of the plugin that was rejected; it may be First
}

func (e *DuplicateError) Error() string {
	if e.First == e.Second {
		return fmt.Sprintf("%s offers %q twice; give one of them another name", e.First, e.Name)
	}
	return fmt.Sprintf("%q is offered by both %s and %s; remove one of the two plugins", e.Name, e.First, e.Second)
}

// Register adds everything in list, which is what a plugin offers, with the names
// prefix:NAME. If one of these names is taken, it adds nothing and returns a
// [*DuplicateError]. plugin is the package name ("otai-otobo-znuny"), prefix the
// beginning of the names ("otobo-znuny"), and app what CreatePlugin was called with.
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

// Find returns the entry with that name, which includes the prefix, and whether there is
// one.
func (r *Registry) Find(name string) (Entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	entry, ok := r.entries[name]
	return entry, ok
}

// Names returns the names of all entries, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.entries))
}
