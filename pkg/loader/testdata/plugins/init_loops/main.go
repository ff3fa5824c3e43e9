// A plugin that computes for ever before main could be called.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-loops", Version: "1.0.0"})
}

var count int

func init() {
	println("looping")
	for {
		count++
	}
}

func main() {}
