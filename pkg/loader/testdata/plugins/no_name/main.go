// A plugin without a name.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "", Version: "1.2.3", API: ">=1.0.0 <2"})
}

func main() {}
