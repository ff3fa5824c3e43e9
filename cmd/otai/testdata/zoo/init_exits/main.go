// Ends the process, in good order.
package main

import (
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	os.Exit(0)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
