package plugins

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// crashFolder is where the state folder keeps what is known of dead workers; it may not exist.
func crashFolder(s app.Settings) (string, error) {
	options, err := app.PluginLoad{Settings: s}.Options()
	return filepath.Join(options.StateDir, crashes.Subfolder), err
}

// remembered is what is known of plugin files. What can't be read is unknown to who only looks.
func remembered(s app.Settings) crashes.Memory {
	dir, err := crashFolder(s)
	if err != nil {
		return crashes.Memory{}
	}
	memory, _ := crashes.Recall(dir)
	return memory
}

// RefusedForCrashes are the names of the plugins that are refused because they ended a worker.
func RefusedForCrashes(s app.Settings) []string {
	names := make(map[string]bool)
	for _, known := range remembered(s).Plugins {
		if known.Refused != nil {
			names[known.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Crashed are the names of the plugins that ended a worker, or may have.
func Crashed(s app.Settings) []string {
	names := make(map[string]bool)
	for _, known := range remembered(s).Plugins {
		if known.Refused != nil || known.Crashes > 0 {
			names[known.Name] = true
		}
	}
	if dir, err := crashFolder(s); err == nil {
		deaths, _ := crashes.Deaths(dir)
		for _, d := range deaths {
			for _, p := range blamed(d) {
				names[p.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// blamed are the plugins that a death is put down to, or may be.
func blamed(d crashes.Death) []crashes.Plugin {
	if d.Plugin != nil {
		return []crashes.Plugin{*d.Plugin}
	}
	return d.Suspects
}
