package jinja

import (
	"context"
	"fmt"
	"time"
)

// Limits bound one template. They exist because ticket text, which strangers
// write, flows through templates.
type Limits struct {
	Source int           // bytes of a template's source
	Steps  int           // evaluated nodes, loop rounds and visited elements
	Output int           // bytes of all the text built on the way
	Range  int           // elements of a range, and columns that a text is padded to
	Depth  int           // macros and recursive loops within each other, and nested values
	Time   time.Duration // wall clock of one rendering
}

// DefaultLimits are far above what a configuration needs.
func DefaultLimits() Limits {
	return Limits{Source: 64 << 10, Steps: 1_000_000, Output: 4 << 20, Range: 100_000, Depth: 50, Time: 2 * time.Second}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	orDefault(&l.Source, d.Source)
	orDefault(&l.Steps, d.Steps)
	orDefault(&l.Output, d.Output)
	orDefault(&l.Range, d.Range)
	orDefault(&l.Depth, d.Depth)
	if l.Time == 0 {
		l.Time = d.Time
	}
	return l
}

func orDefault(field *int, value int) {
	if *field == 0 {
		*field = value
	}
}

const (
	maxNesting    = 60  // statements within statements, in the source
	maxExpression = 200 // expressions within expressions, in the source
)

const (
	maxIntegerBits = 1 << 16
	maxDigits      = 4300 // Python's own limit on integers as text
)

const stepsPerClock = 1024 // steps between two looks at the clock

// bytesPerStep are the bytes of a text that is read for one step.
const bytesPerStep = 64

// budget is what one rendering may still use of its limits.
type budget struct {
	ctx      context.Context
	limits   *Limits
	deadline time.Time
	steps    int
	clock    int // steps at which the clock is looked at next
	built    int
	depth    int
}

func newBudget(ctx context.Context, limits *Limits) budget {
	return budget{ctx: ctx, limits: limits, deadline: time.Now().Add(limits.Time), clock: stepsPerClock}
}

// renewed is an unused budget until the same deadline.
func (r *budget) renewed() *budget {
	return &budget{ctx: r.ctx, limits: r.limits, deadline: r.deadline, clock: stepsPerClock}
}

// tick counts steps.
func (r *budget) tick(steps int) error {
	r.steps += steps
	if r.steps < r.clock {
		return nil
	}
	r.clock = r.steps + stepsPerClock
	if r.steps > r.limits.Steps {
		return fmt.Errorf("the template takes more than %d steps: loop over less", r.limits.Steps)
	}
	return r.checkTime()
}

func (r *budget) checkTime() error {
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("rendering was cancelled: %w", err)
	}
	if time.Now().After(r.deadline) {
		return fmt.Errorf("the template takes longer than %s: loop over less", r.limits.Time)
	}
	return nil
}

// grow counts bytes, before they are built where they could be many.
func (r *budget) grow(bytes int) error {
	if bytes > r.limits.Output-r.built {
		return fmt.Errorf("the template builds more than %d bytes of text", r.limits.Output)
	}
	r.built += bytes
	return nil
}

// outputLeft is how many bytes may still be built.
func (r *budget) outputLeft() int { return r.limits.Output - r.built }

// growTimes is grow for count times bytes, which may overflow.
func (r *budget) growTimes(count, bytes int) error {
	if count > 0 && bytes > r.limits.Output/count {
		return r.grow(r.limits.Output + 1)
	}
	return r.grow(max(count, 0) * bytes)
}

// look counts the reading of a text, which is fast but not free.
func (r *budget) look(v any) error {
	if s, ok := asText(v); ok && len(s) >= bytesPerStep {
		return r.tick(len(s) / bytesPerStep)
	}
	return nil
}

// width checks a number of columns or elements that a template asks for.
func (r *budget) width(what string, n int) error {
	if n > r.limits.Range {
		return fmt.Errorf("%s %d is more than the limit of %d", what, n, r.limits.Range)
	}
	return nil
}

// enter counts a level of recursion; leave gives it back.
func (r *budget) enter(what string) error {
	if r.depth >= r.limits.Depth {
		return fmt.Errorf("%s is nested deeper than %d levels", what, r.limits.Depth)
	}
	r.depth++
	return nil
}

func (r *budget) leave() { r.depth-- }
