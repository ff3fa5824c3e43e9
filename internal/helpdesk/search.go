package helpdesk

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultLimit is how many tickets a search finds that names no limit (SysConfig
// GenericInterface::Operation::TicketSearch###SearchLimit).
const defaultLimit = 500

// findTickets returns the tickets that meet all criteria of a request and that the actor may see, sorted and limited as it asks.
// Keys that aren't criteria are ignored; a value that can't be met, such as an unknown queue or sort key, finds nothing.
func findTickets(st *store, who actor, in fields) []*ticket {
	q := query{st, who, in}
	match, ok := q.matcher()
	if !ok {
		return nil
	}
	order, ok := q.order()
	if !ok {
		return nil
	}
	var found []*ticket
	for _, t := range st.tickets {
		if match(t) && st.accessTo(who, t) != AccessNone {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, order)
	limit, err := strconv.Atoi(in.text("Limit"))
	if err != nil || limit <= 0 {
		limit = defaultLimit
	}
	return found[:min(limit, len(found))]
}

// query is one search.
type query struct {
	*store
	who actor
	in  fields
}

// search answers TicketSearch: the ids, as texts, of the tickets found, or an empty object.
func (s *System) search(who actor, c call) (object, error) {
	found := findTickets(s.store, who, c.fields)
	if len(found) == 0 {
		return object{}, nil
	}
	ids := make([]string, len(found))
	for i, t := range found {
		ids[i] = idText(t.id)
	}
	return object{"TicketID": ids}, nil
}

type criterion func(*ticket) bool

// matcher joins the criteria of a search; ok is false when one of them can't be met by any ticket.
func (q query) matcher() (match criterion, ok bool) {
	in := q.in
	var all []criterion
	add := func(c criterion) { all = append(all, c) }

	queues, ok := q.wantedQueues()
	if !ok {
		return nil, false
	}
	if queues != nil {
		add(func(t *ticket) bool { return queues[t.queue] })
	}
	for _, set := range []struct {
		names, ids string
		entries    []named
		of         func(*ticket) int64
	}{
		{"CreatedQueues", "CreatedQueueIDs", entriesOf(q.catalog.queues), func(t *ticket) int64 { return t.history[0].queue }},
		{"CreatedStates", "CreatedStateIDs", entriesOf(q.catalog.states), func(t *ticket) int64 { return t.history[0].state }},
		{"CreatedPriorities", "CreatedPriorityIDs", q.catalog.priorities, func(t *ticket) int64 { return t.history[0].priority }},
		{"CreatedTypes", "CreatedTypeIDs", q.catalog.types, func(t *ticket) int64 { return t.history[0].ticketType }},
		{"", "CreatedUserIDs", entriesOf(q.catalog.agents), func(t *ticket) int64 { return t.createdBy }},
		{"Services", "ServiceIDs", nil, func(*ticket) int64 { return 0 }},
		{"SLAs", "SLAIDs", nil, func(*ticket) int64 { return 0 }},
		{"", "WatchUserIDs", nil, func(*ticket) int64 { return 0 }},
		{"States", "StateIDs", entriesOf(q.catalog.states), func(t *ticket) int64 { return t.state.id }},
		{"Priorities", "PriorityIDs", q.catalog.priorities, func(t *ticket) int64 { return t.priority.id }},
		{"Locks", "LockIDs", q.catalog.locks, func(t *ticket) int64 { return t.lock.id }},
		{"Types", "TypeIDs", q.catalog.types, func(t *ticket) int64 { return t.kind.id }},
		{"", "OwnerIDs", entriesOf(q.catalog.agents), func(t *ticket) int64 { return t.owner.id }},
		{"", "ResponsibleIDs", entriesOf(q.catalog.agents), func(t *ticket) int64 { return t.responsible.id }},
	} {
		wanted, ok := wantedIDs(in, set.names, set.ids, set.entries)
		if !ok {
			return nil, false
		}
		if wanted != nil {
			add(func(t *ticket) bool { return wanted[set.of(t)] })
		}
	}
	if kinds := in.list("StateType"); len(kinds) > 0 {
		add(func(t *ticket) bool { return slices.Contains(kinds, t.state.kind) })
	}
	if ids := in.list("StateTypeIDs"); len(ids) > 0 {
		add(func(t *ticket) bool { return slices.Contains(ids, stateTypeIDs[t.state.kind]) })
	}
	if ids := in.list("TicketID"); len(ids) > 0 {
		add(func(t *ticket) bool { return slices.Contains(ids, strconv.FormatInt(t.id, 10)) })
	}
	for key, of := range textCriteria {
		if key == "CustomerID" && in.has("CustomerIDRaw") {
			continue
		}
		if patterns := patternsOf(in[key]); len(patterns) > 0 {
			add(func(t *ticket) bool { return slices.ContainsFunc(of(t), likeAny(patterns)) })
		}
	}
	for key, of := range articleCriteria {
		if patterns := patternsOf(in[key]); in.text(key) != "" && len(patterns) > 0 {
			add(func(t *ticket) bool {
				return slices.ContainsFunc(t.articles, func(a *article) bool {
					return (a.visible || !q.who.isCustomer()) && slices.ContainsFunc(patterns, func(p string) bool { return like(of(a), p) })
				})
			})
		}
	}
	if raw := listOf(in["CustomerIDRaw"]); len(raw) > 0 {
		add(func(t *ticket) bool { return slices.Contains(raw, t.company) })
	}
	for key, of := range timeCriteria {
		c, ok := q.timeCriterion(key, of)
		if !ok {
			return nil, false
		}
		add(c)
	}
	for _, f := range q.catalog.fields {
		c, ok := fieldCriterion(f, fieldConditions(in, f.Name))
		if !ok {
			return nil, false
		}
		add(c)
	}
	return func(t *ticket) bool {
		return !slices.ContainsFunc(all, func(c criterion) bool { return !c(t) })
	}, true
}

func entriesOf[E interface{ entry() named }](entries []E) []named {
	all := make([]named, len(entries))
	for i, e := range entries {
		all[i] = e.entry()
	}
	return all
}

// wantedQueues returns the ids of the queues asked for, nil when the search doesn't care. One queue that is unknown spoils the
// search; one that is hidden from the agent has no tickets for it.
func (q query) wantedQueues() (map[int64]bool, bool) {
	in := q.in
	wanted, ok := wantedIDs(in, "Queues", "QueueIDs", entriesOf(q.catalog.queues))
	if !ok || wanted == nil {
		return nil, ok
	}
	if in.has("UseSubQueues") {
		for _, parent := range q.catalog.queues {
			for _, child := range q.catalog.queues {
				if wanted[parent.id] && strings.HasPrefix(strings.ToLower(child.name), strings.ToLower(parent.name)+"::") {
					wanted[child.id] = true
				}
			}
		}
	}
	return wanted, true
}

// wantedIDs returns the ids that are named or given, nil when there are none; ok is false for a name that isn't known and for an id
// that is no number.
func wantedIDs(in fields, names, ids string, entries []named) (wanted map[int64]bool, ok bool) {
	want := func(id int64) {
		if wanted == nil {
			wanted = map[int64]bool{}
		}
		wanted[id] = true
	}
	for _, name := range in.list(names) {
		known, ok := byName(entries, name)
		if !ok {
			return nil, false
		}
		want(known.id)
	}
	for _, text := range in.list(ids) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, false
		}
		want(id)
	}
	return wanted, true
}

// stateTypeIDs are the ids of the types of states in a fresh installation.
var stateTypeIDs = map[string]string{
	"new": "1", "open": "2", "closed": "3", "pending reminder": "4", "pending auto": "5", "removed": "6", "merged": "7",
}

// textCriteria are the texts that a search compares without regard to case, % and * standing for anything.
var textCriteria = map[string]func(*ticket) []string{
	"Title":             func(t *ticket) []string { return []string{t.title} },
	"TicketNumber":      func(t *ticket) []string { return []string{t.number} },
	"CustomerID":        func(t *ticket) []string { return []string{t.company} },
	"CustomerUserLogin": func(t *ticket) []string { return []string{t.customer} },
}

// articleCriteria are texts of articles, one of which must match.
var articleCriteria = map[string]func(*article) string{
	"MIMEBase_From":    func(a *article) string { return a.from },
	"MIMEBase_To":      func(a *article) string { return a.to },
	"MIMEBase_Cc":      func(a *article) string { return a.cc },
	"MIMEBase_Subject": func(a *article) string { return a.subject },
	"MIMEBase_Body":    func(a *article) string { return a.body },
}

// patternsOf returns the values that a search compares with: "" and what stands for anything say nothing.
func patternsOf(given any) []string {
	var all []string
	for _, p := range listOf(given) {
		if p != "" && !anything.MatchString(p) {
			all = append(all, p)
		}
	}
	return all
}

var anything = regexp.MustCompile(`^[%*]{1,3}$`)

func likeAny(patterns []string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return meets(text, pattern) })
	}
}

// like is SQL's LIKE over whole texts.
func like(text, pattern string) bool {
	text = strings.ToLower(text)
	parts := strings.Split(strings.ReplaceAll(strings.ToLower(pattern), "*", "%"), "%")
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}

// timeCriteria are the times that a search compares: key plus NewerDate, OlderDate, NewerMinutes or OlderMinutes.
var timeCriteria = map[string]func(*ticket) []time.Time{
	"TicketCreateTime":     func(t *ticket) []time.Time { return []time.Time{t.created} },
	"TicketLastChangeTime": func(t *ticket) []time.Time { return []time.Time{t.changed} },
	"TicketChangeTime":     func(t *ticket) []time.Time { return timesOf(t, func(event) bool { return true }) },
	"TicketCloseTime": func(t *ticket) []time.Time {
		return timesOf(t, func(e event) bool {
			return e.kind == "StateUpdate" && strings.HasPrefix(e.parts[1], "closed")
		})
	},
	"TicketPendingTime": func(t *ticket) []time.Time {
		if !t.state.pending() {
			return nil
		}
		return []time.Time{t.pendingUntil}
	},
}

func timesOf(t *ticket, wanted func(event) bool) []time.Time {
	var all []time.Time
	for _, e := range t.history {
		if wanted(e) {
			all = append(all, e.time)
		}
	}
	return all
}

// timeCriterion admits a ticket when one of its times lies within all bounds; ok is false for a bound that is no time.
func (q query) timeCriterion(key string, of func(*ticket) []time.Time) (c criterion, ok bool) {
	var newest, oldest time.Time
	for _, bound := range []struct {
		suffix string
		to     *time.Time
	}{{"Newer", &oldest}, {"Older", &newest}} {
		if date := q.in.text(key + bound.suffix + "Date"); date != "" {
			at, err := time.Parse("2006-1-2 15:4:5", date)
			if err != nil {
				return nil, false
			}
			*bound.to = at
			// No past time lies after now, which the servers see at once.
			if bound.suffix == "Newer" && key != "TicketPendingTime" && at.After(q.now()) {
				return nil, false
			}
		}
		if minutes := q.in.text(key + bound.suffix + "Minutes"); minutes != "" {
			n, err := strconv.Atoi(minutes)
			if err != nil {
				return nil, false
			}
			*bound.to = q.now().Add(-time.Duration(n) * time.Minute)
		}
	}
	if !newest.IsZero() && oldest.After(newest) {
		return nil, false
	}
	if newest.IsZero() && oldest.IsZero() {
		return func(*ticket) bool { return true }, true
	}
	return func(t *ticket) bool {
		return slices.ContainsFunc(of(t), func(at time.Time) bool {
			at = at.Truncate(time.Second)
			return (oldest.IsZero() || !at.Before(oldest.Truncate(time.Second))) && (newest.IsZero() || !at.After(newest))
		})
	}, true
}

// fieldConditions are what a search demands of a dynamic field: {"DynamicField_X": {"Equals": …}}, or, when that is there,
// {"DynamicField": {"Name": "X", "Equals": …}} or a list of such.
func fieldConditions(in fields, name string) map[string]any {
	if !in.has("DynamicField") {
		conditions, _ := in["DynamicField_"+name].(map[string]any)
		return conditions
	}
	all, _ := in.objects("DynamicField")
	for _, f := range slices.Backward(all) {
		if f.text("Name") == name {
			conditions := maps.Clone(f)
			delete(conditions, "Name")
			return conditions
		}
	}
	return nil
}

// fieldCriterion admits a ticket whose dynamic field meets all conditions; one value of a list is enough. ok is false for an
// operator that isn't known.
func fieldCriterion(f DynamicField, conditions map[string]any) (c criterion, ok bool) {
	var all []criterion
	for operator, raw := range conditions {
		wanted := patternsOf(raw)
		if len(wanted) == 0 {
			continue
		}
		if operator == "Empty" {
			empty := wanted[0] != "0"
			all = append(all, func(t *ticket) bool { return empty == (t.fields[f.Name] == nil) })
			continue
		}
		compare, known := fieldOperators[operator]
		if !known {
			return nil, false
		}
		fold := func(text string) string { return text }
		if f.Kind == FieldText {
			fold = strings.ToLower
		}
		all = append(all, func(t *ticket) bool {
			return slices.ContainsFunc(fieldTexts(t.fields[f.Name]), func(value string) bool {
				return slices.ContainsFunc(wanted, func(w string) bool { return compare(fold(value), fold(w)) })
			})
		})
	}
	return func(t *ticket) bool {
		return !slices.ContainsFunc(all, func(c criterion) bool { return !c(t) })
	}, true
}

var fieldOperators = map[string]func(value, wanted string) bool{
	"Equals":            func(v, w string) bool { return v == w },
	"Like":              meets,
	"GreaterThan":       func(v, w string) bool { return v > w },
	"GreaterThanEquals": func(v, w string) bool { return v >= w },
	"SmallerThan":       func(v, w string) bool { return v < w },
	"SmallerThanEquals": func(v, w string) bool { return v <= w },
}

func fieldTexts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case int64:
		return []string{strconv.FormatInt(v, 10)}
	case []string:
		return v
	default:
		return nil
	}
}

// sortKeys compare tickets upwards. "Age" means the time of creation, so that up is oldest first.
var sortKeys = map[string]func(s *store, a, b *ticket) int{
	"Age":            func(_ *store, a, b *ticket) int { return cmp.Compare(a.created.Unix(), b.created.Unix()) },
	"Created":        func(_ *store, a, b *ticket) int { return cmp.Compare(a.created.Unix(), b.created.Unix()) },
	"Changed":        func(_ *store, a, b *ticket) int { return cmp.Compare(a.changed.Unix(), b.changed.Unix()) },
	"Ticket":         func(_ *store, a, b *ticket) int { return cmp.Compare(a.number, b.number) },
	"TicketNumber":   func(_ *store, a, b *ticket) int { return cmp.Compare(a.number, b.number) },
	"Title":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.title, b.title) },
	"CustomerID":     func(_ *store, a, b *ticket) int { return cmp.Compare(a.company, b.company) },
	"Priority":       func(_ *store, a, b *ticket) int { return cmp.Compare(a.priority.id, b.priority.id) },
	"State":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.state.id, b.state.id) },
	"Lock":           func(_ *store, a, b *ticket) int { return cmp.Compare(a.lock.id, b.lock.id) },
	"Type":           func(_ *store, a, b *ticket) int { return cmp.Compare(a.kind.id, b.kind.id) },
	"Owner":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.owner.id, b.owner.id) },
	"Responsible":    func(_ *store, a, b *ticket) int { return cmp.Compare(a.responsible.id, b.responsible.id) },
	"PendingTime":    func(_ *store, a, b *ticket) int { return a.pendingUntil.Compare(b.pendingUntil) },
	"Service":        noOrder,
	"SLA":            noOrder,
	"EscalationTime": noOrder, "TicketEscalation": noOrder, "EscalationUpdateTime": noOrder, "EscalationResponseTime": noOrder,
	"EscalationSolutionTime": noOrder,
	"Queue": func(s *store, a, b *ticket) int {
		return cmp.Compare(s.catalog.queue(a.queue).name, s.catalog.queue(b.queue).name)
	},
}

// noOrder is the order by what no ticket here has.
func noOrder(*store, *ticket, *ticket) int { return 0 }

// order reads SortBy and OrderBy; each key needs its direction, except that none at all means Down. Tickets that are equal in all keys stay in the order of their ids; the real servers
// promise no order for them.
func (q query) order() (compare func(a, b *ticket) int, ok bool) {
	keys, directions := q.in.list("SortBy"), q.in.list("OrderBy")
	if len(keys) == 0 {
		keys = []string{"Age"}
	}
	type step struct {
		compare func(s *store, a, b *ticket) int
		down    bool
	}
	steps := make([]step, len(keys))
	for i, key := range keys {
		by, known := sortKeys[key]
		if field, dynamic := strings.CutPrefix(key, "DynamicField_"); dynamic {
			_, known = q.catalog.field(field)
			by = func(_ *store, a, b *ticket) int {
				return slices.Compare(fieldTexts(a.fields[field]), fieldTexts(b.fields[field]))
			}
		}
		direction := ""
		switch {
		case i < len(directions):
			direction = directions[i]
		case i == 0 && len(directions) == 0:
			direction = "Down"
		}
		if !known || (direction != "Up" && direction != "Down") {
			return nil, false
		}
		steps[i] = step{by, direction == "Down"}
	}
	return func(a, b *ticket) int {
		for _, st := range steps {
			if c := st.compare(q.store, a, b); c != 0 {
				if st.down {
					return -c
				}
				return c
			}
		}
		return 0
	}, true
}
