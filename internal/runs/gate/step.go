package gate

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Step is the step of a run in which a ticket system is called.
type Step interface {
	// Runner and Hash are those of the run's place; Repeat is its param.
	Runner() string
	Hash() string
	Repeat() bool
	Place() string // path of the step in the configuration, for people
	// Paused reports whether its runner is: then nothing is begun to be written.
	Paused() bool
	// Full pauses the runner, since no further ticket may be changed by a service in this hour.
	Full(ctx context.Context, service string, perHour int) error
	Name() string // of the step, for people

	// WhileHeld returns a context that also ends when the run is lost, with [store.ErrFence]
	// as its cause: nothing is read on for a run that another host has. Writes don't use it,
	// as their outcomes count.
	WhileHeld(ctx context.Context) (context.Context, context.CancelFunc)

	// FirstSearch reports whether no search of the run has a result that counts for claims:
	// neither one that is kept nor one of this attempt. Searched says that one has now. For
	// an item at its loop FirstSearch is false: what its steps search claims nothing.
	FirstSearch() bool
	Searched()
	// Tickets are those that the run holds, in the order in which it claimed them. Where
	// FirstSearch is true and some are Fetched, the search yields those, read anew.
	Tickets() []store.Ticket
	Item() (ticket string, ok bool) // of a run that is an item and a ticket
	// Due are tickets at a ticket system of runs of the same place that are due, in the order
	// in which this host may get them.
	Due(ctx context.Context, system string, limit int) ([]string, error)
	// Lent reports whether the run has a ticket from its loop, which others of its items had
	// before or will have.
	Lent(t store.Ticket) bool

	// Effects are all of the run, with what Claim, Commit, Fence and Later made of them,
	// Begun and Until included. NextWrite is the key of the next write of this step with
	// this operation and ticket; each call counts one further. Key is the step's own.
	Effects() []store.Effect
	NextWrite(operation, ticket string) string
	Key() string
	// Strays are the effects at a ticket whose steps the configuration has no more, and
	// that may stand for what this step is to write. Counts says that one of them does.
	Strays(system, ticket string) []store.Effect
	Counts(stray store.Effect)
	// Tries is the key of the closed cause that this attempt may try; "" if none.
	Tries() string

	// Claim, ClaimOne, Commit and Fence go to the store with the run's Held, its row if it
	// has none yet, what of it waits to be stored, and in a claim the hashes of living
	// hosts. Fence stamps with the machine's boot and its clock where the store needs it.
	Claim(ctx context.Context, c store.Claim) (store.Claimed, error)
	ClaimOne(ctx context.Context, t store.Ticket) (taken store.Ticket, busy bool, err error)
	Commit(ctx context.Context, b store.Batch) error
	Fence(ctx context.Context, effect string, lasts time.Duration) error
	// Later keeps part of a batch until the run's next commit: an outcome is stored in one
	// transaction with the result of its step.
	Later(b store.Batch)

	// NotAllowed, Refused, Waits, Failed, Overtaken, Gone and InDoubt report what the gate saw, by which
	// the end of the attempt is decided; never by an error's message.
	NotAllowed(system, ticket string, err error) // by the bounds of the service: nothing is sent
	Refused(r Rejection)
	Waits(w Wait)
	Failed(err error) // the system failed, or did not answer
	Overtaken(ticket, why string)
	Gone(ticket string)
	InDoubt(effect string) // what can't be looked for, and may have been done
	// Overdue reports that a request, sent at that time, is without an answer for unusually
	// long: the run counts as one that waits. It is called beside the call of the step.
	Overdue(sent time.Time)
	// Leaves reports that a pipe says that leaving a ticket alone is final, and why: that is kept
	// with the step's result.
	Leaves(system, ticket, why string)
	// SetAside reports that a ticket which the run has claimed can't be read, though others
	// can: the run gives it back, and it is tried again as one that was refused.
	SetAside(ticket string, why error)
}

// ErrStopped means that the attempt can't go on, for a reason that the gate reported to
// its [Step]. Nothing was sent. Pipes see it as [api.ErrTemporary].
var ErrStopped error = stopped{}

type stopped struct{}

func (stopped) Error() string        { return "the run can't go on now" }
func (stopped) Is(target error) bool { return target == api.ErrTemporary }

// Rejection is a write that the ticket system refused.
type Rejection struct {
	Cause  string // key, see store.Rejection
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
	Err    error // for people; nil if the reason says all
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
