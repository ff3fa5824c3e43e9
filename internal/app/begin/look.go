package begin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/app/visible"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// seen is what was found in the tickets that were looked at.
type seen struct {
	tickets    int
	priorities []string
	queues     []string // those with most new tickets first, then those with most tickets
}

// sampler is what the ticket system offers beyond the contract's interfaces: ids, and
// tickets by their ids.
type sampler interface {
	FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error)
	ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error)
}

const (
	maxFound = 5000 // ids of one search
	maxRead  = 300  // tickets that are read, evenly among the ids
	recently = 90 * 24 * 60
)

// look reads some tickets: open ones, and those of the last 90 days, else any.
func (d *dialog) look() (seen, error) {
	desk, ok := d.desk.(sampler)
	if !ok {
		return seen{}, fmt.Errorf("%s can't search for ids", deskUse)
	}
	d.o.Working("looking at tickets")
	defer d.o.Working("")
	var ids []string
	for _, fields := range []map[string]any{{"StateType": []any{"new", "open"}}, {"TicketCreateTimeNewerMinutes": recently}, nil} {
		if fields == nil && len(ids) > 0 {
			break
		}
		found, err := desk.FindTicketIDs(d.ctx, api.SearchCriteria{Fields: fields, Limit: maxFound})
		if err != nil {
			return seen{}, fmt.Errorf("looking for tickets: %w; nothing was written", err)
		}
		ids = append(ids, found...)
	}
	tickets, err := desk.ReadTickets(d.ctx, spread(ids, maxRead), api.SearchCriteria{Fields: map[string]any{"Articles": "first"}})
	if err != nil {
		return seen{}, fmt.Errorf("reading tickets: %w; nothing was written", err)
	}
	return summed(tickets), nil
}

// spread returns at most n of the ids, evenly, each once.
func spread(ids []string, n int) []string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) <= n {
		return ids
	}
	out := make([]string, n)
	for i := range out {
		out[i] = ids[i*len(ids)/n]
	}
	return out
}

func summed(tickets []api.Ticket) seen {
	type count struct{ fresh, all int }
	counts, priorities := make(map[string]count), make(map[string]bool)
	for _, t := range tickets {
		if t.Priority != nil && unusable(t.Priority.Name) == "" {
			priorities[t.Priority.Name] = true
		}
		if t.Queue == nil || unusable(t.Queue.Name) != "" {
			continue
		}
		c := counts[t.Queue.Name]
		c.all++
		if t.State != nil && t.State.Name == "new" {
			c.fresh++
		}
		counts[t.Queue.Name] = c
	}
	queues := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if n := counts[b].fresh - counts[a].fresh; n != 0 {
			return n
		}
		if n := counts[b].all - counts[a].all; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return seen{tickets: len(tickets), priorities: slices.Sorted(maps.Keys(priorities)), queues: queues}
}

// unusable says why a name can't stand in a configuration as it is, "" if it can. Names come
// from the help desk and from models.
func unusable(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case strings.Contains(name, "{{"), strings.Contains(name, "{%"), strings.Contains(name, "{#"):
		return "it would be read as a template"
	case strings.Contains(name, "${"), name[0] == '$', name[0] == '%':
		return "it looks like a reference to a variable"
	case visible.Line(name) != name || strings.ContainsFunc(name, hides):
		return "it has characters that can't be seen"
	case strings.TrimSpace(name) != name:
		return "it begins or ends with a space"
	case len(name) > longestName:
		return tooLong
	}
	return ""
}

const longestName = 200 // as in the help desks' databases

const tooLong = "it is too long"

// hides is true for what validate warns of in a text.
func hides(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' '
}
