// Keeps its factory to itself.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func createPlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

var _ = createPlugin

func main() {}
