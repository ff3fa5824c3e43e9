// A plugin that is well when it is tried, and panics when it is opened again.
package main

import (
	"os"

	"example.com/zoo/dep"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-panics-in-host", Version: "1.0.0"})
}

func init() {
	tried := os.Getenv("XDG_ZOO_FOLDER") + "/tried"
	if _, err := os.Stat(tried); err == nil {
		panic("opened twice: " + dep.Name())
	}
	if err := os.WriteFile(tried, nil, 0o600); err != nil {
		panic(err)
	}
}

func main() {}
