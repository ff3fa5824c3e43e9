// A plugin that is well when it is tried, and ends the process when a file says so.
package main

import (
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-exits-in-host", Version: "1.0.0"})
}

func init() {
	if _, err := os.Stat(os.Getenv("XDG_ZOO_FOLDER") + "/exit"); err == nil {
		os.Exit(9)
	}
}

func main() {}
