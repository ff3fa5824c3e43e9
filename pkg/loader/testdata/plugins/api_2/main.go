// A plugin for the next major API.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-api-2", Version: "1.2.3", API: "^2.0"})
}

func main() {}
