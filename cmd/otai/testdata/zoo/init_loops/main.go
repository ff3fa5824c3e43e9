// Never ends, and burns a core.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

var counted int

func init() {
	for n := 0; ; n++ {
		counted = n
	}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
