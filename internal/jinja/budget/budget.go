package budget

import (
	"context"
	"fmt"
	"time"
)

const stepsPerClock = 1024 // steps between two looks at the clock

// Budget is what one rendering may still use of its limits.
type Budget struct {
	ctx      context.Context
	Limits   *Limits
	deadline time.Time
	steps    int
	clock    int // steps at which the clock is looked at next
	built    int
	depth    int
}

func New(ctx context.Context, limits *Limits) Budget {
	return Budget{ctx: ctx, Limits: limits, deadline: time.Now().Add(limits.Time), clock: stepsPerClock}
}

// Renewed is an unused budget until the same deadline.
func (r *Budget) Renewed() *Budget {
	return &Budget{ctx: r.ctx, Limits: r.Limits, deadline: r.deadline, clock: stepsPerClock}
}

// Step counts steps.
func (r *Budget) Step(steps int) error {
	r.steps += steps
	if r.steps < r.clock {
		return nil
	}
	r.clock = r.steps + stepsPerClock
	if r.steps > r.Limits.Steps {
		return fmt.Errorf("the template takes more than %d steps: loop over less", r.Limits.Steps)
	}
	return r.CheckTime()
}

func (r *Budget) CheckTime() error {
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("rendering was cancelled: %w", err)
	}
	if time.Now().After(r.deadline) {
		return fmt.Errorf("the template takes longer than %s: loop over less", r.Limits.Time)
	}
	return nil
}

// Grow counts bytes, before they are built where they could be many.
func (r *Budget) Grow(bytes int) error {
	if bytes > r.Limits.Output-r.built {
		return fmt.Errorf("the template builds more than %d bytes of text", r.Limits.Output)
	}
	r.built += bytes
	return nil
}

// OutputLeft is how many bytes may still be built.
func (r *Budget) OutputLeft() int { return r.Limits.Output - r.built }

// GrowTimes is grow for count times bytes, which may overflow.
func (r *Budget) GrowTimes(count, bytes int) error {
	if count > 0 && bytes > r.Limits.Output/count {
		return r.Grow(r.Limits.Output + 1)
	}
	return r.Grow(max(count, 0) * bytes)
}

// CheckWidth checks a number of columns or elements that a template asks for.
func (r *Budget) CheckWidth(what string, n int) error {
	if n > r.Limits.Range {
		return fmt.Errorf("%s %d is more than the limit of %d", what, n, r.Limits.Range)
	}
	return nil
}

// Enter counts a level of recursion; leave gives it back.
func (r *Budget) Enter(what string) error {
	if r.depth >= r.Limits.Depth {
		return fmt.Errorf("%s is nested deeper than %d levels", what, r.Limits.Depth)
	}
	r.depth++
	return nil
}

func (r *Budget) Leave() { r.depth-- }
