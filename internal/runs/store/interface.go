package store

import (
	"context"
	"slices"
	"time"
)

// Store is the database. Its methods are for many goroutines at once.
type Store interface {
	// Register makes this process a host. On SQLite it takes over what any former host
	// held; on PostgreSQL what former hosts of the same instance held.
	Register(ctx context.Context, h Host) error
	// Renew renews the host's lease, unless it has ended: then the error is [ErrFence], and
	// the process registers again as another host and drops what it held.
	Renew(ctx context.Context, host string) error
	// Reap makes the runs of hosts whose lease has ended ready, with a new fence, and
	// returns their number. A host calls it only after a full lease of its own renewals.
	Reap(ctx context.Context, host string) (int, error)
	// Reconcile makes runs ready that this host owns and does not work at. It also lets go
	// of tickets that loops have kept for items which have all ended.
	Reconcile(ctx context.Context, host string, atWork []string) (int, error)
	// Leave ends the host: a clean end of its process. What it still held becomes ready.
	Leave(ctx context.Context, host string) error

	// Living returns the hashes that living hosts have for a runner.
	Living(ctx context.Context, runner string) ([]string, error)

	// Mark is the present moment in the order of ends; see [Ticket].EndedAt.
	Mark(ctx context.Context) (Mark, error)
	// Now is the database's clock.
	Now(ctx context.Context) (int64, error)

	// Claim takes tickets for a run, in one transaction. Where it takes none, it doesn't
	// create the run.
	Claim(ctx context.Context, c Claim) (Claimed, error)
	// ClaimOne takes one ticket for a write, or to begin to work at it. busy: another run
	// works at it.
	ClaimOne(ctx context.Context, held Held, create *Run, t Ticket) (taken Ticket, busy bool, err error)
	// Commit stores a batch whole or not at all. counted is the cause of b.Rejection after it,
	// else one of b.Success that is open since; nil if there is none.
	Commit(ctx context.Context, b Batch) (counted *Cause, err error)
	// Fence stores that a request is about to be sent: the effect's Begun (now) and Until
	// (now + lasts), durably. It is refused with [ErrFence] where the run is not the
	// host's any more or less than a quarter of the lease is left, with [ErrCanceled] where
	// it was canceled.
	Fence(ctx context.Context, held Held, effect string, lasts time.Duration, boot string, bootClock int64) error

	// Take begins an attempt of a run of the runner with this hash that is due: what was
	// begun first, then by DueAt. l is nil if none is; next is when one will be, 0: none.
	Take(ctx context.Context, host, runner, hash string) (l *Loaded, next int64, err error)
	// DueTickets are those that runs have fetched which are due, in the order in which Take
	// takes them.
	DueTickets(ctx context.Context, host, runner, hash, system string, limit int) ([]string, error)
	// TakeRun begins an attempt of one run, if its fence is still this one.
	TakeRun(ctx context.Context, host, run string, fence int64) (*Loaded, error)
	// Adopt gives runs of the runner the hash of a place at which they begin anew: those
	// whose hash no living host has, and those that wait for a refused ticket or a cause,
	// weren't tried under this hash and have no done effect. It returns their number. Those
	// that are dead by [ReasonAllow] and weren't tried under this hash wait again.
	Adopt(ctx context.Context, host, runner, hash string) (int, error)

	// Causes are those that are closed, each with the number of runs that wait. TryCause
	// makes the next one of these due, at most once a minute for all hosts. All of them are
	// due by [Batch].Success.
	Causes(ctx context.Context) ([]Cause, error)
	// Closed are the keys of the causes that are closed: counting what waits costs the more
	// the more there is.
	Closed(ctx context.Context) ([]string, error)
	TryCause(ctx context.Context, key string) (bool, error)

	// Passed returns how many tickets a search of a runner leaves out, at most 500.
	Passed(ctx context.Context, runner, system string) (int, error)
	// Tickets returns what a runner remembers of these tickets.
	Tickets(ctx context.Context, runner, system string, ids []string) ([]Ticket, error)
	// Stale are tickets with a standing that no search has found since a time, oldest first.
	Stale(ctx context.Context, runner, system string, seenBefore int64, limit int) ([]Ticket, error)
	// Forget makes tickets free that no run holds and no search has found since a time.
	Forget(ctx context.Context, runner, system string, tickets []string, seenBefore int64) error
	// PutTickets replaces rows of tickets that no run holds: what searches and readings
	// outside a run have shown.
	PutTickets(ctx context.Context, ts []Ticket) error
	// OwnEffects are the effects of all runners at a ticket: those that are done since a time,
	// and those that were begun and are open, of which anything may be on the ticket.
	OwnEffects(ctx context.Context, system, ticket string, since int64) ([]Effect, error)

	// Fire reports whether of all hosts this one fires the runner's trigger in the slot, its
	// present interval: nobody has yet. The slot of a host that died before Fired is free
	// again.
	Fire(ctx context.Context, host, runner string, slot int64) (mine bool, err error)
	Fired(ctx context.Context, runner string, slot int64) error
	// Value and SetValue keep small facts, such as the time of the last search for changes
	// and the store's birth.
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error

	// For people and commands.
	Runs(ctx context.Context, f Filter) ([]Run, error)
	TicketsBy(ctx context.Context, f TicketFilter) ([]Ticket, error)
	Load(ctx context.Context, run string) (*Loaded, error)
	Counts(ctx context.Context) (Counts, error)
	// Progress says how far the runs are whose ids begin so.
	Progress(ctx context.Context, prefix string) (Progress, error)
	// Retry makes due what a names, whatever its pause: not what is running or waits for a
	// request that may still be at work. It returns the number of runs and tickets.
	Retry(ctx context.Context, a RequestArgs) (int, error)
	// Cancel ends a run, or has its host end it where it is running or one of its effects
	// has no outcome; verb is "discard". The ticket counts as handled. With the
	// verb "drop" a run that nobody works at ends whatever it has begun, and a ticket that
	// nothing was written to is free again.
	// Where it ends the run, decide is asked for the records of that, if there is one.
	Cancel(ctx context.Context, run, verb string, decide func(Loaded) []Decision) (Run, error)
	// Pauses are the runners of which nothing is begun nor taken: runs are only taken to
	// finish what has an intent. Pause adds one, or says of a person's that places are taken,
	// too; added is false where the runner has one. Resume ends that of a runner, with "" all,
	// and returns those that ended: what waits is due, and where a pause was for want of places
	// and there is none still, those that were taken count no more.
	Pauses(ctx context.Context) ([]Pause, error)
	Pause(ctx context.Context, p Pause) (added bool, err error)
	Resume(ctx context.Context, runner string) ([]Pause, error)
	// Runners are the names of all that a host has, or a ticket or a pause is of.
	Runners(ctx context.Context) ([]string, error)
	Ask(ctx context.Context, r Request) (id int64, err error)
	// Requests are those without an answer; Asked returns one.
	Requests(ctx context.Context) ([]Request, error)
	Asked(ctx context.Context, id int64) (Request, bool, error)
	Answer(ctx context.Context, id int64, answer string) error
	Decisions(ctx context.Context, f DecisionFilter) ([]Decision, error)
	// CleanDecisions deletes at most batch decisions that were made before a time, and returns
	// their number.
	CleanDecisions(ctx context.Context, before int64, batch int) (int, error)
	// Clean deletes at most batch runs that ended before a time and have no effect without
	// an outcome, and what else is old. It returns the number of runs.
	Clean(ctx context.Context, keepBefore int64, batch int) (int, error)

	Close() error
}

// Loaded is a run with all that is kept of it.
type Loaded struct {
	Run       Run
	Steps     []Step
	Documents []Document
	Effects   []Effect
	Tickets   []Ticket
}

// Filter chooses runs; zero fields mean any.
type Filter struct {
	States   []State
	Outcomes []Outcome
	Ticket   string
	Runner   string
	Place    string
	Parent   string
	Reason   string
	InDoubt  bool // ended, and a person has to say whether a step of it was carried out
	OwnEnd   bool // none that was left after its loop had handed on its tickets to items
	Limit    int
	After    string // id of the last one of the page before
}

// TicketFilter chooses tickets; zero fields mean any. The order is that of DueAt, those
// without one last.
type TicketFilter struct {
	Runner    string
	System    string
	Ticket    string
	Refused   bool // set aside or dead
	Standings []Standing
	Noted     bool // with a Note
	Limit     int
}

// Counts are for progress and for people.
type Counts struct {
	Runs      map[State]int
	Standings map[Standing]int
	Runners   map[string]map[Standing]int // Standings by runner
	Waiting   map[string]int              // by reason
	Open      int                         // effects without an outcome
	Overdue   time.Duration               // for how long the run is due that nobody has taken for longest
}

// Progress is how far a number of runs are.
type Progress struct {
	All   int
	Ended int
	Held  int // wait for what doesn't end by itself soon: refused, or in need of what can't be read
}

// Request is what a command asks of whoever works. Whoever works answers it; a command
// that finds nobody at work takes the lock and does the same itself.
type Request struct {
	ID      int64
	Verb    string
	Args    []byte // JSON of [RequestArgs]
	Created int64
	Answer  string // "" until it was answered; for people
}

// The verbs of requests.
const (
	VerbRetry   = "retry"
	VerbDiscard = "discard"
	VerbPause   = "pause"
	VerbResume  = "resume"
	// VerbRevert puts back what was written in a range. Whoever works does it.
	VerbRevert = "revert"
	// VerbDrop is nothing that people ask for.
	VerbDrop = "drop"
)

// RequestArgs are what a request is about: runs, or all that a runner, a cause or a
// standing has.
type RequestArgs struct {
	Runs     []string `json:"runs,omitempty"`
	Tickets  []string `json:"tickets,omitempty"`
	Runner   string   `json:"runner,omitempty"`    // "": of all runners
	Cause    string   `json:"cause,omitempty"`     // retry what waits for it
	All      bool     `json:"all,omitempty"`       // retry what is set aside, dead or waits for a cause
	Handled  bool     `json:"handled,omitempty"`   // retry what is handled
	SkipStep bool     `json:"skip_step,omitempty"` // retry a run in doubt behind the step that is
	Range    *Range   `json:"range,omitempty"`     // of what is put back
}

// Range says which writes are meant: those that meet all that it says.
type Range struct {
	Runs   []string `json:"runs,omitempty"`
	Since  int64    `json:"since,omitempty"` // store time, from here on
	Until  int64    `json:"until,omitempty"` // before this; 0: without end
	Ticket string   `json:"ticket,omitempty"`
	System string   `json:"system,omitempty"` // where Ticket is; "": wherever
}

// Covers reports whether what is in another range is in this one, as where a command is given again that
// says how long ago it begins.
func (r Range) Covers(other Range) bool {
	return r.Ticket == other.Ticket && r.System == other.System && r.Until == other.Until && r.Since <= other.Since &&
		slices.Equal(slices.Sorted(slices.Values(r.Runs)), slices.Sorted(slices.Values(other.Runs)))
}

// Has reports whether a write is in the range.
func (r Range) Has(run, system, ticket string, at int64) bool {
	switch {
	case len(r.Runs) > 0 && !slices.Contains(r.Runs, run):
		return false
	case r.Ticket != "" && r.Ticket != ticket, r.System != "" && r.System != system:
		return false
	}
	return at >= r.Since && (r.Until == 0 || at < r.Until)
}
