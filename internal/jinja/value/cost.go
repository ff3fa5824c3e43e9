package value

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// BytesPerStep is how much of a text is read for one step.
const BytesPerStep = 64

// CountRead counts the steps for reading a text, which is fast but not free.
func CountRead(meter *budget.Budget, v any) error {
	if s, ok := AsText(v); ok && len(s) >= BytesPerStep {
		return meter.Step(len(s) / BytesPerStep)
	}
	return nil
}
