// A plugin that ends the process before main could be called.
package main

import (
	"fmt"
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-exits", Version: "1.0.0"})
}

func init() {
	fmt.Println("no license found")
	os.Exit(7)
}

func main() {}
