package eval

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// run is one rendering of one template: its state, the names that it set and what
// it has put out so far.
type run struct {
	runtime.State
	spent budget.Budget // the state's

	root   *frame
	frame  *frame
	chunks []any
	nested int          // how many blocks capture their output
	last   position.Pos // of the last output

	piped  bool // the template reads something of the pipeline
	blocks map[string]*syntax.BlockStatement

	chosen    Branches // nil: conditions decide
	valueOnly bool     // nobody asks for its text
}

func newRun(ctx context.Context, in *Environment, scope api.Scope) *run {
	root := &frame{}
	r := &run{
		State: runtime.State{Scope: scope, Library: in.Library, Variables: in.Variables},
		spent: budget.New(ctx, &in.Limits),
		root:  root, frame: root,
	}
	r.Budget = &r.spent
	return r
}
