// A plugin in which nothing is wrong. It shares no package with the others, and its file
// comes after theirs: whatever they did, it must load and run.
package main

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type greetParams struct {
	Who string `otai:"who" default:"you"`
}

func greet(_ context.Context, p greetParams, _ api.Scope) (api.PipeResult, error) {
	return api.PipeResult{Message: "Hello, " + p.Who}, nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-z-good", Version: "1.0.0", API: ">=1.0.0 <2"},
		api.NewPipeFunc("GreetPipe", "Greets.", greet),
	)
}

func main() {}
