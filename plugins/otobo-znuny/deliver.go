package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// maxFailures is how many requests of one update may fail with an effect before the
// update is abandoned.
const maxFailures = 3

// delivery is one update on its way.
//
// How a note is recognized: before the update the highest article id of the ticket
// is known, from the read that found the ticket or from one made for the purpose.
// Article ids only grow. So an article above it with the note's mark, or with the
// same sender, subject and text, is ours, and an older one that reads the same is
// not; no clocks are compared. Within this process, writes to one ticket wait for
// each other; the journal excludes another process with the same state folder. One
// case remains: if somebody else adds the very same note just when a request of ours
// is lost, there is one note, not two.
//
// The bound is written to the journal before the first request, so that after a
// crash the next process has it (resume.go). Without a journal, and for what is older
// than the journal, a note of the last hour that ends the ticket and reads the same
// counts as ours, once.
//
// The caller may repeat an update that failed. Its notes that were written, or may
// have been, stay in noteMemory with their bound, and the repetition looks for them
// first.
type delivery struct {
	s        *TicketSystem
	id       string
	todo     change
	done     []pendingNote
	claimed  map[string]bool // ids of articles that are notes of this update
	foundAny bool            // part of it was found on the ticket
	certain  bool            // todo is what was missing at the last look
}

func (s *TicketSystem) newDelivery(id string, c change) *delivery {
	c.Ticket, c.Dynamic = maps.Clone(c.Ticket), maps.Clone(c.Dynamic)
	c.Notes = slices.Clone(c.Notes)
	return &delivery{s: s, id: id, todo: c, claimed: make(map[string]bool), certain: true}
}

// deliver writes a change until nothing of it remains.
func (s *TicketSystem) deliver(ctx context.Context, id string, c change) error {
	if c.empty() {
		return nil
	}
	if s.records.fromHost != nil {
		return s.deliverRecorded(ctx, id, c)
	}
	for i := range c.Notes {
		c.Notes[i].mark(id, s.marker)
	}
	unlock, err := s.writing.lock(ctx, id)
	if err != nil {
		return fmt.Errorf("change ticket %s: %w", id, err)
	}
	defer unlock()
	key := c.key(id)
	if err := s.finishOthers(ctx, id, key); err != nil {
		return err
	}
	d := s.newDelivery(id, c)
	i, begun := s.unfinished.of(id, key)
	if begun {
		err = d.adopt(ctx, i)
	} else {
		i, err = d.begin(ctx, key)
	}
	if err != nil {
		return err
	}
	before := d.todo.parts()
	err = d.run(ctx)
	if err == nil {
		s.logger.InfoContext(ctx, "ticket changed", append([]any{"ticket", id}, c.summary()...)...)
	}
	return d.end(i, before, err)
}

// begin gives every note its bound, looks whether one was written already, and
// journals the intent.
func (d *delivery) begin(ctx context.Context, key string) (*intent, error) {
	if err := d.prepare(ctx); err != nil {
		return nil, err
	}
	i := &intent{Ticket: d.id, Key: key, At: time.Now(), Change: d.todo}
	d.s.begin(ctx, i)
	return i, nil
}

// adopt continues an update that failed before and that the caller repeats.
func (d *delivery) adopt(ctx context.Context, i *intent) error {
	d.load(i)
	if i.orphan {
		_, err := d.lookWhileAtWork(ctx, i)
		return err
	}
	return d.removeWritten(ctx)
}

// removeWritten looks at the ticket and drops what it has already.
func (d *delivery) removeWritten(ctx context.Context) error {
	stored, err := d.s.getRecord(ctx, d.id)
	if err != nil {
		return err // nothing was sent by this call
	}
	d.removeStored(stored)
	return nil
}

// load takes over an intent, whose notes may all have been written.
func (d *delivery) load(i *intent) {
	d.todo = d.s.newDelivery(d.id, i.Change).todo
	for n := range d.todo.Notes {
		d.todo.Notes[n].uncertain = true
	}
}

// end concludes an update, and keeps what is uncertain for its repetition.
func (d *delivery) end(i *intent, before []string, err error) error {
	if err == nil {
		d.s.endIntent(i)
		for _, n := range d.done {
			d.s.memory.forgetNote(keyOf(d.id, n))
		}
		return nil
	}
	for _, n := range append(d.done, d.todo.Notes...) {
		if n.uncertain {
			d.s.memory.markUncertain(keyOf(d.id, n), n.After)
		}
	}
	written := without(before, d.todo.parts())
	i.partial = i.partial || len(written) > 0
	i.silent = time.Now()
	if definite(err) || wire.EffectOf(err) == wire.NoEffect && !i.partial && d.certain {
		d.s.endIntent(i)
	} else {
		d.s.unfinished.add(i)
	}
	if len(written) > 0 && d.certain {
		return &PartialError{Ticket: d.id, Written: written, Missing: d.todo.parts(), Err: err}
	}
	return err
}

// definite reports whether the help desk rejected the change for a lasting reason.
func definite(err error) bool {
	if wire.IsTemporary(err) || errors.Is(err, api.ErrUncertain) {
		return false
	}
	return errors.Is(err, wire.ErrInvalidParameter) || errors.Is(err, wire.ErrNoAccess) || errors.Is(err, wire.ErrTooLarge) ||
		errors.Is(err, wire.ErrServerError) && errors.Is(err, api.ErrDenied)
}

func without(all, rest []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool { return slices.Contains(rest, p) })
}

// PartialError means that a ticket was changed in part.
type PartialError struct {
	Ticket           string
	Written, Missing []string
	Err              error // why the rest is missing
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("ticket %s was changed in part: written: %s; missing: %s: %v",
		e.Ticket, strings.Join(e.Written, ", "), strings.Join(e.Missing, ", "), e.Err)
}
func (e *PartialError) Unwrap() error { return e.Err }

// Partly tells the host, which knows no type of a plugin, that a part was written.
func (e *PartialError) Partly() bool { return true }

// prepare gives every note its bound, and looks at the ticket if an earlier update
// left a note uncertain.
func (d *delivery) prepare(ctx context.Context) error {
	if len(d.todo.Notes) == 0 {
		return nil
	}
	newest, known := d.s.memory.newestArticle(d.id)
	if !known {
		var err error
		if newest, err = d.s.newestArticle(ctx, d.id, d.todo.senders()); err != nil {
			return err
		}
	}
	look := false
	from, to := d.s.uncertainSpan()
	d.todo.Notes = slices.DeleteFunc(d.todo.Notes, func(n pendingNote) bool {
		_, uncertain := d.s.memory.uncertainAbove(keyOf(d.id, n))
		if n.Once != "" || uncertain || !d.s.memory.takeTrailing(d.id, n, from, to) {
			return false
		}
		d.s.logger.InfoContext(ctx, "a note stands at the ticket's end already, from before this process began, and is not written again", "ticket", d.id)
		return true
	})
	for i := range d.todo.Notes {
		n := &d.todo.Notes[i]
		n.After = newest
		if after, uncertain := d.s.memory.uncertainAbove(keyOf(d.id, *n)); uncertain {
			n.After, n.uncertain, look = after, true, true
		}
		if n.Once != "" {
			n.After, n.uncertain, look = 0, true, true
		}
	}
	if !look {
		return nil
	}
	return d.removeWritten(ctx)
}

func (d *delivery) run(ctx context.Context) error {
	for failures := 0; !d.todo.empty(); {
		a, err := d.s.client.Write(ctx, wire.TicketUpdate, d.id, d.todo.next(d.id))
		if err == nil {
			d.sent(a)
			continue
		}
		if wire.EffectOf(err) == wire.NoEffect {
			return err
		}
		if len(d.todo.Notes) > 0 {
			d.todo.Notes[0].uncertain = true
		}
		d.certain = false
		if err := d.settle(ctx, err); err != nil {
			return err
		}
		d.certain = true
		failures++
		if !d.todo.empty() && (failures >= maxFailures || !mayHelp(err, failures)) {
			return err
		}
	}
	return nil
}

// mayHelp reports whether sending again what is missing can have another outcome. A
// queue that could not be changed is usually a missing right, and sometimes a lock in
// the database: so it is tried once more.
func mayHelp(err error, failures int) bool {
	var failed *wire.RequestError
	return wire.IsTemporary(err) || errors.As(err, &failed) && failed.Status >= 500 && failures == 1
}

// sent removes from the rest what a successful request carried.
func (d *delivery) sent(a wire.Answer) {
	clear(d.todo.Ticket)
	clear(d.todo.Dynamic)
	if len(d.todo.Notes) == 0 {
		return // OTOBO names the latest article although none was sent
	}
	for _, id := range slices.Concat(a.ArticleID, a.ArticleIDs) {
		d.claimed[id] = true
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			d.s.memory.rememberArticle(d.id, n)
		}
	}
	d.todo.Notes[0].uncertain = true // to be looked for if the rest fails
	d.done = append(d.done, d.todo.Notes[0])
	d.todo.Notes = d.todo.Notes[1:]
}

// errMissing means that the ticket lacks what a request carried.
var errMissing = errors.New("the change is not on the ticket")

// settle looks at the ticket after a request of unknown outcome and removes from the
// rest what was written. It returns nil if it is certain what is missing, and
// otherwise an error, usually api.ErrUncertain.
func (d *delivery) settle(ctx context.Context, failed error) error {
	if ctx.Err() != nil {
		return wire.Uncertain(wire.TicketUpdate, d.id, ctx.Err())
	}
	watch, decisive := d.watch(failed)
	_, err := wire.Retry(ctx, wire.RetryPolicy{FirstPause: d.s.client.Retry.FirstPause, MaxElapsed: watch},
		func(err error) bool { return errors.Is(err, errMissing) },
		func() (struct{}, error) {
			stored, err := d.s.getRecord(ctx, d.id)
			if err != nil {
				return struct{}{}, err
			}
			d.removeStored(stored)
			if d.inDoubt() {
				return struct{}{}, errMissing
			}
			return struct{}{}, nil
		})
	switch {
	case err == nil, decisive && errors.Is(err, errMissing) && ctx.Err() == nil:
		return nil
	case errors.Is(err, errMissing):
		return wire.Uncertain(wire.TicketUpdate, d.id, failed)
	default:
		return wire.Uncertain(wire.TicketUpdate, d.id, fmt.Errorf("%w; and then %w", failed, err))
	}
}

// watch is how long to watch a ticket until what isn't there counts as not written,
// and whether it ever counts as that. A request runs on after its client has gone. A
// server that has answered is done. A connection that broke was usually closed before
// the request was read, or by a server that died; but the server may still be at
// work, so the ticket is watched for as long as the request had lasted, and for twice
// the time that updates take here. After a timeout, absence proves nothing.
func (d *delivery) watch(failed error) (watch time.Duration, decisive bool) {
	var request *wire.RequestError
	if !errors.As(failed, &request) {
		return d.s.client.Retry.MaxElapsed, false
	}
	switch request.Effect {
	case wire.Answered:
		return 1, true // one look
	case wire.Disconnected:
		watch = max(request.Duration, 4*d.s.client.Retry.FirstPause, min(2*d.s.client.SlowestUpdate(), d.s.client.Retry.MaxElapsed))
		return min(watch, d.s.client.Retry.MaxElapsed), watch <= d.s.client.Retry.MaxElapsed
	default:
		return d.s.client.Retry.MaxElapsed, false
	}
}

// inDoubt reports whether something that was sent is not on the ticket.
func (d *delivery) inDoubt() bool {
	return d.todo.hasFields() || len(d.todo.Notes) > 0 && d.todo.Notes[0].uncertain
}

// removeStored removes from the rest what the ticket already has.
func (d *delivery) removeStored(stored wire.Record) {
	d.foundAny = d.todo.removeStored(stored) || d.foundAny
	all := stored.Articles()
	d.todo.Notes = slices.DeleteFunc(slices.Clone(d.todo.Notes), func(n pendingNote) bool {
		if !n.uncertain {
			return false
		}
		for _, a := range all {
			id := a.Text("ArticleID")
			if a.Number("ArticleID") > n.After && !d.claimed[id] && sameNote(n, a) {
				d.claimed[id] = true
				d.done = append(d.done, n)
				d.foundAny = true
				return true
			}
		}
		return false
	})
}
