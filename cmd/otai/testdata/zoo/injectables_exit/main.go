// Ends the process when it is asked for its injectables.
package main

import (
	"os"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type shop struct{}

func (shop) Metadata() api.Metadata        { return valid.Plugin().Metadata() }
func (shop) Injectables() []api.Injectable { os.Exit(6); return nil }

func CreatePlugin(api.AppConfig) api.Plugin { return shop{} }

func main() {}
