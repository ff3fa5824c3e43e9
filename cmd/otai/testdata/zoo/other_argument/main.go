// Has a factory that wants something else.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(string) api.Plugin { return valid.Plugin() }

func main() {}
