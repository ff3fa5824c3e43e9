package plugins

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Retry has a plugin opened again that is refused because it ended a worker, from the next
// start of otai on. It returns the plugin's name.
func Retry(s app.Settings, name string) (string, error) {
	name = app.PluginName(name)
	options, err := app.PluginLoad{Settings: s}.Options()
	if err != nil {
		return name, err
	}
	if _, err := os.Stat(filepath.Join(options.StateDir, crashes.Subfolder)); errors.Is(err, fs.ErrNotExist) {
		return name, notRefused(name, options.StateDir, nil)
	}
	// Judged like the rest of the state folder: root must not leave a file there that the
	// service can't write.
	dir, err := loader.PrivateFolder(options, crashes.Subfolder)
	if err != nil {
		return name, app.ExitWith(app.CodePlugins, err)
	}
	cleared, others := false, map[string]bool{}
	err = crashes.Change(dir, func(m *crashes.Memory) {
		cleared = m.Retry(name)
		for _, known := range m.Plugins {
			if known.Refused != nil {
				others[known.Name] = true
			}
		}
	})
	if err != nil {
		return name, app.ExitWith(app.CodeRun, err)
	}
	if !cleared {
		return name, notRefused(name, options.StateDir, slices.Sorted(maps.Keys(others)))
	}
	return name, nil
}

func notRefused(name, state string, others []string) error {
	text := fmt.Sprintf("the plugin %s is not refused for having ended otai, by the state folder %s", name, state)
	if len(others) > 0 {
		text += "; these are: " + strings.Join(others, ", ")
	} else {
		text += "; name the one that otai runs with by --state-dir, if it is another"
	}
	return app.ExitWith(app.CodeRun, errors.New(text))
}
