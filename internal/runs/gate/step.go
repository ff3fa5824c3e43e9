// Package gate stands before every ticket system. A search goes through it to claim
// what it finds for the run that searched; a write goes through it to be stored before
// it is sent, and to be sent once.
//
// The gate finds the run by the context of the call ([WithStep]). A call without one,
// as in a start, goes to the ticket system as it is.
package gate

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Step is the step of a run in which a ticket system is called.
type Step interface {
	// Runner and Hash are those of the run's place; Repeat is its param.
	Runner() string
	Hash() string
	Repeat() bool
	Place() string // path of the step in the configuration, for people

	// FirstSearch reports whether no search of the run has claimed tickets yet. Tickets are
	// those that the run holds, those with Fetched from its search; Fetched is what such a
	// search yields when the run began anew: the tickets that it claimed, in order.
	FirstSearch() bool
	Tickets() []store.Ticket
	Item() (ticket string, ok bool) // of a run that is an item and a ticket

	// Effects are all of the run; NextWrite is the key of the next write of this step with
	// this operation and ticket.
	Effects() []store.Effect
	NextWrite(operation, ticket string) string

	// Claim, ClaimOne, Commit and Fence go to the store with the run's Held, its row if it
	// has none yet, and what of it waits to be stored.
	Claim(ctx context.Context, c store.Claim) (store.Claimed, error)
	ClaimOne(ctx context.Context, t store.Ticket) (store.Ticket, bool, error)
	Commit(ctx context.Context, b store.Batch) error
	Fence(ctx context.Context, effect string, lasts time.Duration) error
	// Later keeps part of a batch until the run's next commit: an outcome is stored in one
	// transaction with the result of its step.
	Later(b store.Batch)

	// Refused, Waits, NoAnswer, Changed report what the gate saw, by which the end of the
	// attempt is decided; never by an error's message.
	Refused(r Refusal)
	Waits(w Wait)
	Failed(err error) // a fault of the system, or no answer
	Overtaken(ticket, why string)
	Gone(ticket string)
}

// Refusal is a write that the ticket system refused.
type Refusal struct {
	Cause  string // key, see store.Refusal
	Label  string
	System string
	Ticket string
	Write  bool // false: a search or a reading was refused
	Err    error
}

// Wait is why an attempt can't go on now.
type Wait struct {
	Reason string // one of the store's Reason constants
	Cause  string
	Until  int64 // store time; 0: by the reason's own rule
}

type stepKey struct{}

// WithStep makes s the step in which calls with the returned context happen.
func WithStep(ctx context.Context, s Step) context.Context {
	return context.WithValue(ctx, stepKey{}, s)
}

// StepOf returns the step of a call.
func StepOf(ctx context.Context) (Step, bool) {
	s, ok := ctx.Value(stepKey{}).(Step)
	return s, ok
}
