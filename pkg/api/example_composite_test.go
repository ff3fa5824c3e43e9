package api_test

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type eachParams struct {
	Items []any         `otai:"items" doc:"What there is to do."`
	Do    api.ChildPipe `otai:"do,required" doc:"What to do with each item; it reads get_parent_param('item')."`
}

func each(ctx context.Context, p eachParams, scope api.Scope) (api.PipeResult, error) {
	for _, item := range p.Items {
		result, err := p.Do.Run(ctx, scope.WithParam("item", item))
		if err != nil {
			return api.PipeResult{}, err
		}
		if result.Failed() {
			return result, nil
		}
	}
	return api.Success(map[string]any{"count": len(p.Items)}), nil
}

// A pipe with child pipes runs them through fields of type ChildPipe. The label
// children says what the templates of the children see: param:item is what the pipe
// gives them by WithParam.
func ExampleChildPipe() {
	loop := api.NewPipeFunc("EachPipe", "Runs a pipe once for each item.", each).
		WithLabel("children", "separate,param:item").
		WithLabel("yields", "count:number")

	// A host binds the child to its place in the configuration.
	child := api.NewChildPipe("show", "base:ExpressionPipe", func(_ context.Context, scope api.Scope) (api.PipeResult, error) {
		fmt.Println("item", scope.Params()["item"])
		return api.Success(nil), nil
	})
	_, run, _ := loop.BuildPipe(api.Host{})
	result, err := run(context.Background(), &eachParams{Items: []any{"a", "b"}, Do: child}, api.Scope{})
	fmt.Println(result.Status, result.Data["count"], err)
	// Output:
	// item a
	// item b
	// succeeded 2 <nil>
}

type sequenceParams struct {
	Steps []api.ChildPipe `otai:"steps,required" doc:"Run in order, up to the first that fails."`
}

// A sequence hands each result on: the steps behind read it by get_pipe_result(id).
func ExampleChildPipe_sequence() {
	sequence := func(ctx context.Context, p sequenceParams, scope api.Scope) (api.PipeResult, error) {
		for _, step := range p.Steps {
			result, err := step.Run(ctx, scope)
			if err != nil || result.Failed() {
				return result, err
			}
			scope = scope.WithResult(step.ID(), result)
		}
		return api.Success(nil), nil
	}
	_, run, _ := api.NewPipeFunc("SequencePipe", "Runs its steps in order.", sequence).
		WithLabel("children", "sequence").BuildPipe(api.Host{})

	steps := []api.ChildPipe{
		api.NewChildPipe("first", "example:First", func(context.Context, api.Scope) (api.PipeResult, error) {
			return api.Success(map[string]any{"value": 42}), nil
		}),
		api.NewChildPipe("second", "example:Second", func(_ context.Context, scope api.Scope) (api.PipeResult, error) {
			first, _ := scope.Result("first")
			fmt.Println("second sees", first.Data["value"])
			return api.Success(nil), nil
		}),
	}
	result, _ := run(context.Background(), &sequenceParams{Steps: steps}, api.Scope{})
	fmt.Println(result.Status)
	// Output:
	// second sees 42
	// succeeded
}
