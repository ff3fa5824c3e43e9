package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Maker makes records.
type Maker struct {
	Machine  string            // the name of this one
	Versions map[string]string // of otai and its plugins
	KeepText bool
}

// End is the end of a run.
type End struct {
	Run     store.Run
	Outcome store.Outcome
	Step    string        // at which it ended, for people
	Reason  string        // redacted
	Subject *store.Ticket // that it is charged to; nil: none
	Tickets []store.Ticket
	Effects []store.Effect
	Said    Said
	// Loop is true of a run whose work is done by its items: it leaves only what it wrote itself.
	Loop bool
}

type ticket struct{ system, id string }

// Made are the records of an end.
type Made struct {
	Records []decisions.Record
	Stored  []store.Decision // the same, as they are stored
	effects []store.Effect   // that are in them
	as      []decisions.Outcome
}

// Marked are the effects that are in the records, as those that are: where the run may go on.
func (m Made) Marked() []store.Effect {
	marked := make([]store.Effect, len(m.effects))
	for i, f := range m.effects {
		marked[i] = gate.Recorded(f, m.as[i])
	}
	return marked
}

// Of makes the records of an end.
func (m Maker) Of(e End) (made Made) {
	var order []ticket
	of := make(map[ticket][]gate.Written)
	add := func(k ticket) {
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	for _, f := range e.Effects {
		w, ok := gate.WrittenBy(f)
		if !ok || w.Before == w.Outcome || w.Before == decisions.Done {
			continue
		}
		if w.Step == "" {
			w.Step = ends.LastName(f.Step)
		}
		k := ticket{f.System, w.Ticket}
		add(k)
		of[k] = append(of[k], w)
		made.effects, made.as = append(made.effects, f), append(made.as, w.Outcome)
	}
	refused := e.Outcome == store.Dead || e.Outcome == store.Gone
	if s := e.Subject; s != nil && !e.Loop && (len(order) == 0 || refused) {
		add(ticket{s.System, s.Ticket})
	}
	for _, k := range order {
		r := m.one(e, k, of[k])
		if stored, ok := encoded(r); ok {
			made.Records, made.Stored = append(made.Records, r), append(made.Stored, stored)
		}
	}
	return made
}

// Canceled is Of for a run that nobody works at when it is given up, by all that the store
// has of it.
func (m Maker) Canceled(l store.Loaded, reason string) []store.Decision {
	e := End{Run: l.Run, Outcome: store.Canceled, Reason: reason, Tickets: l.Tickets, Effects: l.Effects}
	for _, s := range l.Steps {
		if s.Key == store.StepSaid {
			e.Said = SaidOf(s)
		}
	}
	for i, t := range l.Tickets {
		if t.Fetched || t.LastRun == l.Run.ID {
			e.Subject = &l.Tickets[i]
			break
		}
	}
	return m.Of(e).Stored
}

// one is the record of one ticket.
func (m Maker) one(e End, k ticket, writes []gate.Written) decisions.Record {
	r := decisions.Record{
		Run: e.Run.ID, Runner: e.Run.Runner, Host: m.Machine, System: k.system, Ticket: k.id, Step: e.Step, Reason: e.Reason,
		Classifications: e.Said.Classifications, Pipes: e.Said.Pipes, Config: e.Run.Hash, Versions: m.Versions,
	}
	for _, t := range e.Tickets {
		if t.System == k.system && t.Ticket == k.id {
			read := gate.ReadingOf(t.Picture)
			r.Read, r.Number = read.Read, read.Number
			if m.KeepText {
				r.Title = read.Title
			}
		}
	}
	if m.KeepText {
		r.Text = e.Said.Text
	}
	for _, w := range writes {
		r.Writes = append(r.Writes, w.Write)
	}
	if n := len(e.Said.Pipes); r.Reason == "" && n > 0 {
		r.Reason = e.Said.Pipes[n-1].Reason
	}
	r.Action = action(e, writes)
	return r.Complete()
}

// encoded is a record as it is stored.
func encoded(r decisions.Record) (store.Decision, bool) {
	body, err := r.Encode()
	if err != nil { // a number that JSON doesn't have
		return store.Decision{}, false
	}
	label, confidence := r.Label()
	d := store.Decision{
		System: r.System, Ticket: r.Ticket, Runner: r.Runner, Action: string(r.Action), Label: label,
		Confidence: int64(math.Round(confidence * 1e6)), Body: body,
	}
	if r.Action == decisions.Left && len(r.Writes) == 0 {
		d.Same = same(r)
	}
	return d, true
}

// action is the strongest thing that became of the ticket.
func action(e End, writes []gate.Written) decisions.Action {
	said := make(map[string]decisions.Action)
	for _, p := range e.Said.Pipes {
		said[p.Step+p.At] = p.Action
	}
	suggested, settled := false, false
	for _, w := range writes {
		switch {
		case w.Outcome != decisions.Done:
		case w.Before == decisions.InDoubt:
			settled = true
		case said[w.Step+w.At] == decisions.Reverted:
			return decisions.Reverted
		case said[w.Step+w.At] == decisions.Suggested:
			suggested = true
		default:
			return decisions.Applied
		}
	}
	switch {
	case suggested:
		return decisions.Suggested
	case e.Outcome == store.Dead:
		return decisions.Refused
	case settled:
		return decisions.Settled
	case e.Outcome == store.Applied: // all was as it was to be
		return decisions.Left
	}
	return decisions.Action(e.Outcome)
}

// same is what is the same of two records that a ticket was left.
func same(r decisions.Record) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", r.Step, r.Reason)
	for _, c := range r.Classifications {
		fmt.Fprintf(h, " %q %q", c.Step, c.Label)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
