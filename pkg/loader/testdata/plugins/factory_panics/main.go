// A plugin whose factory panics.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) api.Plugin {
	panic("no license key")
}

func main() {}
