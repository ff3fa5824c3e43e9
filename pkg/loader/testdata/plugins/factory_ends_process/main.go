// A plugin whose factory ends the process.
package main

import (
	"fmt"
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	fmt.Fprintln(os.Stderr, "the configuration is not to my taste")
	os.Exit(3)
	return nil
}

func main() {}
