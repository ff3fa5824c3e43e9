package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type expressionParams struct {
	Expression any `otai:"expression,required" doc:"A value or a template; fail() in it fails the pipe."`
}

func evaluate(_ context.Context, p expressionParams, _ api.Scope) (api.PipeResult, error) {
	return api.Success(map[string]any{"value": p.Expression}), nil
}
