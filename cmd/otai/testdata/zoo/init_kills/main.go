// Sends itself a signal that can't be caught.
package main

import (
	"os"
	"syscall"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
