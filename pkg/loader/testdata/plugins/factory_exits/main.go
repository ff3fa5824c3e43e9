// A plugin whose factory ends the goroutine.
package main

import (
	"runtime"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	runtime.Goexit()
	return nil
}

func main() {}
