package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// defaultLimit is how many tickets a search without a limit finds (SysConfig
// GenericInterface::Operation::TicketSearch###SearchLimit).
const defaultLimit = 500

// Find returns the tickets that meet all criteria of a request and that the actor may see, sorted and limited as it asks.
// Keys that aren't criteria are ignored; a value that can't be met, such as an unknown queue or sort key, finds nothing.
func Find(st *store.Store, who store.Actor, in wire.Values) []*store.Ticket {
	q := query{st, who, in}
	match, ok := q.matcher()
	if !ok {
		return nil
	}
	order, ok := q.order()
	if !ok {
		return nil
	}
	var found []*store.Ticket
	for _, t := range st.Tickets {
		if match(t) && st.AccessTo(who, t) != store.AccessNone {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, order)
	limit, err := strconv.Atoi(in.Text("Limit"))
	if err != nil || limit <= 0 {
		limit = defaultLimit
	}
	return found[:min(limit, len(found))]
}

// query is one search in the tickets.
type query struct {
	*store.Store
	who store.Actor
	in  wire.Values
}

// criterion reports whether a ticket meets one demand of a search.
type criterion func(*store.Ticket) bool

// matcher joins the criteria of a search; ok is false when no ticket can meet one of them.
func (q query) matcher() (match criterion, ok bool) {
	in := q.in
	var all []criterion
	add := func(c criterion) { all = append(all, c) }

	queues, ok := q.wantedQueues()
	if !ok {
		return nil, false
	}
	if queues != nil {
		add(func(t *store.Ticket) bool { return queues[t.Queue] })
	}
	for _, set := range []struct {
		names, ids string
		entries    []store.Entry
		of         func(*store.Ticket) int64
	}{
		{"CreatedQueues", "CreatedQueueIDs", store.Entries(q.Catalog.Queues), func(t *store.Ticket) int64 { return t.History[0].Queue }},
		{"CreatedStates", "CreatedStateIDs", store.Entries(q.Catalog.States), func(t *store.Ticket) int64 { return t.History[0].State }},
		{"CreatedPriorities", "CreatedPriorityIDs", q.Catalog.Priorities, func(t *store.Ticket) int64 { return t.History[0].Priority }},
		{"CreatedTypes", "CreatedTypeIDs", q.Catalog.Types, func(t *store.Ticket) int64 { return t.History[0].TicketType }},
		{"", "CreatedUserIDs", store.Entries(q.Catalog.Agents), func(t *store.Ticket) int64 { return t.CreatedBy }},
		{"Services", "ServiceIDs", nil, func(*store.Ticket) int64 { return 0 }},
		{"SLAs", "SLAIDs", nil, func(*store.Ticket) int64 { return 0 }},
		{"", "WatchUserIDs", nil, func(*store.Ticket) int64 { return 0 }},
		{"States", "StateIDs", store.Entries(q.Catalog.States), func(t *store.Ticket) int64 { return t.State.ID }},
		{"Priorities", "PriorityIDs", q.Catalog.Priorities, func(t *store.Ticket) int64 { return t.Priority.ID }},
		{"Locks", "LockIDs", q.Catalog.Locks, func(t *store.Ticket) int64 { return t.Lock.ID }},
		{"Types", "TypeIDs", q.Catalog.Types, func(t *store.Ticket) int64 { return t.Type.ID }},
		{"", "OwnerIDs", store.Entries(q.Catalog.Agents), func(t *store.Ticket) int64 { return t.Owner.ID }},
		{"", "ResponsibleIDs", store.Entries(q.Catalog.Agents), func(t *store.Ticket) int64 { return t.Responsible.ID }},
	} {
		wanted, ok := wantedIDs(in, set.names, set.ids, set.entries)
		if !ok {
			return nil, false
		}
		if wanted != nil {
			add(func(t *store.Ticket) bool { return wanted[set.of(t)] })
		}
	}
	if kinds := in.List("StateType"); len(kinds) > 0 {
		add(func(t *store.Ticket) bool { return slices.Contains(kinds, t.State.Type) })
	}
	if ids := in.List("StateTypeIDs"); len(ids) > 0 {
		add(func(t *store.Ticket) bool { return slices.Contains(ids, stateTypeIDs[t.State.Type]) })
	}
	if ids := in.List("TicketID"); len(ids) > 0 {
		add(func(t *store.Ticket) bool { return slices.Contains(ids, strconv.FormatInt(t.ID, 10)) })
	}
	for key, of := range textCriteria {
		if key == "CustomerID" && in.Has("CustomerIDRaw") {
			continue
		}
		if patterns := patternsOf(in[key]); len(patterns) > 0 {
			add(func(t *store.Ticket) bool { return slices.ContainsFunc(of(t), likeAny(patterns)) })
		}
	}
	for key, of := range articleCriteria {
		if patterns := patternsOf(in[key]); in.Text(key) != "" && len(patterns) > 0 {
			add(func(t *store.Ticket) bool {
				return slices.ContainsFunc(t.Articles, func(a *store.Article) bool {
					return (a.Visible || !q.who.IsCustomer()) && slices.ContainsFunc(patterns, func(p string) bool { return like(of(a), p) })
				})
			})
		}
	}
	if raw := wire.ListOf(in["CustomerIDRaw"]); len(raw) > 0 {
		add(func(t *store.Ticket) bool { return slices.Contains(raw, t.Company) })
	}
	for key, of := range timeCriteria {
		c, ok := q.timeCriterion(key, of)
		if !ok {
			return nil, false
		}
		add(c)
	}
	for _, f := range q.Catalog.Fields {
		c, ok := fieldCriterion(f, fieldConditions(in, f.Name))
		if !ok {
			return nil, false
		}
		add(c)
	}
	return func(t *store.Ticket) bool {
		return !slices.ContainsFunc(all, func(c criterion) bool { return !c(t) })
	}, true
}

// wantedQueues returns the ids of the queues asked for, nil for any. One unknown queue empties the search; a queue that is hidden
// from the agent only has no tickets.
func (q query) wantedQueues() (map[int64]bool, bool) {
	in := q.in
	wanted, ok := wantedIDs(in, "Queues", "QueueIDs", store.Entries(q.Catalog.Queues))
	if !ok || wanted == nil {
		return nil, ok
	}
	if in.Has("UseSubQueues") {
		for _, parent := range q.Catalog.Queues {
			for _, child := range q.Catalog.Queues {
				if wanted[parent.ID] && strings.HasPrefix(strings.ToLower(child.Name), strings.ToLower(parent.Name)+"::") {
					wanted[child.ID] = true
				}
			}
		}
	}
	return wanted, true
}

// wantedIDs returns the ids of what is named and the ids that are given, nil for any; ok is false for an unknown name and for an id
// that isn't a number.
func wantedIDs(in wire.Values, names, ids string, entries []store.Entry) (wanted map[int64]bool, ok bool) {
	want := func(id int64) {
		if wanted == nil {
			wanted = map[int64]bool{}
		}
		wanted[id] = true
	}
	for _, name := range in.List(names) {
		known, ok := store.ByName(entries, name)
		if !ok {
			return nil, false
		}
		want(known.ID)
	}
	for _, text := range in.List(ids) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, false
		}
		want(id)
	}
	return wanted, true
}

// stateTypeIDs are the ids of state types in a fresh installation.
var stateTypeIDs = map[string]string{
	"new": "1", "open": "2", "closed": "3", "pending reminder": "4", "pending auto": "5", "removed": "6", "merged": "7",
}
