// Returns no plugin.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	return nil
}

func main() {}
