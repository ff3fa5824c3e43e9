package runs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Detail is all that is kept of a run. Its JSON form is stable.
type Detail struct {
	Run
	Standings []Standing `json:"standings"`
	Steps     []Step     `json:"steps"`
	Effects   []Effect   `json:"effects"`
	Items     []Run      `json:"items,omitempty"`     // of its loops
	Long      []Long     `json:"not_ended,omitempty"` // of its host, at its place: if that has several workers, they may be another run's
}

// Step is the result of a step.
type Step struct {
	Key    string          `json:"key"`
	Result json.RawMessage `json:"result,omitempty"` // none: it may not be kept, and is evaluated again
}

// Effect is a write.
type Effect struct {
	Key       string          `json:"key"`
	Operation string          `json:"operation"`
	Service   string          `json:"service,omitempty"`
	Ticket    string          `json:"ticket,omitempty"`
	State     string          `json:"state"`
	Intent    json.RawMessage `json:"intent,omitempty"`
	Outcome   json.RawMessage `json:"outcome,omitempty"`
	Begun     *time.Time      `json:"begun,omitempty"`
	Until     *time.Time      `json:"until,omitempty"` // until when its request may still be at work
	Once      *Once           `json:"once,omitempty"`  // of a pipe that is carried out once
	Doubt     *Doubt          `json:"doubt,omitempty"` // nobody knows whether it was carried out
}

// Show returns a run, of which the beginning of the id is enough.
func (d *Desk) Show(ctx context.Context, id string) (Detail, error) {
	id, err := d.find(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	loaded, err := d.store.Load(ctx, id)
	if err != nil {
		return Detail{}, d.failed("reading the run", err)
	}
	items, err := d.store.Runs(ctx, store.Filter{Parent: id})
	if err != nil {
		return Detail{}, d.failed("reading the run's items", err)
	}
	out := Detail{Standings: []Standing{}, Steps: []Step{}, Effects: []Effect{}}
	for _, t := range loaded.Tickets {
		loaded.Run.Tickets = append(loaded.Run.Tickets, t.Ticket)
		out.Standings = append(out.Standings, d.standing(t))
	}
	slices.Sort(loaded.Run.Tickets)
	loaded.Run.Tickets = slices.Compact(loaded.Run.Tickets)
	out.Run = d.run(loaded.Run)
	for _, s := range loaded.Steps {
		out.Steps = append(out.Steps, Step{Key: s.Key, Result: d.plain(s.Result)})
	}
	for _, e := range loaded.Effects {
		one := Effect{
			Key: e.Key, Operation: e.Operation, Service: e.Service, Ticket: e.Ticket, State: string(e.State),
			Intent: d.written(e.Intent), Outcome: d.written(e.Outcome), Begun: moment(e.Begun), Until: moment(e.Until),
		}
		if e.Operation == store.OpOnce {
			o := kept.DecodeOnce(e)
			one.Intent, one.Once = nil, &o
		}
		if loaded.Run.State == store.Ended && e.State == store.Intent {
			one.Doubt = d.doubt(loaded.Run, e)
		}
		out.Effects = append(out.Effects, one)
	}
	for _, r := range items {
		out.Items = append(out.Items, d.run(r))
	}
	if loaded.Run.State == store.Running {
		out.Long, err = d.long(ctx, func(c store.LongCall) bool {
			return c.Host == loaded.Run.Owner && (c.Path == loaded.Run.Place || strings.HasPrefix(c.Path, loaded.Run.Place+"."))
		})
	}
	return out, err
}

// plain is a kept value as JSON, without secrets. One that can't be read, as a later
// version wrote it, says so.
func (d *Desk) plain(kept []byte) json.RawMessage {
	if kept == nil {
		return nil
	}
	value, err := codec.Decode(kept)
	var data []byte
	if err == nil {
		data, err = json.Marshal(value)
	}
	if err != nil {
		data, _ = json.Marshal("can't be read by this version of otai") // a text always can
	}
	return d.redactor.JSON(data)
}

// written is what a write was to do or did. Most are JSON; what only otai compares by is
// left out.
func (d *Desk) written(kept []byte) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(kept, &fields) != nil {
		return d.plain(kept) // of a pipe that is carried out once
	}
	delete(fields, "picture")
	delete(fields, "equal")
	if len(fields) == 0 {
		return nil
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return d.redactor.JSON(data)
}

// errNotHere is why nothing can be shown.
var errNotHere = &app.ExitError{Code: app.CodeRun, Err: errors.New("there are no runs yet: `otai run` makes the store when it starts")}
