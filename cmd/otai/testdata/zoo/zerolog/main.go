// A plugin that uses a library of the host, in another version.
package main

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-a-bad", Version: "1.0.0", Description: zerolog.InfoLevel.String()},
		api.NewPipeFunc("AnyPipe", "Does nothing.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
			return api.Success(nil), nil
		}),
	)
}

func main() {}
