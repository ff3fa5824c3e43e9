// Prints a lot, also what terminals obey, then ends the process.
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
	fmt.Fprintln(os.Stderr, "\x1b[2J\x1b[1mthe last table is broken\x1b[0m")
	os.Exit(3)
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
