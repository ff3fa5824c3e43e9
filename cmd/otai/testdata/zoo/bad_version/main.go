// Has a version that is none.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-a-bad", Version: "v1"}, valid.Pipe("AnyPipe"))
}

func main() {}
