package runs

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// DecisionOptions choose records.
type DecisionOptions struct {
	Since, Until string // see [Moment]
	Run          string // the beginning of its id is enough
	Runner       string
	Ticket       string // its id, else its number
	Label        string
	Actions      []string
	Least, Most  float64 // of the confidence; 0: any
	Limit        int     // 0: all
	Oldest       bool    // the oldest first
}

// pageOf is how many records are read at one time.
const pageOf = 500

func (o DecisionOptions) filter(now time.Time) (f store.DecisionFilter, err error) {
	f = store.DecisionFilter{Run: o.Run, Runner: o.Runner, Ticket: o.Ticket, Label: o.Label, Oldest: o.Oldest}
	if o.Limit < 0 {
		return f, fmt.Errorf("--limit is %d: write a number of decisions, or 0 for all", o.Limit)
	}
	for _, of := range []struct {
		flag, text string
		to         *int64
	}{{"--since", o.Since, &f.Since}, {"--until", o.Until, &f.Until}} {
		if of.text == "" {
			continue
		}
		t, err := app.Moment(of.text, now)
		if err != nil {
			return f, fmt.Errorf("%s: %w", of.flag, err)
		}
		*of.to = t.UnixMicro()
	}
	for _, action := range o.Actions {
		known := decisions.Action(strings.ToLower(action))
		if !slices.Contains(decisions.Actions(), known) {
			return f, fmt.Errorf("the action of a decision can't be %q; possible: %s", action, strings.Join(ActionWords(), ", "))
		}
		f.Actions = append(f.Actions, string(known))
	}
	for _, c := range []float64{o.Least, o.Most} {
		if c < 0 || c > 1 || math.IsNaN(c) {
			return f, fmt.Errorf("a confidence is a number from 0 to 1, not %g", c)
		}
	}
	f.Least, f.Most = int64(math.Ceil(o.Least*1e6)), int64(math.Floor(o.Most*1e6))
	return f, nil
}

// ActionWords are the actions by which decisions are chosen.
func ActionWords() []string {
	var words []string
	for _, a := range decisions.Actions() {
		words = append(words, string(a))
	}
	return words
}

// Decisions calls each with the records that o chooses, one after another.
func (d *Desk) Decisions(ctx context.Context, o DecisionOptions, each func(decisions.Record) error) error {
	if o.Run != "" {
		id, err := d.find(ctx, o.Run)
		if err == nil {
			o.Run = id
		} // else of a run that was deleted: by its whole id
	}
	f, err := o.filter(time.Now())
	if err != nil {
		return app.ExitWith(app.CodeUsage, err)
	}
	if f.Ticket == "" {
		_, err = d.decisions(ctx, f, o.Limit, each)
		return err
	}
	tickets, err := d.ticketsNamed(ctx, f.Ticket)
	for n := 0; err == nil && len(tickets) > 0 && (o.Limit == 0 || n < o.Limit); tickets = tickets[1:] {
		f.System, f.Ticket = tickets[0].system, tickets[0].ticket
		var more int
		more, err = d.decisions(ctx, f, max(0, o.Limit-n), each)
		n += more
	}
	return err
}

// ticketAt is a ticket of a help desk; of any where system is empty.
type ticketAt struct{ system, ticket string }

// ticketsNamed are the tickets with this id about which something was decided, else those with
// this number: not each record has the number.
func (d *Desk) ticketsNamed(ctx context.Context, name string) (tickets []ticketAt, err error) {
	byID, err := d.store.Decisions(ctx, store.DecisionFilter{Ticket: name, Limit: 1})
	if err != nil {
		return nil, d.failed("reading decisions", err)
	}
	if len(byID) > 0 {
		return []ticketAt{{ticket: name}}, nil
	}
	_, err = d.decisions(ctx, store.DecisionFilter{}, 0, func(r decisions.Record) error {
		if at := (ticketAt{r.System, r.Ticket}); r.Number == name && !slices.Contains(tickets, at) {
			tickets = append(tickets, at)
		}
		return nil
	})
	return tickets, err
}

// decisions reads page by page.
func (d *Desk) decisions(ctx context.Context, f store.DecisionFilter, limit int, each func(decisions.Record) error) (n int, err error) {
	for {
		f.Limit = pageOf
		if limit > 0 {
			f.Limit = min(pageOf, limit-n)
		}
		page, err := d.store.Decisions(ctx, f)
		if err != nil {
			return n, d.failed("reading decisions", err)
		}
		for _, one := range page {
			r, err := decisions.Decode(one.Body, when(one.Made), one.End)
			if err != nil {
				return n, d.failed("reading decisions", err)
			}
			r.Reason = d.redactor.Text(r.Reason)
			if err := each(r); err != nil {
				return n, app.ExitWith(app.CodeRun, err)
			}
			if n++; n == limit {
				return n, nil
			}
		}
		if len(page) < f.Limit {
			return n, nil
		}
		f.After = &page[len(page)-1]
	}
}

// ListDecisions returns the records that o chooses.
func (d *Desk) ListDecisions(ctx context.Context, o DecisionOptions) ([]decisions.Record, error) {
	list := []decisions.Record{}
	err := d.Decisions(ctx, o, func(r decisions.Record) error {
		list = append(list, r)
		return nil
	})
	return list, err
}

// OfTicket returns all records of a ticket, the oldest first. None is an error that says so.
func (d *Desk) OfTicket(ctx context.Context, ticket string) ([]decisions.Record, error) {
	if ticket == "" {
		return nil, app.ExitWith(app.CodeUsage, errors.New("the id of a ticket is empty; `otai decisions list` shows those about which something was decided"))
	}
	list, err := d.ListDecisions(ctx, DecisionOptions{Ticket: ticket, Oldest: true})
	if err == nil && len(list) == 0 {
		err = app.ExitWith(app.CodeRun, fmt.Errorf("nothing was decided about a ticket %s; a decision is recorded when a run ends, and `otai runs waiting` shows what hasn't ended", ticket))
	}
	return list, err
}

// The forms of an export.
const (
	CSV   = "csv"
	JSONL = "jsonl"
)

// Export writes the records that o chooses.
func (d *Desk) Export(ctx context.Context, o DecisionOptions, format string, to io.Writer) error {
	switch format {
	case JSONL:
		e := json.NewEncoder(to)
		e.SetEscapeHTML(false)
		return d.Decisions(ctx, o, func(r decisions.Record) error { return e.Encode(r) })
	case CSV:
		w := csv.NewWriter(to)
		if err := w.Write(decisions.Columns()); err != nil {
			return app.ExitWith(app.CodeRun, err)
		}
		err := d.Decisions(ctx, o, func(r decisions.Record) error { return w.Write(r.Row()) })
		w.Flush()
		return errors.Join(err, app.ExitWith(app.CodeRun, w.Error()))
	}
	return app.ExitWith(app.CodeUsage, fmt.Errorf("--format can't be %q; possible: %s, %s", format, CSV, JSONL))
}

// Decided are the tickets about which something was decided lately whose ids complete what
// was begun in a shell, each with what it was.
func (d *Desk) Decided(ctx context.Context, begun string) ([]string, error) {
	const most = 200
	list, err := d.store.Decisions(ctx, store.DecisionFilter{Limit: most})
	if err != nil {
		return nil, err
	}
	var out []string
	seen := make(map[string]bool)
	for _, one := range list {
		if strings.HasPrefix(one.Ticket, begun) && !seen[one.Ticket] {
			seen[one.Ticket] = true
			out = append(out, one.Ticket+"\t"+strings.TrimSpace(one.Action+" "+one.Label))
		}
	}
	return out, nil
}
