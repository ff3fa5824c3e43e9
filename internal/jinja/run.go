package jinja

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// run is one rendering of one template: its state, the names that it set and what
// it has put out so far.
type run struct {
	state
	spent budget // the state's

	root   *frame
	frame  *frame
	chunks []any
	nested int // how many blocks capture their output
	last   pos // where what was put out last stands

	piped  bool // texts of the pipeline may be put out
	blocks map[string]*blockStatement

	chosen choices // nil: conditions decide
}

func newRun(ctx context.Context, in *environment, scope api.Scope) *run {
	root := &frame{}
	r := &run{
		state: state{scope: scope, lib: in.library, variables: in.variables},
		spent: newBudget(ctx, &in.limits),
		root:  root, frame: root,
	}
	r.budget = &r.spent
	return r
}
