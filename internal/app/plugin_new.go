package app

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/plugindev"
)

// PluginProject is a new plugin project; its JSON form is stable.
type PluginProject struct {
	Name    string `json:"name"`
	Package string `json:"package"`
	Prefix  string `json:"prefix"`
	Dir     string `json:"dir"`
	Go      string `json:"go"` // its go line
}

// NewPlugin writes a plugin project. dir "" is a folder of the plugin's name in
// the working directory.
func NewPlugin(name, dir string) (PluginProject, error) {
	p, err := plugindev.New(name, dir)
	if errors.As(err, new(*plugindev.NameError)) || errors.As(err, new(*plugindev.NotEmptyError)) {
		return PluginProject{}, ExitWith(CodeUsage, err)
	}
	return PluginProject{Name: p.Name, Package: p.Package, Prefix: p.Prefix, Dir: p.Dir, Go: p.Go}, ExitWith(CodeRun, err)
}
