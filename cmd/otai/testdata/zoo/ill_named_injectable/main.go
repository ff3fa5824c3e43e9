// Offers a name that no configuration can write.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(valid.Plugin().Metadata(), valid.Pipe("any pipe:1"))
}

func main() {}
