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

// New is an unused budget; its time begins now.
func New(ctx context.Context, limits *Limits) Budget {
	return Budget{ctx: ctx, Limits: limits, deadline: time.Now().Add(limits.Time), clock: stepsPerClock}
}

// Renewed is an unused budget until the same deadline.
func (b *Budget) Renewed() *Budget {
	return &Budget{ctx: b.ctx, Limits: b.Limits, deadline: b.deadline, clock: stepsPerClock}
}

// Step counts steps.
func (b *Budget) Step(steps int) error {
	b.steps += steps
	if b.steps < b.clock {
		return nil
	}
	b.clock = b.steps + stepsPerClock
	if b.steps > b.Limits.Steps {
		return fmt.Errorf("the template takes more than %d steps: loop over less", b.Limits.Steps)
	}
	return b.CheckTime()
}

// CheckTime is an error once the time is up or the context has ended.
func (b *Budget) CheckTime() error {
	if err := b.ctx.Err(); err != nil {
		return fmt.Errorf("rendering was canceled: %w", err)
	}
	if time.Now().After(b.deadline) {
		return fmt.Errorf("the template takes longer than %s: loop over less", b.Limits.Time)
	}
	return nil
}

// Grow counts bytes of text; where they could be many, before they are built.
func (b *Budget) Grow(bytes int) error {
	if bytes > b.Limits.Output-b.built {
		return fmt.Errorf("the template builds more than %d bytes of text", b.Limits.Output)
	}
	b.built += bytes
	return nil
}

// OutputLeft is how many bytes may still be built.
func (b *Budget) OutputLeft() int { return b.Limits.Output - b.built }

// GrowTimes is Grow(count * bytes) without the overflow.
func (b *Budget) GrowTimes(count, bytes int) error {
	if count > 0 && bytes > b.Limits.Output/count {
		return b.Grow(b.Limits.Output + 1)
	}
	return b.Grow(max(count, 0) * bytes)
}

// CheckWidth checks a number of columns or elements that a template asks for.
func (b *Budget) CheckWidth(what string, n int) error {
	if n > b.Limits.Range {
		return fmt.Errorf("%s is more than the limit of %d", what, b.Limits.Range)
	}
	return nil
}

// Enter counts a level of recursion until Leave.
func (b *Budget) Enter(what string) error {
	if b.depth >= b.Limits.Depth {
		return fmt.Errorf("%s is nested deeper than %d levels", what, b.Limits.Depth)
	}
	b.depth++
	return nil
}

// Leave ends the level of recursion that Enter counted.
func (b *Budget) Leave() { b.depth-- }
