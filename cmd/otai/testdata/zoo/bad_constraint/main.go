// Has a constraint that can't be read.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-a-bad", Version: "1.0.0", API: "one or two"}, valid.Pipe("AnyPipe"))
}

func main() {}
