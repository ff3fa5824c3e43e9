// Starts a goroutine that panics.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	go panic("in the background")
	select {}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
