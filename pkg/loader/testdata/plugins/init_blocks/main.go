// A plugin that waits for ever before main could be called. It leaves the number
// of its process where the test asks for it.
package main

import (
	"os"
	"strconv"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-blocks", Version: "1.0.0"})
}

func init() {
	if folder := os.Getenv("XDG_ZOO_FOLDER"); folder != "" {
		if err := os.WriteFile(folder+"/process", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			panic(err)
		}
	}
	select {}
}

func main() {}
