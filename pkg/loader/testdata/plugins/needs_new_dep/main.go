// A plugin that shares a package with others, in another version.
package main

import (
	"example.com/zoo/dep"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-needs-new-dep", Version: "1.2.3", API: ">=1.0.0 <2"})
}

var name = dep.Name()

func main() {}
