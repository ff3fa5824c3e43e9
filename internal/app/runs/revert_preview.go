package runs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/revert"
	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Preview is what a revert would do. Its JSON form is stable.
type Preview struct {
	Tickets []PreviewTicket `json:"tickets"`
	Unended int             `json:"unended"` // runs that would be given up first
	Missing []string        `json:"missing"` // what keeps the agent from putting tickets back
}

// PreviewTicket is what would become of one ticket.
type PreviewTicket struct {
	Ticket string                 `json:"ticket"`
	Number string                 `json:"number,omitempty"`
	Back   map[string]PreviewBack `json:"back"`
	Reason string                 `json:"reason"` // why something would not be put back
}

// PreviewBack is a field that would be put back.
type PreviewBack struct {
	Is   string `json:"is"`
	Gets string `json:"gets"`
}

type systemNamed interface{ SystemID() string }

type systemDoctor interface {
	Diagnose(ctx context.Context, names map[string][]string, report func(map[string]string))
}

// PreviewRevert reads the tickets and writes nothing.
func (d *Desk) PreviewRevert(ctx context.Context, o RevertOptions) (Preview, error) {
	p := Preview{Tickets: []PreviewTicket{}, Missing: []string{}}
	in, err := d.rangeOf(ctx, o)
	if err == nil {
		err = engine.WithItems(ctx, d.store, &in)
	}
	if err != nil {
		return p, d.failed("reading the runs", err)
	}
	unended, err := engine.UnendedIn(ctx, d.store, in)
	if err != nil {
		return p, d.failed("reading the runs", err)
	}
	p.Unended = len(unended)
	type at struct{ system, ticket string }
	records := make(map[at][]decisions.Record)
	err = engine.RecordsIn(ctx, d.store, in, store.DecisionFilter{}, func(r decisions.Record) {
		records[at{r.System, r.Ticket}] = append(records[at{r.System, r.Ticket}], r)
	})
	if err != nil {
		return p, d.failed("reading the records", err)
	}
	err = app.WithServices(ctx, d.settings, func(services map[string]any) error {
		queues := make(map[string]map[string]bool) // by service
		for _, k := range slices.SortedFunc(maps.Keys(records), func(a, b at) int {
			return cmp.Or(cmp.Compare(a.system, b.system), cmp.Compare(len(a.ticket), len(b.ticket)), cmp.Compare(a.ticket, b.ticket))
		}) {
			plan := revert.Of(records[k])
			if len(plan.Fields)+len(plan.Kept) == 0 {
				continue
			}
			id, system := systemOf(services, k.system)
			if system == nil {
				return fmt.Errorf("no service of the configuration is %s, where ticket %s is", k.system, k.ticket)
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stopped: %w", err)
			}
			t := PreviewTicket{Ticket: k.ticket, Number: records[k][0].Number, Back: map[string]PreviewBack{}}
			ticket, err := system.GetTicket(ctx, k.ticket)
			if err != nil {
				t.Reason = "it can't be read: " + d.redactor.Text(err.Error())
				p.Tickets = append(p.Tickets, t)
				continue
			}
			back, kept := plan.Preview(ticket)
			for name, f := range back {
				t.Back[name] = PreviewBack{Is: f.Was.String(), Gets: f.Back.String()}
				if name == decisions.Queue {
					if queues[id] == nil {
						queues[id] = make(map[string]bool)
					}
					queues[id][f.Back.Name] = true
				}
			}
			t.Reason = revert.NotPutBack(revert.Reasons(kept))
			p.Tickets = append(p.Tickets, t)
		}
		p.Missing = append(p.Missing, missing(ctx, services, queues)...)
		return nil
	})
	return p, app.ExitWith(app.CodeRun, err)
}

// systemOf is the service that is a help desk.
func systemOf(services map[string]any, system string) (string, api.TicketSystem) {
	for _, id := range slices.Sorted(maps.Keys(services)) {
		t, ok := services[id].(api.TicketSystem)
		if n, is := services[id].(systemNamed); ok && (is && n.SystemID() == system || !is && id == system) {
			return id, t
		}
	}
	return "", nil
}

// missing says which queues of those to which tickets go back can't be moved into.
func missing(ctx context.Context, services map[string]any, queues map[string]map[string]bool) (all []string) {
	for _, id := range slices.Sorted(maps.Keys(queues)) {
		doctor, ok := services[id].(systemDoctor)
		if !ok {
			continue
		}
		doctor.Diagnose(ctx, map[string][]string{decisions.Queue: slices.Sorted(maps.Keys(queues[id]))}, func(f map[string]string) {
			if f["status"] == "failed" {
				all = append(all, strings.TrimSpace(f["message"]+"; "+f["fix"]))
			}
		})
	}
	return all
}
