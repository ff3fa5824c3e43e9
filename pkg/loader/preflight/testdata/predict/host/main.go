// Command host opens the files of its command line one after another and says how
// far it came with each.
package main

import (
	"fmt"
	"os"
	"plugin"

	"example.com/predict/api"
)

func main() {
	for _, path := range os.Args[1:] {
		fmt.Println(open(path))
	}
}

func open(path string) string {
	p, err := plugin.Open(path)
	if err != nil {
		return "refused: " + err.Error()
	}
	symbol, err := p.Lookup("Create")
	if err != nil {
		return "refused: " + err.Error()
	}
	if variable, ok := symbol.(*func(api.Config) api.Thing); ok {
		symbol = *variable
	}
	create, ok := symbol.(func(api.Config) api.Thing)
	if !ok {
		return fmt.Sprintf("refused: Create is %T", symbol)
	}
	return "accepted: " + create(api.Config{Name: "x"}).Describe()
}
