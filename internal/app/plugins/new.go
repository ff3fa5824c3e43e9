package plugins

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/plugindev"
)

// Project is a new plugin project; its JSON form is stable.
type Project struct {
	Name    string `json:"name"`
	Package string `json:"package"`
	Prefix  string `json:"prefix"`
	Dir     string `json:"dir"`
	Go      string `json:"go"` // its go line
}

// New writes a plugin project. dir "" is a folder of the plugin's name in
// the working directory.
func New(name, dir string) (Project, error) {
	p, err := plugindev.New(name, dir)
	if errors.As(err, new(*plugindev.NameError)) || errors.As(err, new(*plugindev.NotEmptyError)) {
		return Project{}, app.ExitWith(app.CodeUsage, err)
	}
	return Project{Name: p.Name, Package: p.Package, Prefix: p.Prefix, Dir: p.Dir, Go: p.Go}, app.ExitWith(app.CodeRun, err)
}
