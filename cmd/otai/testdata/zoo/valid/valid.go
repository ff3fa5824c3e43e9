// Package valid is all that a plugin needs, so that the sources beside it have
// nothing but what is wrong with them.
package valid

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Plugin is called as its file is: otai_a_bad.so.
func Plugin() api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-a-bad", Version: "1.0.0", API: ">=1.0.0 <2"}, Pipe("AnyPipe"))
}

// Pipe does nothing.
func Pipe(name string) api.Injectable {
	return api.NewPipeFunc(name, "Does nothing.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
		return api.Success(nil), nil
	})
}
