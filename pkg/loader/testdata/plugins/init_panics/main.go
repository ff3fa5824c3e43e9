// A plugin that panics before main could be called.
package main

import (
	"example.com/zoo/dep"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-panics", Version: "1.2.3", API: ">=1.0.0 <2"})
}

func init() {
	panic("registered twice: " + dep.Name())
}

func main() {}
