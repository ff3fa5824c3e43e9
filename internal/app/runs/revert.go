package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/decisions"
	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/internal/supervise"
)

// RevertOptions say what is put back: the writes that meet all that is given.
type RevertOptions struct {
	Runs         []string
	Since, Until time.Time
	Ticket       string
	// Progress is called again and again; nil: it isn't.
	Progress func(done, all int)
}

// Check reports what can't be meant.
func (o RevertOptions) Check() error {
	switch {
	case !o.Until.IsZero() && o.Since.IsZero():
		return errors.New("--until needs --since")
	case len(o.Runs) == 0 && o.Ticket == "" && o.Since.IsZero():
		return errors.New("what is to be put back? Give --run, --ticket, or --since with --until")
	case !o.Until.IsZero() && !o.Until.After(o.Since):
		return errors.New("--until is not after --since")
	}
	return nil
}

// Reverted is what was put back. Its JSON form is stable.
type Reverted struct {
	Request int64            `json:"request"`
	Tickets []RevertedTicket `json:"tickets"`
	Waiting int              `json:"waiting"` // tickets that wait, as they were refused or can't be read
}

// RevertedTicket is what became of one ticket.
type RevertedTicket struct {
	Run    string            `json:"run"`
	Ticket string            `json:"ticket"`
	Number string            `json:"number,omitempty"`
	Action string            `json:"action"` // reverted, or left
	Back   map[string]string `json:"back"`   // what fields have again
	Reason string            `json:"reason"` // why something was not put back
}

// Revert puts back what was written, by whoever works; where nobody does, this process does
// it. When ctx ends, whoever works goes on.
func (d *Desk) Revert(ctx context.Context, o RevertOptions) (Reverted, error) {
	in, err := d.rangeOf(ctx, o)
	if err != nil {
		return Reverted{}, err
	}
	args, err := json.Marshal(store.RequestArgs{Range: &in})
	if err != nil {
		return Reverted{}, app.ExitWith(app.CodeRun, err)
	}
	began, err := d.store.Now(ctx)
	if err != nil {
		return Reverted{}, d.failed("asking for the time", err)
	}
	id, err := d.store.Ask(ctx, store.Request{Verb: store.VerbRevert, Args: args})
	if err != nil {
		return Reverted{}, d.failed("writing the request", err)
	}
	d.settings.Worker.Doing(supervise.StageReady, "", nil) // another worker would ask again
	out := Reverted{Request: id, Tickets: []RevertedTicket{}}
	follow := func(ctx context.Context) (err error) {
		out.Waiting, err = d.followRevert(ctx, id, o.Progress)
		return err
	}
	if alone, aErr := d.nobodyWorks(ctx, id); aErr != nil {
		return out, aErr
	} else if alone {
		err = app.WorkAlone(ctx, d.settings, follow)
		if app.WorkedAt(err) { // since a moment ago
			err = follow(ctx)
		}
	} else {
		err = follow(ctx)
	}
	if err != nil {
		return out, err
	}
	out.Tickets, err = d.reverted(ctx, id, began)
	return out, err
}

func (d *Desk) rangeOf(ctx context.Context, o RevertOptions) (in store.Range, err error) {
	if o.Ticket != "" {
		if in.Ticket, err = d.ticketID(ctx, o.Ticket); err != nil {
			return in, err
		}
	}
	for _, begun := range o.Runs {
		id, err := d.find(ctx, begun)
		if err != nil {
			return in, err
		}
		in.Runs = append(in.Runs, id)
	}
	if !o.Since.IsZero() {
		in.Since = o.Since.UnixMicro()
	}
	if !o.Until.IsZero() {
		in.Until = o.Until.UnixMicro()
	}
	return in, nil
}

// ticketID is the id of a ticket that is named by it, or by its number.
func (d *Desk) ticketID(ctx context.Context, name string) (string, error) {
	named, err := d.ticketsNamed(ctx, name)
	if err != nil {
		return "", err
	}
	if len(named) == 0 { // what is half done has no record yet
		of, err := d.store.Runs(ctx, store.Filter{Ticket: name, Limit: 1})
		if err != nil {
			return "", d.failed("reading the runs", err)
		}
		if len(of) == 0 {
			return "", app.ExitWith(app.CodeRun, fmt.Errorf("nothing is known of a ticket %s, neither by its id nor by its number; `otai decisions list` shows those about which something was decided", name))
		}
		return name, nil
	}
	for _, other := range named[1:] {
		if other.ticket != named[0].ticket {
			return "", app.ExitWith(app.CodeUsage, fmt.Errorf("the tickets %s and %s have the number %s, at two help desks: give the id of the one that is meant", named[0].ticket, other.ticket, name))
		}
	}
	return named[0].ticket, nil
}

// nobodyWorks reports whether nobody takes the request up.
func (d *Desk) nobodyWorks(ctx context.Context, id int64) (bool, error) {
	if d.patience == 0 {
		opened, err := d.alone(ctx)
		switch {
		case app.WorkedAt(err):
			return false, nil
		case err != nil:
			return false, err
		}
		return true, opened.Close()
	}
	for began := time.Now(); time.Since(began) < d.patience; {
		r, _, err := d.store.Asked(ctx, id)
		switch {
		case err != nil:
			return false, d.failed("waiting for the answer", err)
		case r.Answer != "":
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, stoppedRevert(id)
		case <-time.After(lookEvery):
		}
	}
	return true, nil
}

// followRevert waits until all is put back that can be by now.
func (d *Desk) followRevert(ctx context.Context, id int64, progress func(done, all int)) (held int, err error) {
	for {
		r, _, err := d.store.Asked(ctx, id)
		if err != nil {
			return 0, d.failed("waiting for the answer", err)
		}
		p, err := d.store.Progress(ctx, engine.RevertPrefix(id))
		if err != nil {
			return 0, d.failed("looking how far it is", err)
		}
		switch {
		case strings.HasPrefix(r.Answer, engine.NotDone):
			return 0, app.ExitWith(app.CodeRun, errors.New(d.redactor.Text(r.Answer)))
		case r.Answer != "" && p.Ended+p.Held == p.All:
			return p.Held, nil
		case progress != nil && p.All > 0:
			progress(p.Ended, p.All)
		}
		select {
		case <-ctx.Done():
			return 0, stoppedRevert(id)
		case <-time.After(4 * lookEvery):
		}
	}
}

func stoppedRevert(id int64) error {
	return app.ExitWith(app.CodeRun, fmt.Errorf("stopped looking; request %d is written down, and whoever works goes on with it: `otai runs list` shows it", id))
}

// reverted are the records of a request.
func (d *Desk) reverted(ctx context.Context, id, since int64) ([]RevertedTicket, error) {
	tickets := []RevertedTicket{}
	err := engine.RecordsIn(ctx, d.store, store.Range{Since: since}, store.DecisionFilter{}, func(r decisions.Record) {
		if !strings.HasPrefix(r.Run, engine.RevertPrefix(id)) {
			return
		}
		t := RevertedTicket{Run: r.Run, Ticket: r.Ticket, Number: r.Number, Action: string(r.Action), Back: map[string]string{}, Reason: r.Reason}
		for _, w := range r.Writes {
			for name, v := range w.New {
				t.Back[name] = v.String()
			}
		}
		tickets = append(tickets, t)
	})
	if err != nil {
		return nil, d.failed("reading the records", err)
	}
	return tickets, nil
}
