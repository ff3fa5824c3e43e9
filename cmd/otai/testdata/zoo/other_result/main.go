// Has a factory that also returns an error.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) (api.Plugin, error) { return valid.Plugin(), nil }

func main() {}
