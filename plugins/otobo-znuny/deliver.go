package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxFailures is how many requests of one update may fail with an effect before
// the update is given up.
const maxFailures = 3

// delivery is one update on its way.
//
// How a note is recognised: before the update the highest article id of the
// ticket is known, from the read that found the ticket or from one made for the
// purpose. Article ids only grow. So an article above it with the same sender,
// subject and text is ours, and an older one that reads the same is not: no clock
// is compared with another, and the note carries no mark that people would see.
// Within this process writes to a ticket wait for each other. What remains: if
// another process adds the very same note at the very same moment as a request of
// ours is lost, one note stands there and not two.
//
// The caller may repeat an update that failed. The notes of it that were written,
// or may have been, are kept in memory with their bound, and the repetition looks
// for them first.
type delivery struct {
	s       *TicketSystem
	id      string
	todo    change
	done    []pendingNote
	claimed map[string]bool // article ids that are known to be a note of this update
}

// deliver writes a change until nothing of it is left.
func (s *TicketSystem) deliver(ctx context.Context, id string, c change) error {
	if c.empty() {
		return nil
	}
	unlock, err := s.writing.lock(ctx, id)
	if err != nil {
		return fmt.Errorf("change ticket %s: %w", id, err)
	}
	defer unlock()
	d := &delivery{s: s, id: id, todo: c, claimed: make(map[string]bool)}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	if err := d.run(ctx); err != nil {
		for _, n := range append(d.done, d.todo.notes...) {
			if n.doubtful {
				s.memory.keep(id, n)
			}
		}
		return err
	}
	for _, n := range d.done {
		s.memory.settle(id, n.article)
	}
	return nil
}

// prepare gives every note its bound, and looks where an earlier update left a
// note in doubt.
func (d *delivery) prepare(ctx context.Context) error {
	if len(d.todo.notes) == 0 {
		return nil
	}
	newest, known := d.s.memory.newestArticle(d.id)
	if !known {
		var err error
		if newest, err = d.s.newestArticle(ctx, d.id); err != nil {
			return err
		}
	}
	look := false
	for i := range d.todo.notes {
		n := &d.todo.notes[i]
		n.after = newest
		if after, doubtful := d.s.memory.doubt(d.id, n.article); doubtful {
			n.after, n.doubtful, look = after, true, true
		}
	}
	if !look {
		return nil
	}
	stored, err := d.s.getRecord(ctx, d.id)
	if err != nil {
		return err // nothing was sent by this call
	}
	d.strike(stored)
	return nil
}

func (d *delivery) run(ctx context.Context) error {
	for failures := 0; !d.todo.empty(); {
		a, err := d.s.writeCall(ctx, opUpdate, d.id, d.todo.next(d.id))
		if err == nil {
			d.sent(a)
			continue
		}
		if effectOf(err) == none {
			return err
		}
		if len(d.todo.notes) > 0 {
			d.todo.notes[0].doubtful = true
		}
		if err := d.settle(ctx, err); err != nil {
			return err
		}
		failures++
		if !d.todo.empty() && (failures >= maxFailures || !mayHelp(err, failures)) {
			return err
		}
	}
	return nil
}

// mayHelp reports whether sending again what is missing can lead to more than the
// same refusal. A queue that could not be changed mostly is a missing right, and
// now and then a lock in the database: once more, then it is the right.
func mayHelp(err error, failures int) bool {
	var f *fault
	return temporary(err) || errors.As(err, &f) && f.status >= 500 && failures == 1
}

// sent strikes off what a request that succeeded carried.
func (d *delivery) sent(a answer) {
	clear(d.todo.ticket)
	clear(d.todo.dynamic)
	for _, id := range slices.Concat(a.ArticleID, a.ArticleIDs) {
		d.claimed[id] = true
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			d.s.memory.saw(d.id, n)
		}
	}
	if len(d.todo.notes) > 0 {
		d.todo.notes[0].doubtful = true // written, and to be looked for if the rest fails
		d.done = append(d.done, d.todo.notes[0])
		d.todo.notes = d.todo.notes[1:]
	}
}

// errMissing says that the ticket lacks what a request carried.
var errMissing = errors.New("the change is not on the ticket")

// settle looks at the ticket after a request of unknown outcome and strikes off
// what was written. It returns nil when it is certain what is missing, and an
// error, mostly api.ErrUncertain, when it is not.
func (d *delivery) settle(ctx context.Context, failed error) error {
	if ctx.Err() != nil {
		return uncertain(opUpdate, d.id, ctx.Err())
	}
	watch, decisive := d.watch(failed)
	_, err := repeat(ctx, patience{first: d.s.patience.first, total: watch},
		func(err error) bool { return errors.Is(err, errMissing) },
		func() (struct{}, error) {
			stored, err := d.s.getRecord(ctx, d.id)
			if err != nil {
				return struct{}{}, err
			}
			d.strike(stored)
			if d.inDoubt() {
				return struct{}{}, errMissing
			}
			return struct{}{}, nil
		})
	switch {
	case err == nil, decisive && errors.Is(err, errMissing) && ctx.Err() == nil:
		return nil
	case errors.Is(err, errMissing):
		return uncertain(opUpdate, d.id, failed)
	default:
		return uncertain(opUpdate, d.id, fmt.Errorf("%w; and then %w", failed, err))
	}
}

// watch is for how long a ticket is looked at until what isn't there counts as not
// written, and whether it can count as that at all. A request runs on after its
// client has gone. A server that has answered is done. A connection that broke at
// once was closed before the request was read, or by a server that died; one that
// broke late may stand for a server still at work, so that it is watched for as
// long as it had lived. After a timeout absence proves nothing.
func (d *delivery) watch(failed error) (watch time.Duration, decisive bool) {
	var f *fault
	if !errors.As(failed, &f) {
		return d.s.patience.total, false
	}
	switch f.effect {
	case answered:
		return 1, true // one look
	case severed:
		watch = max(f.took, 4*d.s.patience.first)
		return min(watch, d.s.patience.total), watch <= d.s.patience.total
	default:
		return d.s.patience.total, false
	}
}

// inDoubt reports whether something that was sent is not on the ticket.
func (d *delivery) inDoubt() bool {
	return d.todo.hasFields() || len(d.todo.notes) > 0 && d.todo.notes[0].doubtful
}

// strike removes from the rest what stands on the ticket.
func (d *delivery) strike(stored record) {
	d.todo.strikeFields(stored)
	all := stored.articles()
	d.todo.notes = slices.DeleteFunc(slices.Clone(d.todo.notes), func(n pendingNote) bool {
		if !n.doubtful {
			return false
		}
		for _, a := range all {
			id := a.text("ArticleID")
			if a.number("ArticleID") > n.after && !d.claimed[id] && sameNote(n.article, a) {
				d.claimed[id] = true
				d.done = append(d.done, n)
				return true
			}
		}
		return false
	})
}
