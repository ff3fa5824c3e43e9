// Prints a lot, then ends the process.
package main

import (
	"fmt"
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	for n := range 100_000 {
		fmt.Println("loading table", n)
	}
	fmt.Fprintln(os.Stderr, "the last table is broken")
	os.Exit(3)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
