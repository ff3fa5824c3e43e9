// A plugin whose crash no recover can stop.
package main

import (
	"runtime/debug"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-overflows", Version: "1.0.0"})
}

func init() {
	debug.SetMaxStack(1 << 20)
	deeper(0)
}

func deeper(n int) int { return deeper(n+1) + 1 }

func main() {}
