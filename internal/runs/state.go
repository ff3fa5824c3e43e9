package runs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// mostInStreak is how many different tickets in a row may meet a failure of the system
// before it is the runner's.
const mostInStreak = 3

// stepMemory keeps, as its params, what an attempt leaves to the next one: that takes
// longer than a process may live.
const stepMemory = "~memory"

func (m memory) encode() string {
	if m == (memory{}) {
		return ""
	}
	text, _ := json.Marshal(m) // texts and numbers alone
	return string(text)
}

// decodeMemory is the way back.
func decodeMemory(s store.Step) (m memory) {
	if json.Unmarshal([]byte(s.Params), &m) != nil {
		return memory{}
	}
	return m
}

// recallStreaks counts the runs that wait because of the system to those in a row that met
// its failures: a process that is started again and again would else never pause.
func (e *Engine) recallStreaks(ctx context.Context) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{States: []store.State{store.Waiting}, Reason: store.ReasonSystem})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, row := range rows {
		e.inRow(row.Place, row.ID)
	}
	return nil
}

// inRow counts a run that met a failure of the system, and returns how many have in a row.
func (e *Engine) inRow(place, run string) int {
	if e.streak[place] == nil {
		e.streak[place] = make(map[string]bool)
	}
	e.streak[place][run] = true
	return len(e.streak[place])
}

// stepSucceeded remembers that a step did its work, for those that go on failing at it.
// It returns the causes at which tickets were counted for the step: there is a success in
// between now.
func (e *Engine) stepSucceeded(path string) (causes []string) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.success[path] = now
	for cause := range e.counted[path] {
		causes = append(causes, cause)
	}
	delete(e.counted, path)
	return causes
}

// countedStep remembers that a ticket was counted at a cause for a step.
func (e *Engine) countedStep(path, cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counted[path] == nil {
		e.counted[path] = make(map[string]bool)
	}
	e.counted[path][cause] = true
}

func (e *Engine) succeededSince(path string, since int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.success[path] > since
}

// ended makes known in this process what the store has by now.
func (e *Engine) ended(r *run, v decision) {
	e.mu.Lock()
	if v.end.State == store.Ended {
		delete(e.values, r.row.ID)
	}
	e.mu.Unlock()
	if v.end.State != store.Ended && v.end.DueAt != 0 {
		e.places.of(r.p).later(v.end.DueAt, e.now())
	}
}

// countItem counts a run for the loop of which it is an item. err is what [Engine.inStreak]
// said of it.
func (e *Engine) countItem(r *run, v decision, err error) {
	e.mu.Lock()
	l := e.loops[r.row.Parent]
	e.mu.Unlock()
	if l != nil {
		e.itemEnded(l, r.row.ID, v.end.State, v.end.Outcome, err != nil)
	}
}

// inStreak is what of an end is an error of the runner: that three different tickets in a
// row met a failure of the system. A process that ends soon says each.
func (e *Engine) inStreak(r *run, v decision, d ending) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	place := r.p.Path
	if !v.system {
		if !d.stopped {
			delete(e.streak, place)
		}
		return nil
	}
	if e.inRow(place, r.row.ID) < mostInStreak && !e.o.Alone {
		return nil
	}
	if d.err != nil {
		return d.err
	}
	if d.system != nil {
		return d.system.err
	}
	return nil
}

// say is the one line of an end for people; most ends have none.
func (r *run) say(v decision) {
	ticket := r.concerned()
	log := r.e.logger.With("ticket", ticket, "run", r.row.ID)
	reason := r.e.o.Redact(r.saw.reason())
	switch v.about {
	case sayNothing:
	case sayLeft:
		if ticket != "" {
			log.Info("a ticket is left as it is", "step", r.saw.at(), "reason", reason)
		}
	case sayAside, sayDead:
		r.sayRefused(v, ticket, r.saw.at(), reason)
	case sayDoubt:
		r.e.refused.Add(1)
		log.Error("a step that must not be repeated was interrupted: find out whether it was carried out, then `otai runs retry` or `otai runs retry --skip-step`", "step", r.saw.doubt)
	case sayOvertaken:
		log.Info("somebody changed the ticket first", "reason", reason)
	case sayGone:
		log.Info("the ticket was merged or can't be read any more")
	}
}

// sayRefused is the line of a ticket that is set aside, or dead.
func (r *run) sayRefused(v decision, ticket, step, reason string) {
	r.e.refused.Add(1)
	log := r.e.logger.With("ticket", ticket, "run", r.row.ID, "step", step, "err", reason, "attempt", v.attempts)
	if v.about == sayDead {
		log.Error("a ticket isn't tried again by itself: see `otai runs show`, and `otai runs retry` once it can succeed")
		return
	}
	log.Warn("a ticket is set aside", "next", (time.Duration(v.due-r.e.now()) * time.Microsecond).Round(time.Millisecond))
}

// Refused is how many tickets were set aside or given up by this process.
func (e *Engine) Refused() int { return int(e.refused.Load()) }

// sayClosed is the one line of a cause, when it closes.
func (e *Engine) sayClosed(c *store.Cause) {
	if c == nil || !c.Closed || c.Logged {
		return
	}
	e.logger.Error("many tickets are refused for one reason: they wait, and one of them tries again each minute", "refused", c.Label, "tickets", c.Tickets)
}
