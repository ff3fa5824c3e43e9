package budget

import (
	"time"
)

// Limits bound one template. They exist because ticket text, which strangers
// write, flows through templates.
type Limits struct {
	Source int           // bytes of a template's source
	Steps  int           // evaluated nodes, loop rounds and visited elements
	Output int           // bytes of all text built along the way
	Range  int           // elements of a range, and columns that a text is padded to
	Depth  int           // nested macros, recursive loops and values
	Time   time.Duration // wall clock of one rendering
}

// DefaultLimits are far above what a configuration needs.
func DefaultLimits() Limits {
	return Limits{Source: 64 << 10, Steps: 1_000_000, Output: 4 << 20, Range: 100_000, Depth: 50, Time: 2 * time.Second}
}

// WithDefaults is l with zeros replaced by the defaults.
func (l Limits) WithDefaults() Limits {
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
