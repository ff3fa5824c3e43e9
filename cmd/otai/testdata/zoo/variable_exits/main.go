// Ends the process while a package variable is set.
package main

import (
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

var limit = read()

func read() int {
	os.Exit(limitMissing)
	return 0
}

const limitMissing = 9

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

var _ = limit

func main() {}
