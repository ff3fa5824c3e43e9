// Returns a nil pointer, which is not equal to nil.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

type shop struct{ name string }

func (s *shop) Metadata() api.Metadata        { return api.Metadata{Name: s.name} }
func (s *shop) Injectables() []api.Injectable { return nil }

func CreatePlugin(api.AppConfig) api.Plugin {
	var s *shop
	return s
}

func main() {}
