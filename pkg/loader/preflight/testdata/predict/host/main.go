// Command host opens the files of its command line one after another and says how
// far it came with each. After -time it says how long plugin.Open took.
package main

import (
	"fmt"
	"os"
	"plugin"
	"time"

	"example.com/predict/api"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "-time" {
		start := time.Now()
		_, err := plugin.Open(os.Args[2])
		fmt.Println("\nnanoseconds", time.Since(start).Nanoseconds(), err)
		return
	}
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
