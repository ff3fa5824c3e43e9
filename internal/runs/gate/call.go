package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// call is one call of a ticket system that writes: what the functions that the ticket
// system was given once ([fence], [load], [save]) find by the call's context.
type call struct {
	system *ticketSystem
	step   Step
	effect string // key
	asked  bool   // the fence let a request through
	err    error  // why the fence did not
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
	if err := c.step.Fence(ctx, c.effect, c.system.lasts(ctx)); err != nil {
		c.err = err
		return fmt.Errorf("nothing is sent: %w", err)
	}
	c.asked = true
	return nil
}

// load returns the record that the ticket system kept for the intent, nil if it has none.
func load(ctx context.Context) ([]byte, error) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil, nil
	}
	e, ok := effectOf(c.step, c.effect)
	if !ok {
		return nil, errNoIntent
	}
	return e.Record, nil
}

// save keeps the record; it is on the disk when save returns.
func save(ctx context.Context, record []byte) error {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil
	}
	e, ok := effectOf(c.step, c.effect)
	if !ok {
		return errNoIntent
	}
	e.Record = record
	// Before the first request the fence makes it durable, which every request asks.
	durable := c.asked || !c.system.fences
	if err := c.step.Commit(ctx, store.Batch{Durable: durable, Effects: []store.Effect{e}}); err != nil {
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
