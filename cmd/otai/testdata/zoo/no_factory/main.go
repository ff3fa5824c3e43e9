// Has no factory.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func NewPlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
