// A plugin whose name is not that of its file.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-somebody-else", Version: "1.2.3", API: ">=1.0.0 <2"})
}

func main() {}
