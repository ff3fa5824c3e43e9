// A plugin that uses v1.0.0 of a module which the host does not have.
package main

import (
	"context"

	"example.com/shared"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-a-first", Version: "1.0.0", Description: shared.Name()},
		api.NewPipeFunc("AnyPipe", "Does nothing.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
			return api.Success(nil), nil
		}),
	)
}

func main() {}
