// Writes to a map in two goroutines, which the runtime does not forgive.
package main

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	counts := map[int]int{}
	for range 4 {
		go func() {
			for n := 0; ; n++ {
				counts[n%8] = n
			}
		}()
	}
	select {}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
