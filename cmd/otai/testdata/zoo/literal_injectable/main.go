// Offers what was not made by the contract's functions.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(valid.Plugin().Metadata(), api.Injectable{Name: "AnyPipe"})
}

func main() {}
