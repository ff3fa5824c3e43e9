package loader

import (
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Two plugins can have neither the same file name, nor the same prefix, nor an injectable
// of the same name: the first one has it, and the other is rejected.

// takenPrefixes lists the prefixes that are taken before any file is looked at, as
// the host's own plugin takes "base".
func takenPrefixes(r *registry.Registry, separator string) map[string]string {
	owners := make(map[string]string)
	for _, name := range r.Names() {
		if prefix, _, ok := strings.Cut(name, separator); ok {
			entry, _ := r.Find(name)
			owners[prefix] = entry.Plugin
		}
	}
	return owners
}

// takePrefix gives the plugin its prefix, unless another one has it. owners maps each
// prefix to the file or plugin that has it.
func (p *Plugin) takePrefix(owners map[string]string) error {
	owner, taken := owners[p.Prefix]
	switch {
	case taken && filepath.Base(owner) == filepath.Base(p.Path):
		return because(owner, p.errorf(StageDiscover, CodeDuplicateName, "remove one of the two files",
			"%s, found in an earlier plugin folder, has the same name and comes first", owner))
	case taken:
		return because(owner, p.errorf(StageDiscover, CodePrefixConflict, "rename or remove one of the two",
			"the prefix %q belongs to %s already", p.Prefix, owner))
	}
	owners[p.Prefix] = p.Path
	return nil
}

// checkNames checks the names of the plugin's injectables. taken maps names in the
// registry to the plugins that have them.
func (p *Plugin) checkNames(names []string, taken map[string]string) error {
	own := make(map[string]bool, len(names))
	for _, name := range names {
		if own[name] {
			return p.errorf(StageAdmit, CodeDuplicateInjectable, "give one of the two another name", "%q is offered by it twice", name)
		}
		own[name] = true
		if owner, ok := taken[name]; ok {
			return because(owner, p.errorf(StageAdmit, CodeDuplicateInjectable, "remove one of the two plugins", "%q is offered by %s already", name, owner))
		}
	}
	return nil
}

// because notes the plugin that is the cause of a rejection.
func because(owner string, err error) error {
	asError(err).Other = owner
	return err
}
