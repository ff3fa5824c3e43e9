// Has params that no configuration can give.
package main

import (
	"context"

	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type streamParams struct {
	Stream chan int `otai:"stream"`
}

func stream(context.Context, streamParams, api.Scope) (api.PipeResult, error) {
	return api.Success(nil), nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(valid.Plugin().Metadata(), api.NewPipeFunc("AnyPipe", "Streams.", stream))
}

func main() {}
