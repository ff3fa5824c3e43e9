// Waits for nothing.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	select {}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
