// A plugin in which nothing is wrong. Its name puts it after all others.
package main

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type greeterParams struct {
	Greeting string `otai:"greeting" default:"hello" doc:"What to say."`
}

type greeter struct{ greeting string }

func newGreeter(p greeterParams, _ api.Host) (*greeter, error) {
	return &greeter{greeting: p.Greeting}, nil
}

func greet(_ context.Context, _ struct{}, _ api.Scope) (api.PipeResult, error) {
	return api.PipeResult{Message: "hello"}, nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-zz-good", Version: "1.2.3", API: ">=1.0.0 <2", Description: "Greets."},
		api.NewService("Greeter", "Keeps a greeting.", newGreeter),
		api.NewPipeFunc("GreetPipe", "Greets.", greet),
	)
}

func main() {}
