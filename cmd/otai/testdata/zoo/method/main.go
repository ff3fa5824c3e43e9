// Has its factory as a method.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type Shop struct{}

func (Shop) CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

var Default Shop

func main() {}
