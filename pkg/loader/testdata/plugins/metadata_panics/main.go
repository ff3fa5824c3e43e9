// A plugin of its own type, one method of which panics.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

type lazy struct{ names map[string]string }

func (l lazy) Metadata() api.Metadata {
	l.names["name"] = "otai-metadata-panics"
	return api.Metadata{Name: l.names["name"]}
}

func (lazy) Injectables() []api.Injectable { return nil }

func CreatePlugin(api.AppConfig) api.Plugin { return lazy{} }

func main() {}
