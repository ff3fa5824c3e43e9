package runs

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// say is the one line of an end for people; most ends have none.
func (r *run) say(v ends.Decision) {
	ticket := r.concerned()
	log := r.e.logger.With("ticket", ticket, "run", r.row.ID)
	reason := r.e.o.Redact(r.saw.Reason())
	switch v.About {
	case ends.SayNothing:
	case ends.SayLeft:
		if ticket != "" {
			log.Info("a ticket is left as it is", "step", r.saw.At(), "reason", reason)
		}
	case ends.SayAside, ends.SayDead:
		r.sayRefused(v, ticket, r.saw.At(), reason, RetryCommand(r.row.ID))
	case ends.SayNotAllowed:
		r.sayNotAllowed(ticket, reason)
	case ends.SayDoubt:
		r.sayDoubt(ticket)
	case ends.SayOvertaken:
		log.Info("somebody changed the ticket first", "reason", reason)
	case ends.SayGone:
		log.Info("the ticket was merged or can't be read any more")
	}
}

// sayRefused is the line of a ticket that is set aside, or dead.
func (r *run) sayRefused(v ends.Decision, ticket, step, reason, retry string) {
	r.e.refused.Add(1)
	log := r.e.logger.With("ticket", ticket, "run", r.row.ID, "step", step, "err", reason, "attempt", v.Attempts)
	if v.About == ends.SayDead {
		log.Error("a ticket isn't tried again by itself", "see", ShowCommand(r.row.ID), "once_it_can_succeed", retry)
		return
	}
	log.Warn("a ticket is set aside", "next", (time.Duration(v.Due-r.e.now()) * time.Microsecond).Round(time.Millisecond))
}

// sayNotAllowed is the line of a write that wasn't sent. One of a run about no ticket comes
// again with each firing, and is said once.
func (r *run) sayNotAllowed(ticket, reason string) {
	r.e.refused.Add(1)
	if ticket == "" && !r.e.once("not allowed "+r.row.Place+" "+reason) {
		return
	}
	log := r.e.logger.With("ticket", ticket, "run", r.row.ID, "step", r.saw.At(), "err", reason)
	if r.stored { // else the next firing is another run
		log = log.With("retry", RetryCommand(r.row.ID))
	}
	log.Error("a change that isn't allowed was not sent: it isn't tried again before the service's allow is another one, or a person has it tried")
}

// sayDoubt is the line of a step that a person has to decide about.
func (r *run) sayDoubt(ticket string) {
	r.e.refused.Add(1)
	o := kept.DecodeOnce(r.doubted)
	said := []any{"run", r.row.ID, "runner", r.row.Runner, "step", r.saw.Doubt}
	for _, more := range [][2]string{{"ticket", ticket}, {"use", o.Use}, {"plugin", o.Plugin}, {"file", o.File}, {"path", o.Path}, {"at", o.At}} {
		if more[1] != "" {
			said = append(said, more[0], more[1])
		}
	}
	r.e.logger.Error("a step that must not be repeated was interrupted: find out whether it was carried out, then type the one or the other",
		append(said, "if_not_done", RetryCommand(r.row.ID), "if_done", SkipCommand(r.row.ID))...)
}

// What people type about a run.

// ShowCommand shows all that is kept of a run.
func ShowCommand(run string) string { return "otai runs show " + run }

// RetryCommand makes a run due, one in doubt with the step that is.
func RetryCommand(run string) string { return "otai runs retry " + run }

// SkipCommand makes a run in doubt go on behind the step that is.
func SkipCommand(run string) string { return RetryCommand(run) + " --skip-step" }

// Refused is how many tickets were set aside or given up by this process.
func (e *Engine) Refused() int { return int(e.refused.Load()) }

// refusedSo remembers why a ticket was refused.
func (e *Engine) refusedSo(cause, why string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reasons == nil {
		e.reasons = make(map[string]string)
	}
	e.reasons[cause] = why
}

// sayClosed is the one line of a cause, when it closes.
func (e *Engine) sayClosed(c *store.Cause, why string) {
	if c == nil || !c.Closed || c.Logged {
		return
	}
	e.logger.Error("many tickets are refused for one reason: they wait, and one of them tries again each minute", "runner", c.Runner, "refused", c.Label, "tickets", c.Tickets, "err", why)
}

// sayRefusedUnclaimed says once of each reason that a write was refused in a run which has no
// ticket: nothing of it is stored, and the next firing tries the same.
func (r *run) sayRefusedUnclaimed(ctx context.Context) {
	for _, f := range r.saw.Rejections {
		if f.Write && r.e.once("refused unclaimed "+f.Cause) {
			r.e.logger.WarnContext(ctx, "a write is refused, and its run has no ticket that could be set aside: each firing tries it again", "runner", r.row.Runner, "step", f.Step.Name, "path", f.Step.Path, "err", r.e.o.Redact(f.Err.Error()))
		}
	}
}
