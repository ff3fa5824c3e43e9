package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type runnerParams struct {
	On    api.ChildPipe  `otai:"on,required" doc:"The trigger: run runs whenever it succeeds."`
	Run   api.ChildPipe  `otai:"run,required" doc:"The pipe to run."`
	Extra map[string]any `otai:",rest" doc:"Further params, for the children's get_parent_param."`
}

// runWhenTriggered passes its params on together with those of its parent, so that a
// pipe in a runner still sees what the orchestrator provides.
func runWhenTriggered(ctx context.Context, p runnerParams, scope api.Scope) (api.PipeResult, error) {
	own := scope.Params()
	for name, value := range scope.ParentParams() {
		if _, set := own[name]; !set {
			scope = scope.WithParam(name, value)
		}
	}
	trigger, err := p.On.Run(ctx, scope)
	if err != nil {
		return api.PipeResult{}, err
	}
	if !trigger.Succeeded() {
		return api.Skip("the trigger %s did not succeed: %s", name(p.On), reason(trigger)), nil
	}
	return p.Run.Run(ctx, scope)
}

// name is what messages call a child pipe.
func name(c api.ChildPipe) string {
	if c.ID() != "" {
		return c.ID()
	}
	return c.Use()
}

// reason is why a child pipe did not succeed.
func reason(r api.PipeResult) string {
	if r.Message != "" {
		return r.Message
	}
	return string(r.Status)
}
