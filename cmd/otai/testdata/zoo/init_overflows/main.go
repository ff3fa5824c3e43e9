// Calls itself until the stack is full.
package main

import (
	"runtime/debug"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func deeper(depth int) int { return deeper(depth+1) + depth }

func init() {
	debug.SetMaxStack(1 << 20) // the limit that Go sets takes a second to be reached
	deeper(0)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
