package plugintest

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// works is the whole life of an instance, in earnest.
func (s *subject) works(f *outcome) {
	if made, ok := s.prepare(f); ok {
		s.live(context.Background(), f, made)
	}
}

// leavesNoGoroutine looks at the same life, which is called off from its beginning
// where the test is not [Live].
func (s *subject) leavesNoGoroutine(f *outcome) {
	before := goroutines()
	made, ok := s.prepare(f)
	if !ok {
		return
	}
	ctx := calledOff()
	if s.inEarnest {
		ctx = context.Background()
	}
	// Other promises report what else is wrong with it.
	if whole := s.live(ctx, &outcome{}, made); !whole {
		f.skipped = "it doesn't come to an end"
		return
	}
	for _, left := range leftBehind(before, s.grace) {
		f.failf("%s", left)
	}
}

// live starts, asks, runs and closes an instance as a host does. It reports
// whether it got to the end.
func (s *subject) live(ctx context.Context, f *outcome, made instance) (whole bool) {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"Start", nil},
		{"CheckHealth", nil},
		{"Process", nil},
	}
	if starter, ok := made.value.(api.Starter); ok {
		steps[0].do = starter.Start
	}
	if checker, ok := made.value.(api.HealthChecker); ok {
		steps[1].do = checker.CheckHealth
	}
	if made.run != nil {
		steps[2].do = func(ctx context.Context) error {
			spec, p, err := s.exampleParams()
			if err == nil {
				_, err = runOnce(ctx, made.run, spec, p, api.Scope{})
			}
			return err
		}
	}
	for _, step := range steps {
		if step.do == nil {
			continue
		}
		var err error
		broken := call(s.patience, func() {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel() // a start's context ends with the start
			err = step.do(ctx)
		})
		switch {
		case broken != nil:
			f.failf("%s %v", step.name, broken)
			return false
		case err != nil && unreadable(err) != nil:
			f.failf("%s answered an error that a host can't read: %v", step.name, unreadable(err))
		case err != nil:
			f.failf("%s answered: %v", step.name, err)
		}
	}
	violations := len(f.violations)
	s.close(f, made, true)
	return len(f.violations) == violations
}

// unreadable is what a host finds when it takes an error of a plugin, where a method of the
// error doesn't return as it should; else nil.
func unreadable(err error) error {
	taken := freeze.Error(err)
	if errors.As(taken, new(*freeze.PanicError)) || errors.As(taken, new(*freeze.StuckError)) {
		return taken
	}
	return nil
}

// runOnce runs a pipe with its params in scope, and makes its result what others
// see of it.
func runOnce(ctx context.Context, run api.RunFunc, spec *params.Spec, p any, scope api.Scope) (api.PipeResult, error) {
	own, err := params.PlainParams(spec, p)
	if err != nil {
		return api.PipeResult{}, fmt.Errorf("handing the params to child pipes: %w", err)
	}
	r, err := run(ctx, p, scope.Enter(own))
	if err != nil {
		return api.PipeResult{}, err
	}
	switch r.Status {
	case "":
		r.Status = api.Succeeded
	case api.Succeeded, api.Failed, api.Skipped:
	default:
		return api.PipeResult{}, fmt.Errorf("%q is not a status of a result", r.Status)
	}
	data, err := params.PlainCopy(r.Data) // as a host takes it
	if err != nil {
		return api.PipeResult{}, fmt.Errorf("handing on the result's data: %w", err)
	}
	r.Data, _ = data.(map[string]any)
	return r, nil
}
