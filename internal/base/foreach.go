package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type forEachParams struct {
	Items   []any           `otai:"items,required" doc:"What to run the steps for, such as the tickets of a fetch."`
	As      string          `otai:"as" default:"item" min:"1" doc:"The name of an item for the steps' get_parent_param."`
	Key     string          `otai:"key" doc:"Where each item has its key, such as item.number, or item where the items are texts; with another as, its name stands for item. No two may have the same key. Default: item.id, or the number of the item where it has none."`
	Workers int             `otai:"workers" default:"4" min:"1" max:"64" doc:"How many items are worked at at one time."`
	Steps   []api.ChildPipe `otai:"steps,required" min:"1" doc:"What to run for each item, in order."`
	Extra   map[string]any  `otai:",rest" doc:"Further params, for the steps' get_parent_param."`
}

// Loop returns what the engine looks for in the params of a loop.
func (p *forEachParams) Loop() (items []any, as, key string, workers int) {
	return p.Items, p.As, p.Key, p.Workers
}

// Item runs the steps for one item. A failed step ends it, and that is its result.
func (p *forEachParams) Item(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
	result, stopped, err := inOrder(ctx, p.Steps, scope)
	if stopped {
		result.Status = api.Failed
	}
	return result, err
}

// forEach runs the items one after another, where no engine makes a run of each.
func forEach(ctx context.Context, p forEachParams, scope api.Scope) (api.PipeResult, error) {
	applied := 0
	for _, item := range p.Items {
		result, err := p.Item(ctx, scope.WithParam(p.As, item))
		if err != nil {
			return api.PipeResult{}, err
		}
		if result.Succeeded() {
			applied++
		}
	}
	return api.Success(map[string]any{
		"count": len(p.Items), "applied": applied, "left": len(p.Items) - applied, "waiting": 0, "dead": 0, "other": 0,
	}), nil
}
