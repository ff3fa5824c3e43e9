// A plugin that gives up by log.Fatal before main could be called.
package main

import (
	"log"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-fatal", Version: "1.0.0"})
}

func init() {
	for range 1000 {
		log.Print(strings.Repeat("x", 100))
	}
	log.Fatal("can't find the license server")
}

func main() {}
