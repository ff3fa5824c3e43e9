// Ends the goroutine that initializes it.
package main

import (
	"runtime"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	runtime.Goexit()
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
