package loader

import (
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

// hyphens makes names comparable: a file name has underscores where a
// configuration has hyphens.
func hyphens(name string) string { return strings.ReplaceAll(name, "_", "-") }

// filePattern returns how the names of plugin files begin and end.
func filePattern(prefix string) (begin, end string) {
	return strings.ReplaceAll(prefix, "-", "_"), ".so"
}

// named derives the names of a plugin from its file's name. ok is false when a
// configuration couldn't spell them.
func named(file, prefix string) (p Plugin, ok bool) {
	begin, end := filePattern(prefix)
	p.Package = strings.TrimSuffix(file, end)
	p.Name = hyphens(p.Package)
	p.Prefix = hyphens(strings.TrimPrefix(p.Package, begin))
	return p, pluginname.Valid(strings.TrimPrefix(p.Package, begin))
}
