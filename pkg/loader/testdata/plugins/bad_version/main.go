// A plugin whose version is not a semantic version.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-bad-version", Version: "1.x", API: ">=1.0.0 <2"})
}

func main() {}
