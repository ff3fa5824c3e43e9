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
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Preview is what a revert would do. Its JSON form is stable.
type Preview struct {
	Tickets []PreviewTicket `json:"tickets"`
	Unended int             `json:"unended"` // runs that would be given up first
	Missing []string        `json:"missing"` // what keeps the agent from putting tickets back
	Unknown []string        `json:"unknown"` // what may keep it from that, and is known only when it is done
}

// PreviewTicket is what would become of one ticket.
type PreviewTicket struct {
	System string                 `json:"system"` // the help desk
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
	p := Preview{Tickets: []PreviewTicket{}, Missing: []string{}, Unknown: []string{}}
	in, err := d.rangeOf(ctx, o)
	if err != nil {
		return p, err
	}
	if err := engine.WithItems(ctx, d.store, &in); err != nil {
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
		asked := make(map[string]map[string][]string) // by service: names by kind
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
			t := PreviewTicket{System: k.system, Ticket: k.ticket, Number: records[k][0].Number, Back: map[string]PreviewBack{}}
			ticket, err := system.GetTicket(ctx, k.ticket)
			if err != nil {
				t.Reason = "it can't be read: " + d.redactor.Text(err.Error())
				p.Tickets = append(p.Tickets, t)
				continue
			}
			if picture.Final(ticket) == picture.Merged {
				t.Reason = "it was merged"
				p.Tickets = append(p.Tickets, t)
				continue
			}
			back, kept := plan.Preview(ticket)
			if asked[id] == nil {
				asked[id] = make(map[string][]string)
			}
			ask := func(name string, kinds ...string) {
				for _, kind := range kinds {
					if name != "" && !slices.Contains(asked[id][kind], name) {
						asked[id][kind] = append(asked[id][kind], name)
					}
				}
			}
			for name, f := range back {
				t.Back[name] = PreviewBack{Is: f.Was.String(), Gets: f.Back.String()}
				if name == decisions.Queue {
					ask(f.Back.Name, decisions.Queue, app.QueuesMovedInto)
				}
			}
			if len(back) > 0 && ticket.Queue != nil {
				ask(ticket.Queue.Name, app.QueuesWorkedIn)
			}
			t.Reason = revert.NotPutBack(revert.Reasons(kept))
			p.Tickets = append(p.Tickets, t)
		}
		p.lookAtRights(ctx, services, asked)
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

// lookAtRights asks what keeps the agent from changing the tickets where they are, and from
// moving them back.
func (p *Preview) lookAtRights(ctx context.Context, services map[string]any, asked map[string]map[string][]string) {
	for _, id := range slices.Sorted(maps.Keys(asked)) {
		doctor, ok := services[id].(systemDoctor)
		if !ok || len(asked[id]) == 0 {
			continue
		}
		doctor.Diagnose(ctx, asked[id], func(f map[string]string) {
			switch about := f["check"]; {
			case f["status"] == "failed":
				p.Missing = append(p.Missing, strings.TrimSpace(f["message"]+"; "+f["fix"]))
			case f["status"] == "unknown" && strings.HasPrefix(about, "right to "):
				p.Unknown = append(p.Unknown, f["message"])
			}
		})
	}
}
