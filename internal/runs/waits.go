package runs

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// failing is a step at which the system fails, or doesn't answer: tickets wait for it, while
// others may pass.
type failing struct {
	runs  map[string]bool // that wait
	said  bool
	at    time.Time // it was said last
	since time.Time
	most  int
}

// sayAgain bounds the lines of a step at which the system fails now and then.
const sayAgain = 10 * time.Minute

// sayWaits says when tickets begin to wait because the system fails at a step, and when
// none of them does any more: two lines, however many there are. What all meet, as at a help
// desk that is down, is said by the runner: here it is what goes on while others pass.
func (r *run) sayWaits(ctx context.Context, v ends.Decision, d ends.Ending) {
	if d.Stopped {
		return
	}
	at, id := "", r.row.ID
	if v.System && v.End.State == store.Waiting {
		at = r.p.Path
		if d.System != nil && d.System.Step.Path != "" {
			at = d.System.Step.Path
		}
	}
	passes := at != "" && v.Memory.Count > 1 && (d.Healthy || r.e.o.Healthy != nil && r.e.o.Healthy(ctx))
	log := r.e.logger.With("ticket", r.concerned(), "run", id)
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	for path, f := range r.e.fails {
		if path == at || !f.runs[id] {
			continue
		}
		if delete(f.runs, id); len(f.runs) == 0 && f.said {
			f.said = false
			r.e.logger.Info("no ticket waits any more at a step at which the system failed", "path", path, "tickets", f.most, "after", time.Since(f.since).Round(time.Second))
		}
	}
	if at == "" {
		return
	}
	f := r.e.fails[at]
	if f == nil {
		f = &failing{runs: make(map[string]bool)}
		r.e.fails[at] = f
	}
	if len(f.runs) == 0 {
		f.since, f.most = time.Now(), 0
	}
	f.runs[id] = true
	f.most = max(f.most, len(f.runs))
	if !passes || f.said || time.Since(f.at) < sayAgain {
		return
	}
	f.said, f.at = true, time.Now()
	log.Warn("the system fails at a step: the ticket waits and is tried again, others go on", "path", at, "step", r.saw.At(), "waits", v.End.Reason, "err", v.End.Err,
		"next", (time.Duration(v.End.DueAt-time.Now().Add(r.e.offset).UnixMicro()) * time.Microsecond).Round(time.Millisecond))
}
