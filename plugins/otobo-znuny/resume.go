package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// graceOfDead is for how long after its beginning an update of a process that was
	// killed may still be at work in the help desk, which runs a request on after its
	// client has gone.
	graceOfDead = 3 * time.Second
	// staleAfter is the age from which an unfinished update is left to people.
	staleAfter = 24 * time.Hour
	// maxAttempts is how often an unfinished update is tried again.
	maxAttempts          = 10
	pauseBetweenAttempts = 5 * time.Second
)

// unfinished are the updates whose outcome is not certain, by ticket: those that
// an earlier process left in the journal, and those of this one that failed. The
// zero value is empty.
type unfinished struct {
	mu   sync.Mutex
	list []*intent
}

func (u *unfinished) add(i *intent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.list, i) {
		u.list = append(u.list, i)
	}
}

func (u *unfinished) remove(i *intent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = slices.DeleteFunc(u.list, func(e *intent) bool { return e == i })
}

func (u *unfinished) all() []*intent {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.list)
}

func (u *unfinished) of(ticket, key string) (*intent, bool) {
	for _, i := range u.all() {
		if i.Ticket == ticket && i.Key == key {
			return i, true
		}
	}
	return nil, false
}

// openJournal opens the journal once. Without one the service works on, and says
// so once.
func (s *TicketSystem) openJournal(ctx context.Context) {
	s.opening.Do(func() {
		if s.stateDir == "" {
			return
		}
		j, left, err := openJournal(s.stateDir, journalName(s.client.service, s.client.login.user))
		if err != nil {
			s.logger.WarnContext(ctx, "there is no journal of updates: after a crash a note may be missing or stand twice", "folder", s.stateDir, "err", err.Error())
			return
		}
		s.journal = j
		for _, i := range left {
			s.unfinished.add(i)
		}
	})
}

// knownSince is the time from which on this process would know of a note that was
// left in doubt.
func (s *TicketSystem) knownSince() time.Time {
	if s.journal != nil {
		return s.journal.born
	}
	return s.began
}

func (s *TicketSystem) begin(ctx context.Context, i *intent) {
	if err := s.journal.begin(i); err != nil {
		// The disk is full, or worse. Going on risks a doubled note only if this process
		// is killed as well; stopping would lose the work for certain.
		s.logger.WarnContext(ctx, "an update can't be written to the journal", "ticket", i.Ticket, "err", err.Error())
	}
}

func (s *TicketSystem) endIntent(i *intent) {
	s.unfinished.remove(i)
	if err := s.journal.end(i); err != nil {
		s.logger.Warn("the end of an update can't be written to the journal", "ticket", i.Ticket, "err", err.Error())
	}
}

// Resume finishes the updates that an earlier process began and did not live to
// finish: of each, the ticket is read, and what is missing is written if a part is
// there. An update of which nothing is there is left to the pipe that wanted it.
// From then on, unfinished updates of this process are tried again before each
// search. The error is that of a help desk that can't be asked now.
func (s *TicketSystem) Resume(ctx context.Context) error {
	s.openJournal(ctx)
	s.resuming.Store(true)
	return s.finishAll(ctx)
}

// finishAll tries every unfinished update whose turn it is. One that can't be
// finished now keeps no other from being finished.
func (s *TicketSystem) finishAll(ctx context.Context) error {
	var errs []error
	for _, i := range s.unfinished.all() {
		if time.Now().Before(i.notBefore) {
			continue
		}
		if err := s.finishLocked(ctx, i); err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrAuthentication) {
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
		return nil // its caller repeated it meanwhile
	}
	return s.finish(ctx, i)
}

// finishOthers finishes what other updates left of a ticket before a new one. The
// ticket is locked.
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

// finish brings one unfinished update to its end. The ticket is locked.
func (s *TicketSystem) finish(ctx context.Context, i *intent) error {
	d := s.newDelivery(i.Ticket, i.Change)
	d.take(i)
	leave := func(why string, args ...any) error {
		for _, n := range append(d.done, d.todo.Notes...) {
			s.memory.keep(keyOf(i.Ticket, n), n.After)
		}
		s.endIntent(i)
		s.logger.InfoContext(ctx, "an unfinished update: "+why, append([]any{"ticket", i.Ticket, "begun", i.At.Format(time.DateTime)}, args...)...)
		return nil
	}
	switch found, err := d.lookWhileAtWork(ctx, i); {
	case errors.Is(err, ErrNoAccess):
		return leave("its ticket can't be read any more", "err", err.Error())
	case err != nil:
		return fmt.Errorf("finish an earlier update: %w", err)
	case d.todo.empty():
		return leave("it had been written")
	case !found && !i.partial:
		return leave("nothing of it was written, so that it is left to the pipe that wants it")
	case time.Since(i.At) > staleAfter, i.attempts >= maxAttempts:
		s.logger.ErrorContext(ctx, "an update was written in part and can't be finished; complete the ticket by hand", "ticket", i.Ticket, "missing", d.todo.parts())
		return leave("it is given up")
	}
	missing := d.todo.parts()
	i.attempts++
	i.notBefore = time.Now().Add(time.Duration(i.attempts) * pauseBetweenAttempts)
	err := d.run(ctx)
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

// lookWhileAtWork looks at the ticket until all is there or the help desk can't be
// at work on it any more. found says whether a part is there: a note, or the queue
// where the update moves the ticket, because the servers write it first.
func (d *delivery) lookWhileAtWork(ctx context.Context, i *intent) (found bool, err error) {
	_, moves := i.Change.Ticket["Queue"]
	if !moves {
		_, moves = i.Change.Ticket["QueueID"]
	}
	began := time.Now()
	for {
		stored, err := d.s.getRecord(ctx, d.id)
		if err != nil {
			return false, err
		}
		d.strike(stored)
		age := time.Since(i.At)
		// A clock that was set back must not make it wait long.
		if d.todo.empty() || i.ID == 0 || age >= d.s.graceOfDead || time.Since(began) >= d.s.graceOfDead {
			break
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(min(d.s.graceOfDead/20, d.s.graceOfDead-age)):
		}
	}
	found = len(d.done) > 0
	if moves {
		found = found || d.todo.Ticket["Queue"] == nil && d.todo.Ticket["QueueID"] == nil
	} else {
		found = found || d.struck
	}
	return found, nil
}
