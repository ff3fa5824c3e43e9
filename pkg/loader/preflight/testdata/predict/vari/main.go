// Command vari has a variable where a function is wanted.
package main

import (
	"os"
	"strconv"

	"example.com/predict/api"
	"example.org/dep"
)

func init() { os.Stdout.WriteString("the plugin's code runs\n") }

// Create is a variable.
var Create = func(c api.Config) api.Thing { return api.Text(c.Name + strconv.Itoa(dep.Double(21))) }

func main() {}
