package base

import (
	"context"
	"maps"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type compositeParams struct {
	Steps []api.ChildPipe `otai:"steps" doc:"What to run, in order."`
	Extra map[string]any  `otai:",rest" doc:"Further params, for the children's get_parent_param."`
}

// composite runs its steps in order. Each sees the results of those before it. A
// failed step ends the run, which still succeeds with what there is by then: an
// empty queue isn't a failure of the pipe that looked. Skipped steps don't count.
func composite(ctx context.Context, p compositeParams, scope api.Scope) (api.PipeResult, error) {
	result, _, err := inOrder(ctx, p.Steps, scope)
	return result, err
}

// inOrder runs steps up to the first that fails, and reports whether one did.
func inOrder(ctx context.Context, steps []api.ChildPipe, scope api.Scope) (union api.PipeResult, stopped bool, err error) {
	union = api.Success(map[string]any{})
	var messages []string
	skipped := 0
	for _, step := range steps {
		result, err := step.Run(ctx, scope)
		if err != nil {
			return api.PipeResult{}, false, err
		}
		if step.ID() != "" {
			scope = scope.WithResult(step.ID(), result)
		}
		if result.Failed() {
			messages = append(messages, "stopped at "+name(step)+": "+reason(result))
			stopped = true
			break
		}
		if result.Skipped() {
			skipped++
		}
		if result.Message != "" {
			messages = append(messages, result.Message)
		}
		maps.Copy(union.Data, result.Data)
	}
	if skipped > 0 && skipped == len(steps) {
		union.Status = api.Skipped
	}
	union.Message = strings.Join(messages, "; ")
	return union, stopped, nil
}
