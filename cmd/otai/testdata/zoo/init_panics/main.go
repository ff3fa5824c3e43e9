// Panics before its factory can be called.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	panic("registered twice")
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
