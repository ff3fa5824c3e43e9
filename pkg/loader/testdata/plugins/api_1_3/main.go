// A plugin that needs a newer API level.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-api-1-3", Version: "1.2.3", API: ">=1.3"})
}

func main() {}
