// A plugin that waits for ever before main could be called.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-blocks", Version: "1.0.0"})
}

func init() { select {} }

func main() {}
