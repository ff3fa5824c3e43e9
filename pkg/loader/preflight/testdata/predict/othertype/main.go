// Command othertype has a factory of another type.
package main

import (
	"os"
	"strconv"

	"example.com/predict/api"
	"example.org/dep"
)

func init() { os.Stdout.WriteString("the plugin's code runs\n") }

// Create also returns an error.
func Create(c api.Config) (api.Thing, error) {
	return api.Text(c.Name + strconv.Itoa(dep.Double(21))), nil
}

func main() {}
