// Ends the process with a status of its own.
package main

import (
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	os.Exit(7)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
