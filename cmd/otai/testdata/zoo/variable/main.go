// Exports a variable that holds its factory.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

var CreatePlugin = func(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
