package config

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
)

// A mistake in what a configuration says about plugins leaves open which file is
// meant, or trusted. Such plugins are not opened, and what they would offer is not
// judged; all else is.
type doubts struct {
	all     bool
	plugins map[string]bool // by their folded names
}

// RefusedPlugin is the code of an error about a plugin that is there and was not
// loaded.
const RefusedPlugin = "refused-plugin"

// foldedName is the same for all forms that a plugin's name may have, and the prefix
// of what it offers.
func foldedName(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, "_", "-"), "otai-")
}

// Doubt takes the plugins that these errors are about for unknown from now on.
func (d *Document) Doubt(diags Diagnostics) {
	for _, p := range diags {
		entry, _, listed := strings.Cut(p.Path, "]")
		listed = listed && strings.HasPrefix(p.Path, "plugins[")
		// A misspelled key that could be put right is not among the unknown ones.
		key, _, _ := strings.Cut(p.Path, "[")
		whole := strings.HasPrefix(key, "plugin") && !listed && (slices.Contains(vocabulary.DocumentKeys, key) || slices.Contains(d.unknownKeys, key))
		switch {
		case p.Severity != SeverityError:
		case strings.HasPrefix(p.Path, "trusted_keys"), whole:
			d.doubts.all = true
		case !listed || strings.HasSuffix(p.Path, "].required"), strings.HasSuffix(p.Path, "].version") && p.Code != RefusedPlugin: // the file is known
		default:
			name := d.pluginNames[entry+"]"]
			if name == "" {
				d.doubts.all = true
				continue
			}
			if d.doubts.plugins == nil {
				d.doubts.plugins = map[string]bool{}
			}
			d.doubts.plugins[foldedName(name)] = true
		}
	}
}

// Doubtful reports whether a plugin, named in any form, must not be touched because
// the configuration has a mistake about it; "" asks whether that is so for all.
func (d *Document) Doubtful(plugin string) bool {
	return d.doubts.all || d.doubts.plugins[foldedName(plugin)]
}
