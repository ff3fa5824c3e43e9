// Command nomain lacks what makes it a command, which go build does not miss.
package main

import (
	"os"
	"strconv"

	"example.com/predict/api"
	"example.org/dep"
)

func init() { os.Stdout.WriteString("the plugin's code runs\n") }

// Create makes a thing.
func Create(c api.Config) api.Thing { return api.Text(c.Name + strconv.Itoa(dep.Double(21))) }
