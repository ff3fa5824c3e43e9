// Calls itself until the stack is full.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func deeper(depth int) int { return deeper(depth+1) + depth }

func init() {
	deeper(0)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
