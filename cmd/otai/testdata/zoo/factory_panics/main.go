// Panics when it is asked for its plugin.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	panic("out of order")
}

func main() {}
