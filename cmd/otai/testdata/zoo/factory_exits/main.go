// Ends the process when it is asked for its plugin.
package main

import (
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	os.Exit(5)
	return valid.Plugin()
}

func main() {}
