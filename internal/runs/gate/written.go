package gate

import (
	"cmp"
	"encoding/json"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Written is a write for the record of an end of its run.
type Written struct {
	decisions.Write
	Ticket string
	// Before is with which outcome a record of an earlier end has it.
	Before decisions.Outcome
}

// WrittenBy is what an effect wrote, or may have written. ok is false where no request was
// sent, or what was sent certainly did nothing.
func WrittenBy(e store.Effect) (w Written, ok bool) {
	w.Operation, w.Ticket = e.Operation, e.Ticket
	if e.Operation == store.OpOnce {
		w.Outcome = decisions.Done
		if e.State == store.Intent {
			w.Outcome = decisions.InDoubt
		}
		w.Before = decisions.Outcome(e.Record)
		return w, e.State == store.Intent || e.State == store.Done
	}
	o, known := outcomeOf(e)
	if w.Before = o.Recorded; e.Begun == 0 || o.Unsent {
		return w, false
	}
	switch e.State {
	case store.Done:
		w.Outcome, w.Ticket, w.Step, w.At = decisions.Done, cmp.Or(w.Ticket, o.ID), o.Step, o.At
		w.change(o.Change)
		return w, known && len(w.New)+w.Note > 0
	case store.Intent:
		i, err := decodeIntent(e.Intent)
		w.Outcome, w.Step, w.At = decisions.InDoubt, i.Step, i.At
		w.change(i.Change)
		return w, err == nil
	}
	return w, false
}

func (w *Written) change(c picture.Change) {
	w.Note = len(c.Notes)
	from, to := make(map[string]picture.Value), make(map[string]picture.Value)
	for name, v := range c.Fields {
		had, known := c.From[name]
		if known && had.Same(v) {
			continue // it changed nothing
		}
		if to[name] = v; known {
			from[name] = had
		}
	}
	w.Old, w.New = values(from), values(to)
}

// Recorded is the effect of a write that a record of its run has by now, where the run may
// go on.
func Recorded(e store.Effect, as decisions.Outcome) store.Effect {
	if e.Operation == store.OpOnce {
		e.Record = []byte(as)
		return e
	}
	o, _ := outcomeOf(e)
	o.Recorded = as
	if kept, err := json.Marshal(o); err == nil { // hashes and names alone
		e.Outcome = kept
	}
	return e
}

// Reading is how a run read a ticket.
type Reading struct {
	decisions.Read
	Number string
	Title  string // only where texts are kept
}

// ReadingOf is what a picture says of it.
func ReadingOf(kept []byte) (r Reading) {
	var p readingOf
	if len(kept) == 0 || json.Unmarshal(kept, &p) != nil {
		return r
	}
	r.Number, r.Title, r.Lock = p.Number, p.Title, p.Lock
	r.Queue, r.Priority, r.State = valueOf(p.Fields.Queue), valueOf(p.Fields.Priority), valueOf(p.Fields.State)
	return r
}

// readingOf is what of a picture a reading has: each end of a run asks for it, and needn't read the rest.
type readingOf struct {
	Fields struct {
		Queue    picture.Value `json:"queue"`
		Priority picture.Value `json:"priority"`
		State    picture.Value `json:"state"`
	} `json:"fields"`
	Number string `json:"number"`
	Lock   string `json:"lock"`
	Title  string `json:"title"`
}

func valueOf(v picture.Value) *decisions.Value {
	if v == (picture.Value{}) {
		return nil
	}
	return &decisions.Value{Name: v.Name, ID: v.ID}
}

// values are fields of a picture as a record has them.
func values(fields map[string]picture.Value) map[string]decisions.Value {
	out := make(map[string]decisions.Value, len(fields))
	for name, v := range fields {
		switch name {
		case picture.Subject:
			out[decisions.Title] = decisions.Value{Hash: v.ID}
		case picture.Customer:
			out[decisions.Customer] = decisions.Value{Hash: cmp.Or(v.Name, v.ID)}
		default:
			if picture.Hashed(name) {
				out[name] = decisions.Value{Name: v.Name}
				if v.Name == "" {
					out[name] = decisions.Value{Hash: v.ID}
				}
				continue
			}
			out[name] = decisions.Value{Name: v.Name, ID: v.ID}
		}
	}
	return out
}
