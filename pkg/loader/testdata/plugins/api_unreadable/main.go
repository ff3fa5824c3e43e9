// A plugin whose constraint on the API can't be read.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-api-unreadable", Version: "1.2.3", API: "about one"})
}

func main() {}
