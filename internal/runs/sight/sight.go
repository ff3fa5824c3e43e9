// Package sight determines whether a queue is empty, or the help desk shows its agent nothing any more.
//
// A ticket system answers who has lost every right as it answers who searches an empty queue: nothing
// is found. So a [Watch] knows a few tickets that were written to and could be read afterward. Where
// a search finds nothing it reads one of them again, at most each eight seconds; when none of them can be read and
// not a single ticket is found by a search for any, the agent sees nothing.
package sight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	// How often it is looked: with each search where those are ten seconds apart.
	each = 8 * time.Second
	most = 4 // tickets that are known, and that may become so
)

// Desk is what a ticket system is asked.
type Desk interface {
	// Readable are those of the tickets that can be read.
	Readable(ctx context.Context, ids []string) ([]string, error)
	// Any are a few tickets that can be found, whatever they are.
	Any(ctx context.Context, limit int) ([]string, error)
}

// Keeper keeps a text for the next process.
type Keeper interface {
	Load(ctx context.Context) (string, error)
	Save(ctx context.Context, text string) error
}

// BlindError says that the agent sees nothing any more.
type BlindError struct {
	Known int // tickets that could be read before
}

func (e *BlindError) Error() string {
	return fmt.Sprintf("search tickets: %v: the help desk shows this agent no ticket at all any more, although it did: give it its rights back, ro at least (`otai doctor` names them); "+
		"if all tickets were deleted, this ends with the next one that is found", api.ErrDenied)
}

// Is says that no right is left.
func (e *BlindError) Is(target error) bool { return target == api.ErrDenied }

// Watch watches one agent at one help desk. It is for many goroutines.
type Watch struct {
	desk   Desk
	keeper Keeper
	now    func() time.Time

	looking sync.Mutex // held while the ticket system is asked

	mu     sync.Mutex
	loaded bool
	looked time.Time
	known  []string // could be read after they were written to
	wrote  []string // since then, the newest last
	blind  *BlindError
}

// New returns a watch that knows nothing yet.
func New(desk Desk, keeper Keeper) *Watch { return &Watch{desk: desk, keeper: keeper, now: time.Now} }

// Wrote is called with each ticket that was written to.
func (w *Watch) Wrote(ticket string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) == most || slices.Contains(w.wrote, ticket) {
		return
	}
	if w.wrote = append(w.wrote, ticket); len(w.wrote) > most {
		w.wrote = slices.Delete(w.wrote, 0, 1)
	}
}

// Found is called after a search that found nothing at all, or something. The error is a [BlindError]
// where the agent sees nothing any more. Failures of the ticket system and the store don't count: whoever
// searches next meets them.
func (w *Watch) Found(ctx context.Context, some bool) error {
	w.mu.Lock()
	if some {
		w.blind = nil
	}
	due := !some && w.now().Sub(w.looked) >= each
	w.mu.Unlock()
	if due && w.looking.TryLock() {
		w.look(ctx)
		w.looking.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blind == nil || some {
		return nil
	}
	return w.blind
}

// look asks the ticket system; only one does at one time.
func (w *Watch) look(ctx context.Context) {
	known, wrote, ok := w.state(ctx)
	if !ok {
		return
	}
	wrote = wrote[max(0, len(wrote)-1):] // a search waits for two readings at most while all is well
	read, err := w.readable(ctx, known, wrote)
	if err != nil {
		return
	}
	if len(known) == 0 || len(read) > 0 {
		w.knows(ctx, read, wrote)
		return
	}
	found, err := w.desk.Any(ctx, most)
	if err != nil {
		return
	}
	if len(found) > 0 { // those were deleted, or moved to where it never saw anything: it begins anew
		w.knows(ctx, nil, wrote)
		return
	}
	w.mu.Lock()
	w.blind = &BlindError{Known: len(known)}
	w.mu.Unlock()
}

// readable are those of known that can be read, of which one is enough, and of wrote, where more may become
// known.
func (w *Watch) readable(ctx context.Context, known, wrote []string) (read []string, err error) {
	groups := [][]string{nil, wrote}
	if len(known) == most {
		groups[1] = nil
	}
	if len(known) > 0 {
		groups = [][]string{known[:1], groups[1], known[1:]}
	}
	for n, ids := range groups {
		if len(ids) == 0 || n == 2 && len(read) > 0 {
			continue
		}
		got, err := w.desk.Readable(ctx, ids)
		if err != nil {
			return nil, err
		}
		if read = append(read, got...); n == 0 && len(got) > 0 { // so are the others, likely
			read = append(read, known[1:]...)
		}
	}
	return read, nil
}

// state is what is known at the beginning of a look.
func (w *Watch) state(ctx context.Context) (known, wrote []string, ok bool) {
	w.mu.Lock()
	loaded := w.loaded
	w.looked = w.now()
	w.mu.Unlock()
	var before []string
	if !loaded {
		text, err := w.keeper.Load(ctx)
		if err != nil {
			return nil, nil, false
		}
		if text != "" && json.Unmarshal([]byte(text), &before) != nil {
			before = nil
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.loaded {
		w.loaded, w.known = true, before[:min(len(before), most)]
	}
	return slices.Clone(w.known), slices.Clone(w.wrote), true
}

// knows takes up which tickets can be read. Those of wrote that can't be may be where the agent never saw
// anything.
func (w *Watch) knows(ctx context.Context, known, wrote []string) {
	slices.Sort(known)
	known = slices.Compact(known)
	known = known[:min(len(known), most)]
	w.mu.Lock()
	w.blind = nil
	w.wrote = slices.DeleteFunc(w.wrote, func(id string) bool { return slices.Contains(wrote, id) })
	changed := !slices.Equal(w.known, known)
	w.known = known
	w.mu.Unlock()
	if !changed {
		return
	}
	if text, err := json.Marshal(known); err == nil {
		_ = w.keeper.Save(ctx, string(text)) // the next process finds others
	}
}
