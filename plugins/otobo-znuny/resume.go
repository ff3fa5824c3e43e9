package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

const (
	// crashGrace is how long the help desk may still be running a process's last request
	// after the process has died.
	crashGrace = 3 * time.Second
	// peopleActAfter is the age at which somebody may have worked on the ticket since the
	// update, which must not be undone.
	peopleActAfter = time.Minute
	// staleAfter is the age at which an unfinished update is left to people.
	staleAfter = 24 * time.Hour
	// maxAttempts is how often an unfinished update is retried.
	maxAttempts          = 10
	pauseBetweenAttempts = 5 * time.Second
)

// unfinishedUpdates are the updates whose outcome is uncertain: those that an earlier
// process left in the journal, and those of this one that failed. The zero value is
// empty.
type unfinishedUpdates struct {
	mu   sync.Mutex
	list []*intent
}

func (u *unfinishedUpdates) add(i *intent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.list, i) {
		u.list = append(u.list, i)
	}
}

func (u *unfinishedUpdates) remove(i *intent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = slices.DeleteFunc(u.list, func(e *intent) bool { return e == i })
}

func (u *unfinishedUpdates) all() []*intent {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.list)
}

// due are those that may be retried now.
func (u *unfinishedUpdates) due() []*intent {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(u.list), func(i *intent) bool { return now.Before(i.notBefore) })
}

// postpone makes each attempt wait longer than the one before.
func (u *unfinishedUpdates) postpone(i *intent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i.attempts++
	i.notBefore = time.Now().Add(time.Duration(i.attempts) * pauseBetweenAttempts)
}

func (u *unfinishedUpdates) of(ticket, key string) (*intent, bool) {
	for _, i := range u.all() {
		if i.Ticket == ticket && i.Key == key {
			return i, true
		}
	}
	return nil, false
}

// lazyJournal is the service's journal, which may open late: the previous process may
// not have ended yet.
type lazyJournal struct {
	mu          sync.Mutex
	opened      *journal  // nil until then
	nextAttempt time.Time // of opening it
	reported    bool      // its absence has been logged
	closed      bool
}

// pauseBetweenOpenings is the time between two attempts to open the journal.
const pauseBetweenOpenings = 2 * time.Second

// openJournal opens the journal unless it is open. Without one the service works as
// well, logs that once, and tries again later.
func (s *TicketSystem) openJournal(ctx context.Context) {
	d := &s.journal
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.stateDir == "" || d.opened != nil || d.closed || time.Now().Before(d.nextAttempt) {
		return
	}
	j, left, err := openJournal(s.stateDir, journalName(s.client.URL(), s.client.Username()))
	if err != nil {
		d.nextAttempt = time.Now().Add(pauseBetweenOpenings)
		if !d.reported {
			d.reported = true
			s.logger.WarnContext(ctx, "there is no journal of updates: after a crash a note may be missing or stand twice", "folder", s.stateDir, "err", err.Error())
		}
		return
	}
	if d.reported {
		s.logger.InfoContext(ctx, "there is a journal of updates again", "folder", s.stateDir)
	}
	d.opened, d.reported = j, false
	for _, i := range left {
		// The process that wrote it had the lock until it died, and may have sent
		// something until then.
		i.orphan, i.silent = true, time.Now()
		s.unfinished.add(i)
	}
}

func (s *TicketSystem) openedJournal() *journal {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.opened
}

func (d *lazyJournal) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return d.opened.close()
}

// knownSince is the time since which this process would know of an uncertain note.
func (s *TicketSystem) knownSince() time.Time {
	if j := s.openedJournal(); j != nil {
		return j.born
	}
	return s.began
}

// uncertainSpan is when a note at a ticket's end may have been written by the previous
// process without our knowing.
func (s *TicketSystem) uncertainSpan() (from, to time.Time) {
	to = s.knownSince()
	return to.Add(-uncertainFor), to
}

func (s *TicketSystem) begin(ctx context.Context, i *intent) {
	if err := s.openedJournal().begin(i); err != nil {
		// The disk is full, or worse. Continuing risks a doubled note only if this process
		// is killed as well; stopping would certainly lose the work.
		s.logger.WarnContext(ctx, "an update can't be written to the journal", "ticket", i.Ticket, "err", err.Error())
	}
}

func (s *TicketSystem) endIntent(i *intent) {
	s.unfinished.remove(i)
	if err := s.openedJournal().remove(i); err != nil {
		s.logger.Warn("the end of an update can't be written to the journal", "ticket", i.Ticket, "err", err.Error())
	}
}

// Resume finishes the updates that an earlier process was interrupted in: for each it
// reads the ticket, and writes what is missing if part of the update is there. An
// update of which nothing is there is left to the pipe that wanted it. From then on,
// unfinished updates of this process are retried before each search. The error means
// that the help desk couldn't be asked.
func (s *TicketSystem) Resume(ctx context.Context) error {
	s.openJournal(ctx)
	s.resuming.Store(true)
	return s.finishAll(ctx)
}

// finishAll tries every unfinished update that is due. One that can't be finished now
// doesn't keep others from being finished.
func (s *TicketSystem) finishAll(ctx context.Context) error {
	var errs []error
	for _, i := range s.unfinished.due() {
		if err := s.finishLocked(ctx, i); err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil || errors.Is(err, wire.ErrUnavailable) || errors.Is(err, wire.ErrAuthentication) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (s *TicketSystem) finishLocked(ctx context.Context, i *intent) error {
	unlock, err := s.writing.lock(ctx, i.Ticket)
	if err != nil {
		return err
	}
	defer unlock()
	if _, still := s.unfinished.of(i.Ticket, i.Key); !still {
		return nil // its caller has repeated it meanwhile
	}
	return s.finish(ctx, i)
}

// finishOthers finishes other updates of a ticket before a new one. The ticket is
// locked.
func (s *TicketSystem) finishOthers(ctx context.Context, id, key string) error {
	s.openJournal(ctx)
	for _, i := range s.unfinished.all() {
		if i.Ticket != id || i.Key == key {
			continue
		}
		if err := s.finish(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// finish concludes one unfinished update: it completes it, or leaves it. The ticket is
// locked.
func (s *TicketSystem) finish(ctx context.Context, i *intent) error {
	d := s.newDelivery(i.Ticket, i.Change)
	d.load(i)
	leave := func(why string, args ...any) error {
		for _, n := range append(d.done, d.todo.Notes...) {
			s.memory.markUncertain(keyOf(i.Ticket, n), n.After)
		}
		s.endIntent(i)
		s.logger.InfoContext(ctx, "an unfinished update: "+why, append([]any{"ticket", i.Ticket, "begun", i.At.Format(time.DateTime)}, args...)...)
		return nil
	}
	found, err := d.lookWhileAtWork(ctx, i)
	if len(d.done) > 0 && time.Since(i.At) > peopleActAfter {
		// The servers write a note last, so the fields of its request had been written.
		// What differs now, somebody has changed since.
		clear(d.todo.Ticket)
	}
	switch {
	case errors.Is(err, wire.ErrNoAccess):
		return leave("its ticket can't be read any more", "err", err.Error())
	case err != nil:
		return fmt.Errorf("finish an earlier update: %w", err)
	case d.todo.empty():
		return leave("it had been written")
	case !found && !i.partial:
		return leave("nothing of it was written, so it is left to the pipe that wants it")
	case time.Since(i.At) > staleAfter, i.attempts >= maxAttempts:
		s.logger.ErrorContext(ctx, "an update was written in part and can't be finished; complete the ticket by hand", "ticket", i.Ticket, "missing", d.todo.parts())
		return leave("it is given up")
	}
	missing := d.todo.parts()
	s.unfinished.postpone(i)
	err = d.run(ctx)
	i.silent = time.Now()
	switch {
	case err == nil:
		return leave("what was missing has been written", "written", missing)
	case !definite(err):
		return fmt.Errorf("finish an earlier update: %w", err)
	default:
		s.logger.ErrorContext(ctx, "an update was written in part, and the rest is refused; complete the ticket by hand", "ticket", i.Ticket, "missing", d.todo.parts(), "err", err.Error())
		return leave("it is given up")
	}
}

// lookWhileAtWork looks at the ticket until everything is there or the help desk can no
// longer be at work on it. found reports whether part of the update is there: a note,
// or, where it moves the ticket, the queue, which the servers write first.
func (d *delivery) lookWhileAtWork(ctx context.Context, i *intent) (found bool, err error) {
	_, moves := i.Change.Ticket["Queue"]
	if !moves {
		_, moves = i.Change.Ticket["QueueID"]
	}
	for {
		stored, err := d.s.getRecord(ctx, d.id)
		if err != nil {
			return false, err
		}
		d.removeStored(stored)
		rest := d.s.crashGrace - time.Since(i.silent)
		if d.todo.empty() || rest <= 0 {
			break
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(min(d.s.crashGrace/20, rest)):
		}
	}
	found = len(d.done) > 0
	if moves {
		found = found || d.todo.Ticket["Queue"] == nil && d.todo.Ticket["QueueID"] == nil
	} else {
		found = found || d.foundAny
	}
	return found, nil
}
