// Fails by a mistake, not by intent.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	var known map[string]bool
	known["x"] = true
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
