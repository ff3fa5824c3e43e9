// Waits for a lock that it holds.
package main

import (
	"sync"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	var lock sync.Mutex
	lock.Lock()
	lock.Lock()
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
