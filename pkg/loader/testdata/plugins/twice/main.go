// A plugin that offers one name twice.
package main

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	nothing := func(context.Context, struct{}, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil }
	return api.NewPlugin(
		api.Metadata{Name: "otai-twice", Version: "1.0.0"},
		api.NewPipeFunc("Fine", "Is right.", nothing),
		api.NewPipeFunc("Same", "Is there twice.", nothing),
		api.NewPipeFunc("Same", "Is there twice.", nothing),
	)
}

func main() {}
