package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	System string            `json:"system"` // the help desk
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
	before, goesOn, err := d.underWay(ctx, in)
	if err != nil {
		return Reverted{}, err
	}
	if !goesOn {
		return d.revertAnew(ctx, in, o)
	}
	d.settings.Worker.Doing(supervise.StageReady, "", nil) // another worker would ask again
	out, err := d.carry(ctx, before.Request, o)
	if err != nil {
		return out, err
	}
	again := before.held
	if !again {
		again, err = d.writtenSince(ctx, in, before.Created)
	}
	if err != nil || !again {
		return out, err
	}
	rest, err := d.revertAnew(ctx, in, o)
	return out.and(rest), err
}

// revertAnew leaves a request, and waits until it is carried out.
func (d *Desk) revertAnew(ctx context.Context, in store.Range, o RevertOptions) (Reverted, error) {
	args, err := json.Marshal(store.RequestArgs{Range: &in})
	if err != nil {
		return Reverted{}, app.ExitWith(app.CodeRun, err)
	}
	r := store.Request{Verb: store.VerbRevert, Args: args}
	if r.Created, err = d.store.Now(ctx); err != nil {
		return Reverted{}, d.failed("asking for the time", err)
	}
	if r.ID, err = d.store.Ask(ctx, r); err != nil {
		return Reverted{}, d.failed("writing the request", err)
	}
	d.settings.Worker.Doing(supervise.StageReady, "", nil) // another worker would ask again
	return d.carry(ctx, r, o)
}

// carry waits until a request is carried out, by this process where nobody else does it.
func (d *Desk) carry(ctx context.Context, r store.Request, o RevertOptions) (Reverted, error) {
	out := Reverted{Request: r.ID, Tickets: []RevertedTicket{}}
	for {
		alone, err := d.nobodyWorks(ctx, r)
		if err != nil {
			return out, err
		}
		if alone {
			err = app.WorkAlone(ctx, d.settings, func(ctx context.Context) (err error) {
				out.Waiting, err = d.followRevert(ctx, r.ID, o.Progress, nil)
				return err
			})
		}
		if !alone || app.WorkedAt(err) { // since a moment ago
			out.Waiting, err = d.followRevert(ctx, r.ID, o.Progress, &deserted{desk: d})
		}
		switch {
		case errors.Is(err, errDeserted):
			continue
		case err != nil:
			return out, err
		}
		out.Tickets, err = d.reverted(ctx, r.ID, r.Created)
		return out, err
	}
}

func (d *Desk) rangeOf(ctx context.Context, o RevertOptions) (in store.Range, err error) {
	if o.Ticket != "" {
		at, err := d.oneTicket(ctx, o)
		if err != nil {
			return in, err
		}
		in.Ticket, in.System = at.ticket, at.system
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

// oneTicket is the ticket that is named by its id, or by its number. Where it may be one of two
// help desks, the runs say which, if they are named, too.
func (d *Desk) oneTicket(ctx context.Context, o RevertOptions) (ticketAt, error) {
	named, err := d.writtenTo(ctx, o.Ticket)
	if err != nil {
		return ticketAt{}, err
	}
	if len(named) == 0 {
		if named, err = d.ticketsNamed(ctx, o.Ticket); err != nil {
			return ticketAt{}, err
		}
	}
	if len(named) == 0 { // what has only begun has written nothing yet
		of, err := d.store.Runs(ctx, store.Filter{Ticket: o.Ticket, Limit: 1})
		if err != nil {
			return ticketAt{}, d.failed("reading the runs", err)
		}
		if len(of) > 0 {
			return ticketAt{ticket: o.Ticket}, nil
		}
	}
	switch {
	case len(named) == 0:
		return ticketAt{}, app.ExitWith(app.CodeRun, fmt.Errorf("nothing is known of a ticket %s, neither by its id nor by its number; `otai decisions list` shows those about which something was decided", o.Ticket))
	case len(named) == 1:
		return named[0], nil
	case len(o.Runs) > 0 && named[0].ticket == named[1].ticket:
		return ticketAt{ticket: named[0].ticket}, nil
	case named[0].ticket == named[1].ticket:
		return ticketAt{}, app.ExitWith(app.CodeUsage, fmt.Errorf("a ticket %s is at two help desks, %s and %s: give the number of the one that is meant, or one of its runs with --run", o.Ticket, named[0].system, named[1].system))
	}
	return ticketAt{}, app.ExitWith(app.CodeUsage, fmt.Errorf("the tickets %s and %s have the number %s, at two help desks: give the id of the one that is meant", named[0].ticket, named[1].ticket, o.Ticket))
}

// writtenTo are the tickets with an id about which there is a record, or to which something
// half done has written.
func (d *Desk) writtenTo(ctx context.Context, id string) (tickets []ticketAt, err error) {
	add := func(system string) {
		if at := (ticketAt{system, id}); !slices.Contains(tickets, at) {
			tickets = append(tickets, at)
		}
	}
	_, err = d.decisions(ctx, store.DecisionFilter{Ticket: id}, 0, func(r decisions.Record) error {
		add(r.System)
		return nil
	})
	if err != nil {
		return nil, err
	}
	unended, err := engine.UnendedIn(ctx, d.store, store.Range{Ticket: id})
	if err != nil {
		return nil, d.failed("reading the runs", err)
	}
	for _, effects := range unended {
		for _, e := range effects {
			add(e.System)
		}
	}
	slices.SortFunc(tickets, func(a, b ticketAt) int { return strings.Compare(a.system, b.system) })
	return tickets, nil
}

// nobodyWorks reports whether nobody takes the request up. Of one that was taken up at a database nobody
// says whether whoever did so still works: then this process shares the work.
func (d *Desk) nobodyWorks(ctx context.Context, asked store.Request) (bool, error) {
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
	for began := time.Now(); asked.Answer == "" && time.Since(began) < d.patience; {
		r, _, err := d.store.Asked(ctx, asked.ID)
		switch {
		case err != nil:
			return false, d.failed("waiting for the answer", err)
		case r.Answer != "":
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, stoppedRevert(asked.ID)
		case <-time.After(lookEvery):
		}
	}
	return true, nil
}

// followRevert waits until all is put back that can be by now, or nobody works any more. by is nil where this
// process does.
func (d *Desk) followRevert(ctx context.Context, id int64, progress func(done, all int), by *deserted) (held int, err error) {
	for {
		if err := by.look(ctx, time.Now()); err != nil {
			return 0, err
		}
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
		t := RevertedTicket{Run: r.Run, System: r.System, Ticket: r.Ticket, Number: r.Number, Action: string(r.Action), Back: map[string]string{}, Reason: r.Reason}
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
