// Panics when it is asked for its metadata.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

type shop struct{}

func (shop) Metadata() api.Metadata        { panic("no metadata yet") }
func (shop) Injectables() []api.Injectable { return nil }

func CreatePlugin(api.AppConfig) api.Plugin { return shop{} }

func main() {}
