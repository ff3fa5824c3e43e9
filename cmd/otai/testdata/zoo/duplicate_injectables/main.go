// Offers one name twice.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(valid.Plugin().Metadata(), valid.Pipe("AnyPipe"), valid.Pipe("AnyPipe"))
}

func main() {}
