package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

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
// each other; the host's claims exclude other processes. One case remains: if somebody
// else adds the very same note just when a request of ours is lost, there is one note,
// not two.
//
// That id is in the update's [record], which is kept before the first request. So
// whoever finishes an interrupted update knows it.
type delivery struct {
	s       *TicketSystem
	id, key string
	all     change // as it was wanted
	todo    change // what is missing of it
	record  record
	saved   bool            // the record is kept as it is
	claimed map[string]bool // ids of articles that are notes of this update
	queue   string          // in which the ticket was when it was last looked at
}

// deliver writes a change until nothing of it remains, or until it isn't known
// what remains: then the error is api.ErrUncertain, and the same call, made again when the
// help desk can't be at work any more, looks at the ticket and sends what is missing.
func (s *TicketSystem) deliver(ctx context.Context, id string, c change) error {
	if c.empty() {
		return nil
	}
	for i := range c.Notes {
		c.Notes[i].mark(id, s.marker)
	}
	unlock, err := s.writing.lock(ctx, id)
	if err != nil {
		return fmt.Errorf("change ticket %s: %w", id, err)
	}
	defer unlock()
	d := &delivery{s: s, id: id, key: c.key(id), all: c, claimed: make(map[string]bool)}
	d.todo = change{Ticket: maps.Clone(c.Ticket), Dynamic: maps.Clone(c.Dynamic), Notes: slices.Clone(c.Notes)}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	if err := d.send(ctx); err != nil {
		return d.failed(err)
	}
	s.records.drop(d.key)
	s.logger.InfoContext(ctx, "ticket changed", append([]any{"ticket", id}, c.summary()...)...)
	return nil
}

// prepare continues where an earlier call ended, or determines the id above which the
// notes will be.
func (d *delivery) prepare(ctx context.Context) error {
	kept, found, err := d.s.records.load(ctx, d.key)
	if err != nil {
		return fmt.Errorf("change ticket %s: nothing was sent: %w", d.id, err)
	}
	if found {
		d.record, d.saved = kept, true
		return d.lookAgain(ctx)
	}
	if len(d.todo.Notes) == 0 {
		return nil
	}
	newest, known := d.s.articles.of(d.id, d.todo.senders())
	if !known {
		if newest, err = d.s.newestArticle(ctx, d.id, d.todo.senders()); err != nil {
			return err
		}
	}
	d.record.After = newest
	if slices.ContainsFunc(d.todo.Notes, func(n pendingNote) bool { return n.Once != "" }) {
		return d.look(ctx)
	}
	return nil
}

// lookAgain looks at a ticket to which an earlier call may have sent anything.
func (d *delivery) lookAgain(ctx context.Context) error {
	for i := range d.todo.Notes {
		d.todo.Notes[i].uncertain = true
	}
	if d.record.Fields {
		// What differs now, somebody has changed since.
		clear(d.todo.Ticket)
	}
	err := d.look(ctx)
	if wire.IsTemporary(err) {
		return wire.Uncertain(wire.TicketUpdate, d.id, err)
	}
	return err
}

func (d *delivery) send(ctx context.Context) error {
	for failures := 0; !d.todo.empty(); {
		if !d.saved {
			if err := d.s.records.save(ctx, d.key, d.record); err != nil {
				return fmt.Errorf("change ticket %s: nothing was sent: %w", d.id, err)
			}
			d.saved = true
		}
		a, err := d.s.client.Write(ctx, wire.TicketUpdate, d.id, d.todo.next(d.id))
		if err == nil {
			d.sent(a)
			continue
		}
		effect := wire.EffectOf(err)
		if effect == wire.NoEffect {
			return err
		}
		if len(d.todo.Notes) > 0 {
			d.todo.Notes[0].uncertain = true
		}
		if ctx.Err() != nil {
			return wire.Uncertain(wire.TicketUpdate, d.id, ctx.Err())
		}
		if missed := d.look(ctx); missed != nil {
			return wire.Uncertain(wire.TicketUpdate, d.id, fmt.Errorf("%w; and then %w", err, missed))
		}
		if effect != wire.Answered && d.inDoubt() {
			return wire.Uncertain(wire.TicketUpdate, d.id, err)
		}
		failures++
		if !d.todo.empty() && (failures >= maxFailures || !mayHelp(err, failures)) {
			return err
		}
	}
	return nil
}

// sent removes from the rest what a successful request carried.
func (d *delivery) sent(a wire.Answer) {
	clear(d.todo.Ticket)
	clear(d.todo.Dynamic)
	d.record.Fields, d.saved = true, false
	if len(d.todo.Notes) == 0 {
		return // OTOBO names the latest article although none was sent
	}
	for _, id := range slices.Concat(a.ArticleID, a.ArticleIDs) {
		d.claimed[id] = true
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			d.s.articles.add(d.id, n)
		}
	}
	d.todo.Notes = d.todo.Notes[1:]
}

// inDoubt reports whether something that was sent is not on the ticket.
func (d *delivery) inDoubt() bool {
	return d.todo.hasFields() || len(d.todo.Notes) > 0 && d.todo.Notes[0].uncertain
}

// look reads the ticket and removes from the rest what it has already.
func (d *delivery) look(ctx context.Context) error {
	stored, err := d.s.getRecord(ctx, d.id)
	if err != nil {
		return err
	}
	d.queue = stored.Text("Queue")
	all := stored.Articles()
	d.todo.Notes = slices.DeleteFunc(slices.Clone(d.todo.Notes), func(n pendingNote) bool {
		after := d.record.After
		if n.Once != "" {
			after = 0 // recognized by its mark, whoever wrote it
		} else if !n.uncertain {
			return false
		}
		for _, a := range all {
			id := a.Text("ArticleID")
			if a.Number("ArticleID") > after && !d.claimed[id] && sameNote(n, a) {
				d.claimed[id] = true
				if n.uncertain && !d.record.Fields && n.Once == "" {
					// The servers write an article after the attributes of its request.
					d.record.Fields, d.saved = true, false
				}
				return true
			}
		}
		return false
	})
	if d.record.Fields {
		clear(d.todo.Ticket)
	}
	d.todo.removeStored(stored)
	return nil
}

// failed completes the error with what was written nevertheless.
func (d *delivery) failed(err error) error {
	if errors.Is(err, api.ErrUncertain) {
		return err
	}
	missing := d.todo.parts()
	written := without(d.all.parts(), missing)
	if len(written) == 0 {
		if definite(err) || wire.EffectOf(err) == wire.NoEffect {
			d.s.records.drop(d.key)
		}
		return err
	}
	if errors.Is(err, wire.ErrNoAccess) && !d.todo.hasFields() {
		err = &api.FieldError{Field: "note", Err: d.s.client.NoRightBehind(err, d.queueNow())}
	}
	return &PartialError{Ticket: d.id, Written: written, Missing: missing, Err: err}
}

// queueNow is the queue of the ticket, "" if it isn't known.
func (d *delivery) queueNow() string {
	if name, moved := d.all.Ticket["Queue"]; moved && d.record.Fields {
		return wire.Canonical(name)
	}
	return d.queue
}

// mayHelp reports whether sending again what is missing can have another outcome. A
// queue that could not be changed is usually a missing right, and sometimes a lock in
// the database: so it is tried once more.
func mayHelp(err error, failures int) bool {
	var failed *wire.RequestError
	return wire.IsTemporary(err) || errors.As(err, &failed) && failed.Status >= 500 && failures == 1
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

// Partly is by which a host recognizes the error: what is missing is to be written still.
func (e *PartialError) Partly() bool { return len(e.Written) > 0 }
