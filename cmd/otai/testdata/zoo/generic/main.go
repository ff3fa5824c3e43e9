// Has a generic factory, which is none until it is used.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin[C any](C) api.Plugin { return valid.Plugin() }

var _ = CreatePlugin[api.AppConfig]

func main() {}
