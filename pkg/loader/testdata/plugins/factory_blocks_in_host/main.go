// A plugin that is well when it is tried, and waits for ever when it is opened again.
package main

import (
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	tried := os.Getenv("XDG_ZOO_FOLDER") + "/tried"
	if _, err := os.Stat(tried); err == nil {
		select {}
	}
	if err := os.WriteFile(tried, nil, 0o600); err != nil {
		panic(err)
	}
	return api.NewPlugin(api.Metadata{Name: "otai-factory-blocks-in-host", Version: "1.0.0"})
}

func main() {}
