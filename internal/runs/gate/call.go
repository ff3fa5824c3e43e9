package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// call is one call of a ticket system that writes: what the functions that the ticket
// system was given once ([fence], [load], [save]) find by the call's context.
type call struct {
	system *ticketSystem
	step   Step
	effect string   // key
	asked  bool     // the fence let a request through
	err    error    // why the fence did not
	out    *request // the last one that it let through

	intent *store.Effect // not stored yet: with the first record or the first request
	begun  time.Time     // when the store was asked to keep that a request begins; for a moment its answer is the fence's
	lasts  time.Duration // of that request, at most
}

// moment is for how long what the store was asked at the beginning counts before a request is
// sent, and stale when its answer to a later question doesn't count any more. Both are counted
// from the question, because a process may be frozen between the answer and its arrival: less
// than a lease, in which nobody else takes the run over.
const (
	moment = 250 * time.Millisecond
	stale  = time.Second
)

// begin stores the intent, what the ticket system keeps with it, and that a request may
// begin now, all at once and durably.
func (c *call) begin(ctx context.Context, record []byte) error {
	e := *c.intent
	c.lasts = c.system.lasts(ctx)
	if record != nil {
		e.Record = record
	}
	asked := time.Now()
	err := c.step.Commit(ctx, store.Batch{
		Durable: true, Effects: []store.Effect{e}, Begin: &store.Begin{Effect: e.Key, Lasts: c.lasts + moment}, Place: c.system.place(ctx, e.Ticket),
	})
	if err != nil {
		c.err = err
		return err
	}
	c.intent, c.begun = nil, asked
	return nil
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// fence is asked right before each request of a write.
func fence(ctx context.Context) error {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil // no run's
	}
	if c.intent != nil {
		if err := c.begin(ctx, nil); err != nil {
			return fmt.Errorf("nothing is sent: %w", err)
		}
	}
	for fresh := !c.asked && time.Since(c.begun) < moment && c.system.lasts(ctx) <= c.lasts; !fresh; {
		asked := time.Now()
		if err := c.step.Fence(ctx, c.effect, c.system.lasts(ctx)); err != nil {
			c.err = err
			return fmt.Errorf("nothing is sent: %w", err)
		}
		fresh = time.Since(asked) < stale || ctx.Err() != nil
	}
	c.asked = true
	c.ended(false) // the request before it
	c.out = c.system.overdue.sent(c.step.Overdue)
	return nil
}

// ended says that nobody waits any more for the answer of the last request.
func (c *call) ended(answered bool) {
	if c.out != nil {
		c.out.ended(answered)
		c.out = nil
	}
}

// load returns the record that the ticket system kept for the intent, nil if it has none.
func load(ctx context.Context) ([]byte, error) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil, nil
	}
	e, _ := effectOf(c.step, c.effect)
	return e.Record, nil
}

// save keeps the record; it is on the disk when save returns.
func save(ctx context.Context, record []byte) error {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil
	}
	if c.intent != nil {
		if err := c.begin(ctx, record); err != nil {
			return fmt.Errorf("keep what is to be written: %w", err)
		}
		return nil
	}
	e, ok := effectOf(c.step, c.effect)
	if !ok {
		return errNoIntent
	}
	e.Record = record
	if err := c.step.Commit(ctx, store.Batch{Durable: true, Effects: []store.Effect{e}}); err != nil {
		c.err = err
		return fmt.Errorf("keep what was written: %w", err)
	}
	return nil
}

var errNoIntent = errors.New("the write has no intent in the store")

func effectOf(s Step, key string) (store.Effect, bool) {
	for _, e := range s.Effects() {
		if e.Key == key {
			return e, true
		}
	}
	return store.Effect{}, false
}
