package base

import (
	"context"
	"errors"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type orchestratorParams struct {
	Steps       []api.ChildPipe `otai:"steps,required" doc:"What to run again and again, mostly runners, each in a loop of its own."`
	Pause       time.Duration   `otai:"orchestrator_sleep" default:"PT0.01S" min:"0" doc:"Pause of a step before it runs again."`
	RetryPause  time.Duration   `otai:"exception_sleep" default:"PT5S" min:"0" doc:"First pause of a step after an error; it grows with each further error."`
	AlwaysRetry bool            `otai:"always_retry" default:"true" doc:"Go on after an error instead of ending with it."`
}

// Pace returns what the engine looks for in the params of a root pipe.
func (p *orchestratorParams) Pace() (pause, retry time.Duration, keep bool) {
	return p.Pause, p.RetryPause, p.AlwaysRetry
}

// orchestrate runs one cycle. The steps don't see each other's results, and one that
// fails doesn't stop the others.
func orchestrate(ctx context.Context, p orchestratorParams, scope api.Scope) (api.PipeResult, error) {
	var errs []error
	for _, step := range p.Steps {
		if err := ctx.Err(); err != nil {
			return api.PipeResult{}, err
		}
		if _, err := step.Run(ctx, scope); err != nil {
			errs = append(errs, err)
		}
	}
	return api.Success(nil), errors.Join(errs...)
}
