package app

import "github.com/open-ticket-ai/otai/internal/plugindev"

// NewPlugin writes a plugin project. dir "" is a folder of the plugin's name in
// the working directory.
func NewPlugin(name, dir string) (plugindev.Project, error) {
	project, err := plugindev.New(name, dir)
	return project, fault(CodeUsage, err)
}
