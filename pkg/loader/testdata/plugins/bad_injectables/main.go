// A plugin that offers four wrong injectables and a right one.
package main

import (
	"context"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	nothing := func(context.Context, struct{}, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil }
	return api.NewPlugin(
		api.Metadata{Name: "otai-bad-injectables", Version: "1.0.0"},
		api.Injectable{Name: "Literal", Params: reflect.TypeFor[struct{}]()},
		api.NewPipeFunc("", "Has no name.", nothing),
		api.NewPipeFunc("with:separator", "Has an ill-formed name.", nothing),
		api.NewPipeFunc("Undescribable", "Has a channel among its params.",
			func(context.Context, struct {
				Stream chan int `otai:"stream"`
			}, api.Scope,
			) (api.PipeResult, error) {
				return api.Success(nil), nil
			}),
		api.NewPipeFunc("Fine", "Is right.", nothing),
	)
}

func main() {}
