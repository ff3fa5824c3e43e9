// Ends the goroutine that asks for its plugin.
package main

import (
	"runtime"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	runtime.Goexit()
	return valid.Plugin()
}

func main() {}
