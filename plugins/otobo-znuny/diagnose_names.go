package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// nameKinds are the kinds of names that a search can check, with the key of a ticket's
// own value, which is known to exist.
var nameKinds = []struct{ kind, plural, criterion, own, spelling, place string }{
	{"queue", "queues", "Queues", "Queue", "upper and lower case count, a sub-queue is written Parent::Child", "in the help desk: Admin, Queues"},
	{"priority", "priorities", "Priorities", "Priority", "as in 3 normal", "in the help desk: Admin, Priorities"},
	{"state", "states", "States", "State", "upper and lower case count", "in the help desk: Admin, States"},
	{"type", "types", "Types", "Type", "upper and lower case count", "in the help desk: Admin, Types"},
	{"lock", "locks", "Locks", "Lock", "", "it is lock or unlock"},
}

// names checks what the configuration names. A search for several values finds nothing
// at all if one of them is unknown, so each is searched for together with a value that
// certainly finds a ticket. The agent's rights on a queue don't matter to that, so it
// says nothing about them. It returns the queues that there aren't.
func (d diagnosis) names(ctx context.Context, ticket wire.Record, named map[string][]string) (unknown []string) {
	var searched []string // by kind
	for _, k := range nameKinds {
		var there []string
		for _, name := range slices.Compact(slices.Sorted(slices.Values(named[k.kind]))) {
			if isTemplate(name) {
				d.reportOn(name, k.kind, "unknown", fmt.Sprintf("comes from a template, so that it is known only while otai runs: %s", wire.Truncate(oneLine(name, 200), 80)), "compare what it can yield: "+k.place)
				continue
			}
			found, err := d.s.searchIDs(ctx, wire.Message{k.criterion: []string{ticket.Text(k.own), name}}, 1)
			switch {
			case err != nil:
				d.reportOn(name, k.kind, "unknown", err.Error(), "")
			case len(found) > 0:
				d.reportOn(name, k.kind, "ok", fmt.Sprintf("%q is there: a search takes it", name), "")
				there = append(there, strconv.Quote(name))
			default:
				if k.kind == "queue" {
					unknown = append(unknown, name)
				}
				fix := "correct the name"
				if k.spelling != "" {
					fix += " (" + k.spelling + ")"
				}
				d.reportOn(name, k.kind, "failed", fmt.Sprintf("%q is not known", name), fix+"; "+k.place)
			}
		}
		switch {
		case k.kind == "lock": // nobody can deactivate one
		case len(there) == 1:
			searched = append(searched, "the "+k.kind+" "+there[0])
		case len(there) > 1:
			searched = append(searched, "the "+k.plural+" "+strings.Join(there, ", "))
		}
	}
	if len(searched) > 0 {
		d.report("deactivated names", "unknown", "a search finds what has been deactivated, too, so it can't prove that these are valid: "+strings.Join(searched, "; ")+". An update that names something deactivated is refused",
			"in the help desk: Admin, Queues (Priorities, States, Types): each must be valid")
	}
	for _, owner := range slices.Compact(slices.Sorted(slices.Values(named["owner"]))) {
		d.owner(ctx, owner)
	}
	return unknown
}

// isTemplate reports whether a name is a template, whose value only a run knows.
func isTemplate(name string) bool {
	return strings.Contains(name, "{{") || strings.Contains(name, "{%") || strings.Contains(name, "{#")
}

// owner looks for a ticket of the agent, since the servers don't list agents.
func (d diagnosis) owner(ctx context.Context, login string) {
	const place = "in the help desk: Admin, Agents"
	if isTemplate(login) {
		d.reportOn(login, "owner", "unknown", "comes from a template, so that it is known only while otai runs", place)
		return
	}
	switch _, missing, err := d.s.agentIDs(ctx, []string{login}); {
	case err != nil:
		d.reportOn(login, "owner", "unknown", err.Error(), place)
	case missing != "":
		d.reportOn(login, "owner", "unknown", fmt.Sprintf("none of the newest %d tickets is theirs, and there is no list of agents to look into", ticketsForAgents), place)
	default:
		d.reportOn(login, "owner", "ok", fmt.Sprintf("%q is there", login), "")
	}
}
