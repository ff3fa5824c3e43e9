// Package store keeps runs, the tickets that they claimed, the results of their steps
// and their effects, in a database: SQLite on one machine, PostgreSQL on many.
//
// # The frame of every guarantee
//
// A process that runs attempts is a host. What a host stores of a run it stores by
// [Store.Commit], in one transaction which first asks whether the run is still its own:
// that its owner and its fence are unchanged and, on PostgreSQL, that the host's lease
// has not ended. If not, nothing is stored and the error is [ErrFence]: the host drops
// the attempt and sends nothing more. An ended lease can't be renewed.
//
// # What is on the disk when
//
// A batch that says Durable is on the disk when Commit returns. So is all that was
// committed before it.
//
// # Time
//
// All times are the store's: microseconds since 1970 by the database's clock. Pauses
// are kept as the time at which they end.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// ErrFence means that the run is no longer this host's: its attempt stores and sends
// nothing more.
var ErrFence = errors.New("the run belongs to another process by now")

// ErrCanceled means that a person canceled or discarded the run: it sends nothing more,
// but it is still the host's, which stores the outcome of what it sent and ends it.
var ErrCanceled = errors.New("the run was canceled")

// ErrMissing means that there is none of what was asked for by its id.
var ErrMissing = errors.New("the run store has none")

// ErrBusy means that a ticket is worked at by another run.
var ErrBusy = errors.New("another run works at the ticket")

// ErrUnavailable means that the database can't be reached or written now. Nothing of the
// call was stored, or the caller can't know; every call may be repeated.
var ErrUnavailable = errors.New("the run store can't be used now")

// ValueOthers is the name of the fact that notes of another otai, with another store, were
// seen at a help desk: the time (RFC 3339), a space, and the ticket.
const ValueOthers = "others"

// ValueBirth is the name of the fact that says when the store was made, in its own time.
const ValueBirth = "birth"

// ValueCopied is the name of the fact that a store is a copy with which nobody has worked yet: not
// empty. What was done since isn't in it, so its past begins with its first use, as a new store's.
const ValueCopied = "copied"

// A State is where a run is in its life.
type State string

// The states of a run.
const (
	Ready   State = "ready"   // may be taken as soon as it is due
	Running State = "running" // its owner works on it
	Waiting State = "waiting" // set aside, for what may still be at work, or for a cause; due at DueAt
	Ended   State = "ended"
)

// An Outcome is how a run ended.
type Outcome string

// The outcomes of a run.
const (
	Applied   Outcome = "applied"   // it changed something
	Left      Outcome = "left"      // it ended well and changed nothing
	Dead      Outcome = "dead"      // it is not tried again by itself
	Overtaken Outcome = "overtaken" // somebody changed the ticket before the run did
	Gone      Outcome = "gone"      // the ticket was merged or deleted
	Canceled  Outcome = "canceled"  // by `otai runs discard`
)

// A Standing is what a runner remembers of a ticket. Free is none.
type Standing string

// The standings of a ticket.
const (
	Free         Standing = ""
	Handled      Standing = "handled"
	StandingLeft Standing = "left"
	Aside        Standing = "aside"
	StandingDead Standing = "dead"
)

// Reasons for which a run waits.
const (
	ReasonAside  = "aside"  // the ticket was refused and is tried again
	ReasonUntil  = "until"  // a request may still be at work
	ReasonCause  = "cause"  // what refuses many tickets is over only for one try a minute
	ReasonBusy   = "busy"   // another run works at the ticket
	ReasonSystem = "system" // the system fails at this ticket only
	ReasonGone   = "unreadable"
	ReasonPaused = "paused" // its runner is
	// ReasonAsked is, for people, why a run waits that stands as set aside and was refused
	// nothing since a person had it tried again.
	ReasonAsked = "asked"
)

// ReasonAllow is why a run is dead whose write the bounds of its service don't allow, and
// CauseAllow stands at its ticket: it is due again for a configuration with other bounds.
const (
	ReasonAllow = "allow"
	CauseAllow  = "allow"
)

// Host is one process.
type Host struct {
	ID       string // its instance and its start
	Instance string // the state folder's; only its holder declares former hosts of it dead
	Version  string
	Lease    time.Duration // 0: the lock on the file is the lease (SQLite)
	Places   []HostPlace   // at which it can begin or continue runs
}

// HostPlace is a place of a host's configuration.
type HostPlace struct {
	Runner string
	Hash   string
	Items  bool // of a loop: tickets are tried under the hash of its runner
}

// ReadyRun is a run that has become due, or will be at DueAt.
type ReadyRun struct {
	Run    string
	Runner string
	Hash   string
	Fence  int64
	DueAt  int64
	Begun  bool // an attempt of it was begun before: it goes first
}

// Held names a run as its host took it.
type Held struct {
	Run   string
	Host  string
	Fence int64
}

// Run is the row of a run.
type Run struct {
	ID       string
	Runner   string
	Place    string // in the configuration, for people
	Hash     string
	Parent   string // the run whose loop made it; "" for others
	Key      string // of the item in its loop
	State    State
	Outcome  Outcome
	Reason   string // for which it waits or is dead, one of the Reason constants
	Cause    string // id of the cause that it waits for
	Attempts int    // those that count against Retry
	Deaths   int    // how often its process died at the step AtWork
	AtWork   string // key of the step that was at work
	Owner    string // the host that has it; of one that is ready: that keeps it to itself
	Fence    int64
	DueAt    int64  // 0 while it is running and when it has ended
	Begun    bool   // an attempt of it was begun before
	Try      bool   // its next attempt may try what its cause refuses
	Parked   bool   // begins anew when it is taken: its results were dropped
	Cancel   string // "discard" while an open effect keeps it
	Item     []byte // of an item: what it was given, by the codec
	Err      string // of the last attempt, redacted
	Created  int64
	EndedAt  int64
	Tickets  []string // that it holds, else those whose last run it was; only [Store.Runs] fills it
}

// Step is the kept result of a step.
type Step struct {
	Key    string
	Params string // hash of the rendered params
	Result []byte // by the codec; nil if it may not be stored: the step is evaluated again
}

// StepSaid is the key of the step that keeps, as its params, what the steps of a run have
// decided. It stays where a run begins anew at another place.
const StepSaid = "~said"

// Document is a ticket as a fetch yielded it; the fetch's result refers to it.
type Document struct {
	Ticket string
	Body   []byte
}

// EffectState is where a write is.
type EffectState string

// The states of an effect.
const (
	Intent  EffectState = "intent"  // to be sent, or sent with an outcome that isn't known
	Done    EffectState = "done"    // it is on the ticket
	Refused EffectState = "refused" // the ticket system refused it; it counts as not begun
	Closed  EffectState = "closed"  // given up: the ticket is gone, or somebody discarded it
)

// The operations of effects. What is new can't be looked for at the help desk.
const (
	OpUpdate = "update"
	OpNote   = "note"
	OpCreate = "create"
	OpOnce   = "once" // the one execution of a pipe with the label effect: once
)

// Effect is a write to a ticket system, or the one execution of a pipe with the label
// effect: once.
//
// Where a batch replaces a stored one, an empty Intent, Record, Outcome or Boot keeps what
// is stored; without Begun, Begun and Until are kept. When its run has ended as anything
// but dead, Intent and Record are dropped, and what a pipe with effect: once returned.
type Effect struct {
	Run       string // set by the store
	Key       string // step's key, operation, ticket, number of the write
	Step      string
	Operation string // one of the Op constants
	System    string // of the ticket system
	Service   string // id of the service
	Ticket    string
	State     EffectState
	Intent    []byte // what is to be written, by the codec
	Record    []byte // the ticket system's own (UseStore)
	Outcome   []byte // what the call returned, by the codec
	Made      any    // the same, for whoever made it; not stored
	Begun     int64  // of its last request; 0: none was sent
	Until     int64  // until when that request may still be at work; 0: it can't be
	Boot      string // id of the machine's boot at which Begun was taken
	BootClock int64  // nanoseconds of that boot's clock at Begun
	Created   int64  // set by the store, as is Changed: when State changed last
	Changed   int64
}

// Ticket is a runner's claim on a ticket and what it remembers of it.
type Ticket struct {
	Runner   string
	System   string
	Ticket   string
	Run      string // that has claimed it; "" if none
	Working  bool   // that run works at it: at most one does, of all runners
	Fetched  bool   // claimed by the run's fetch or as an item, not only for a write
	Standing Standing
	Hashes   []string // under which it was left, set aside or dead: those that claim (see Claim.Hash)
	LastRun  string   // that it has its standing from; set by the store when a run lets go of it
	Picture  []byte   // of the ticket, by the gate
	Settled  bool     // its first reading after the run is in the picture
	Cause    string
	Attempts int
	DueAt    int64   // when it is no longer passed over; 0: never by itself
	Seen     int64   // when a search last found it
	EndedAt  int64   // when a run at it last ended, in the store's order (Mark)
	Released int     // times in a row that it was released or overtaken
	Freed    []int64 // when it was freed by a change, the last day's
	Note     string  // for people: "put back by a person", or why it was left
	// Suggestion is what a note suggested last, by the gate: as long as the standing does.
	Suggestion string
}

// SeenAgain is how old the time in [Ticket].Seen may become while searches find the ticket:
// it isn't written with each of them.
const SeenAgain = 24 * time.Hour

// Mark is a moment in the order in which runs end, to compare with [Ticket].EndedAt.
type Mark int64

// Batch is what a host learned of a run. Zero fields change nothing.
type Batch struct {
	Held      Held
	Fact      bool // outcomes only: stored also when the lease has ended, as long as owner and fence are unchanged
	Durable   bool
	Create    *Run // the run's row, if it isn't stored yet; Held is then how it is held
	AtWork    *string
	Steps     []Step
	Documents []Document
	Effects   []Effect // inserted or replaced by key
	Tickets   []Ticket // inserted or replaced by (runner, system, ticket); EndedAt is the store's
	Forget    bool     // drops steps and documents of before
	Spawn     []Run    // items, Running at their Owner or due; the tickets named in Tickets with their Run move to them, with the effects at them
	Rejection *Rejection
	Success   []string // keys of causes: what was refused for them succeeded
	Begin     *Begin   // after Effects; with it the batch is durable
	Place     *Place   // that it takes, or fails with [ErrFull]
	End       *End
	Decisions []Decision // of the run's end
}

// Decision is the record of what was decided about a ticket by the end of a run. It is never
// changed, and stays when the run is deleted.
type Decision struct {
	Run        string // set by the store, as are End and Made
	System     string
	Ticket     string
	Runner     string
	Action     string
	Label      string // that decided; "": none
	Confidence int64  // in it, in millionths
	// Same is what is the same of two that needn't both be kept: with the same as the last one
	// of the same runner at the ticket it isn't stored. "": it always is.
	Same string
	End  int   // the how-manieth end of the run
	Made int64 // when
	Body []byte
}

// DecisionFilter chooses decisions; zero fields mean any.
type DecisionFilter struct {
	Since, Until int64 // of Made: from Since on, before Until
	Run          string
	Runner       string
	System       string
	Ticket       string
	Actions      []string
	Label        string
	Least, Most  int64 // of Confidence, in millionths: only those with a label; 0: any
	Oldest       bool  // the oldest first, else the newest
	Limit        int
	After        *Decision // the last one of the page before
}

// Begin says that a request of an effect is about to be sent and how long it may be at
// work: what [Store.Fence] stores in a transaction of its own.
type Begin struct {
	Effect    string
	Lasts     time.Duration
	Boot      string
	BootClock int64
}

// End ends an attempt. When the run ends with it, the run lets go of all tickets, and its
// steps and documents are dropped, unless it is dead and has a done effect. A dead run
// that has an effect without an outcome keeps the ticket that stands as dead by it. Where it is
// set aside or waits for a cause, it works at no ticket any more.
type End struct {
	State   State // Ready, Waiting or Ended
	Outcome Outcome
	Reason  string
	Cause   string
	DueAt   int64
	Counts  bool // the attempt counts against Retry
	Parked  bool
	Err     string
}

// Rejection counts a refused ticket at its cause.
type Rejection struct {
	Runner string
	Cause  string // its key: runner, operation, field and value, or operation and kind
	Label  string // for people
	Ticket string
}

// CauseKey is the key of a cause that parts distinguish from others: short, as people
// write it in commands.
func CauseKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return hex.EncodeToString(sum[:5])
}

// Cause is why many tickets are refused.
type Cause struct {
	Key     string
	Runner  string
	Label   string
	Tickets int // different ones refused without a success in between
	Closed  bool
	NextTry int64 // when one of those that wait may try
	Waiting int   // runs that wait for it
	Since   int64
	Logged  bool // false in the answer to the batch that closed it, and only there
}

// Claim asks for tickets that a search found.
type Claim struct {
	Held    Held
	Create  *Run // see Batch
	Steps   []Step
	Runner  string
	Hash    string // a standing under other hashes only is taken at once; one under this hash only where no living host of the runner has another
	System  string
	Tickets []string // in the order of the search
	Limit   int
	Since   Mark // taken before the search
	Repeat  bool // handled tickets are not passed over
}

// Claimed is the answer to a [Claim].
type Claimed struct {
	Tickets []Ticket // that the run holds now, in the order of the search
	Passed  []Ticket // that are passed over, by their standing
	Over    []string // ids of further ones, about which nothing is left to do unless they were changed
	Busy    int      // that other runs hold or work at, or at which one ended since
}
