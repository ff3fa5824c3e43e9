// Unlocks what is not locked, which the runtime does not forgive.
package main

import (
	"sync"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	var lock sync.Mutex
	lock.Unlock()
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
