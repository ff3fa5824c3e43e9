package diagnose

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// FailedError is what [Ahead] found.
type FailedError struct{ Failed []Diagnostic }

func (e *FailedError) Error() string {
	var b strings.Builder
	b.WriteString(counted.Of(len(e.Failed), "check of the help desks and models failed:", "checks of the help desks and models failed:"))
	for _, d := range e.Failed {
		fmt.Fprintf(&b, "\n%s: %s: %s", d.Service, d.Check, d.Message)
		if len(d.Places) > 0 {
			b.WriteString("\n   at " + strings.Join(d.Places, ", "))
		}
		if d.Fix != "" {
			b.WriteString("\n   -> " + strings.ReplaceAll(d.Fix, "\n", "\n      "))
		}
	}
	return b.String()
}

// Ahead asks the services of an engine that is about to begin its work what [Doctor] asks them, and nothing is
// written. The error is a [*FailedError], where a check failed or a service has not started.
func Ahead(ctx context.Context, setup *app.Setup, engine *orchestrator.Engine) error {
	var failed []Diagnostic
	add := func(d Diagnostic) {
		if d.Status == StatusFailed {
			d.Message, d.Fix = setup.Redactor.Text(d.Message), setup.Redactor.Text(d.Fix)
			failed = append(failed, d)
		}
	}
	for _, s := range engine.State().Services {
		if s.ID != "" && s.Failing.Err != nil {
			add(Diagnostic{Service: s.ID, Check: "start", Status: StatusFailed, Message: s.Failing.Err.Error()})
		}
	}
	analysis{setup}.ask(ctx, engine, func(string) {}, add)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(failed) > 0:
		return &FailedError{failed}
	}
	return nil
}
