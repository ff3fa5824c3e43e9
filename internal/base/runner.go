package base

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type runnerParams struct {
	On      api.ChildPipe  `otai:"on,required" doc:"The trigger: run runs whenever it succeeds."`
	Run     api.ChildPipe  `otai:"run,required" doc:"The pipe to run."`
	Workers int            `otai:"workers" default:"1" min:"1" max:"64" doc:"How many runs there may be at one time, each with tickets of its own. One instance of a plugin's pipe is used by one run after another."`
	Retry   retryParams    `otai:"retry" doc:"When a ticket that was refused is tried again."`
	Repeat  bool           `otai:"repeat" default:"false" doc:"Work again at tickets that were handled, as often as they are found."`
	Extra   map[string]any `otai:",rest" doc:"Further params, for the children's get_parent_param."`
}

type retryParams struct {
	First    time.Duration `otai:"first" default:"PT1M" min:"0.001" doc:"Pause before the second try; each further one is five times as long."`
	Longest  time.Duration `otai:"longest" default:"PT6H" min:"0.001" doc:"Longest pause between two tries."`
	Attempts int           `otai:"max_attempts" default:"6" min:"1" doc:"How many tries there are before the ticket is left to people."`
}

// Runs returns what the engine looks for in the params of a runner.
func (p *runnerParams) Runs() (workers int, repeat bool) { return p.Workers, p.Repeat }

// Retries returns the pauses, and how many tries there are in all.
func (p *runnerParams) Retries() (first, longest time.Duration, attempts int) {
	return p.Retry.First, p.Retry.Longest, p.Retry.Attempts
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
