// Closes every descriptor of its process.
package main

import (
	"syscall"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	for descriptor := range 1000 {
		_ = syscall.Close(descriptor)
	}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
