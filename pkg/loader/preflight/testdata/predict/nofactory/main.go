// Command nofactory has no factory.
package main

import (
	"os"
	"strconv"

	"example.com/predict/api"
	"example.org/dep"
)

func init() { os.Stdout.WriteString("the plugin's code runs\n") }

// Creat is misspelled.
func Creat(c api.Config) api.Thing { return api.Text(c.Name + strconv.Itoa(dep.Double(21))) }

func main() {}
