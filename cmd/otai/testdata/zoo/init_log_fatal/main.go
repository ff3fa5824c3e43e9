// Gives up as commands do.
package main

import (
	"log"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	log.Fatal("no license found")
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
