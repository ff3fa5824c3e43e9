// Defines a flag twice, as two copies of a library do.
package main

import (
	"flag"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	flag.Bool("verbose", false, "")
	flag.Bool("verbose", false, "")
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
