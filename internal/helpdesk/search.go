package helpdesk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// searchLimit is how many tickets a search finds that names no limit (SysConfig
// GenericInterface::Operation::TicketSearch###SearchLimit).
const searchLimit = 500

// search answers TicketSearch: the ids, as texts, of the tickets that meet all criteria, or an empty object. Keys that are no
// criterion are ignored; a value that can't be met, such as an unknown queue or sort key, finds nothing.
func (s *store) search(who actor, c call) (object, error) {
	in := c.fields
	match, ok := s.matcher(who, in)
	if !ok {
		return object{}, nil
	}
	order, ok := s.order(in)
	if !ok {
		return object{}, nil
	}
	var found []*ticket
	for _, t := range s.tickets {
		if match(t) && s.access(who, t) != AccessNone {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return object{}, nil
	}
	slices.SortStableFunc(found, order)
	limit, err := strconv.Atoi(in.text("Limit"))
	if err != nil || limit <= 0 {
		limit = searchLimit
	}
	ids := make([]string, min(limit, len(found)))
	for i := range ids {
		ids[i] = strconv.FormatInt(found[i].id, 10)
	}
	return object{"TicketID": ids}, nil
}

type criterion func(*ticket) bool

// matcher joins the criteria of a search; ok is false when one of them can't be met by any ticket.
func (s *store) matcher(who actor, in fields) (match criterion, ok bool) {
	var all []criterion
	add := func(c criterion) { all = append(all, c) }

	queues, ok := s.wantedQueues(who, in)
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
		{"States", "StateIDs", entriesOf(s.catalog.states), func(t *ticket) int64 { return t.state.id }},
		{"Priorities", "PriorityIDs", s.catalog.priorities, func(t *ticket) int64 { return t.priority.id }},
		{"Locks", "LockIDs", s.catalog.locks, func(t *ticket) int64 { return t.lock.id }},
		{"Types", "TypeIDs", s.catalog.types, func(t *ticket) int64 { return t.kind.id }},
		{"", "OwnerIDs", entriesOf(s.catalog.agents), func(t *ticket) int64 { return t.owner.id }},
		{"", "ResponsibleIDs", entriesOf(s.catalog.agents), func(t *ticket) int64 { return t.responsible.id }},
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
		for _, kind := range kinds {
			if !slices.ContainsFunc(s.catalog.states, func(st state) bool { return st.kind == kind }) {
				return nil, false
			}
		}
		add(func(t *ticket) bool { return slices.Contains(kinds, t.state.kind) })
	}
	if ids := in.list("TicketID"); len(ids) > 0 {
		add(func(t *ticket) bool { return slices.Contains(ids, strconv.FormatInt(t.id, 10)) })
	}
	for key, of := range textCriteria {
		if patterns := in.list(key); len(patterns) > 0 {
			add(func(t *ticket) bool { return slices.ContainsFunc(of(t), likeAny(patterns)) })
		}
	}
	for key, of := range timeCriteria {
		c, ok := s.timeCriterion(in, key, of)
		if !ok {
			return nil, false
		}
		add(c)
	}
	for _, f := range s.catalog.fields {
		if conditions, given := in["DynamicField_"+f.Name].(map[string]any); given {
			add(fieldCriterion(f.Name, conditions))
		}
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

// wantedQueues returns the ids of the queues asked for, nil when the search doesn't care. One queue that is unknown or
// hidden from the agent spoils the search.
func (s *store) wantedQueues(who actor, in fields) (map[int64]bool, bool) {
	wanted, ok := wantedIDs(in, "Queues", "QueueIDs", entriesOf(s.catalog.queues))
	if !ok || wanted == nil {
		return nil, ok
	}
	for _, q := range s.catalog.queues {
		if wanted[q.id] && !who.isCustomer() && s.queueAccess(who, &q) == AccessNone {
			return nil, false
		}
	}
	if in.has("UseSubQueues") {
		for _, parent := range s.catalog.queues {
			for _, q := range s.catalog.queues {
				if wanted[parent.id] && strings.HasPrefix(q.name, parent.name+"::") {
					wanted[q.id] = true
				}
			}
		}
	}
	return wanted, true
}

func wantedIDs(in fields, names, ids string, entries []named) (wanted map[int64]bool, ok bool) {
	want := func(e named, known bool) bool {
		if wanted == nil {
			wanted = map[int64]bool{}
		}
		wanted[e.id] = true
		return known
	}
	for _, name := range in.list(names) {
		if !want(byName(entries, name)) {
			return nil, false
		}
	}
	for _, id := range in.list(ids) {
		if !want(byID(entries, id)) {
			return nil, false
		}
	}
	return wanted, true
}

// textCriteria are the texts that a search compares without regard to case, % and * standing for anything.
var textCriteria = map[string]func(*ticket) []string{
	"Title":             func(t *ticket) []string { return []string{t.title} },
	"TicketNumber":      func(t *ticket) []string { return []string{t.number} },
	"CustomerID":        func(t *ticket) []string { return []string{t.company} },
	"CustomerUserLogin": func(t *ticket) []string { return []string{t.customer} },
	"MIMEBase_From":     func(t *ticket) []string { return textsOf(t, func(a *article) string { return a.from }) },
	"MIMEBase_To":       func(t *ticket) []string { return textsOf(t, func(a *article) string { return a.to }) },
	"MIMEBase_Subject":  func(t *ticket) []string { return textsOf(t, func(a *article) string { return a.subject }) },
	"MIMEBase_Body":     func(t *ticket) []string { return textsOf(t, func(a *article) string { return a.body }) },
}

func textsOf(t *ticket, of func(*article) string) []string {
	all := make([]string, len(t.articles))
	for i, a := range t.articles {
		all[i] = of(a)
	}
	return all
}

func likeAny(patterns []string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return like(text, pattern) })
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
func (s *store) timeCriterion(in fields, key string, of func(*ticket) []time.Time) (c criterion, ok bool) {
	var newest, oldest time.Time
	for _, bound := range []struct {
		suffix string
		to     *time.Time
	}{{"Newer", &oldest}, {"Older", &newest}} {
		if date := in.text(key + bound.suffix + "Date"); date != "" {
			at, err := time.Parse(stampLayout, date)
			if err != nil {
				return nil, false
			}
			*bound.to = at
		}
		if minutes := in.text(key + bound.suffix + "Minutes"); minutes != "" {
			n, err := strconv.Atoi(minutes)
			if err != nil {
				return nil, false
			}
			*bound.to = s.now().Add(-time.Duration(n) * time.Minute)
		}
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

// fieldCriterion admits a ticket whose dynamic field meets all conditions; one value of a list is enough.
func fieldCriterion(name string, conditions map[string]any) criterion {
	return func(t *ticket) bool {
		values := fieldTexts(t.fields[name])
		for operator, raw := range conditions {
			if operator == "Empty" {
				if (scalar(raw) == "1") != (len(values) == 0) {
					return false
				}
				continue
			}
			compare, known := fieldOperators[operator]
			if !known {
				continue
			}
			wanted := listOf(raw)
			if !slices.ContainsFunc(values, func(value string) bool {
				return slices.ContainsFunc(wanted, func(w string) bool { return compare(value, w) })
			}) {
				return false
			}
		}
		return true
	}
}

var fieldOperators = map[string]func(value, wanted string) bool{
	"Equals":            func(v, w string) bool { return v == w },
	"Like":              like,
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
	"TicketNumber":   func(_ *store, a, b *ticket) int { return cmp.Compare(a.number, b.number) },
	"Title":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.title, b.title) },
	"CustomerID":     func(_ *store, a, b *ticket) int { return cmp.Compare(a.company, b.company) },
	"Priority":       func(_ *store, a, b *ticket) int { return cmp.Compare(a.priority.id, b.priority.id) },
	"State":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.state.name, b.state.name) },
	"Lock":           func(_ *store, a, b *ticket) int { return cmp.Compare(a.lock.id, b.lock.id) },
	"Type":           func(_ *store, a, b *ticket) int { return cmp.Compare(a.kind.name, b.kind.name) },
	"Owner":          func(_ *store, a, b *ticket) int { return cmp.Compare(a.owner.name, b.owner.name) },
	"Responsible":    func(_ *store, a, b *ticket) int { return cmp.Compare(a.responsible.name, b.responsible.name) },
	"PendingTime":    func(_ *store, a, b *ticket) int { return a.pendingUntil.Compare(b.pendingUntil) },
	"EscalationTime": func(*store, *ticket, *ticket) int { return 0 },
	"Queue": func(s *store, a, b *ticket) int {
		return cmp.Compare(s.catalog.queue(a.queue).name, s.catalog.queue(b.queue).name)
	},
}

// order reads SortBy and OrderBy. Tickets that are equal in all keys stay in the order of their ids; the real servers
// promise no order for them.
func (s *store) order(in fields) (compare func(a, b *ticket) int, ok bool) {
	keys, directions := in.list("SortBy"), in.list("OrderBy")
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
			_, known = s.catalog.field(field)
			by = func(_ *store, a, b *ticket) int {
				return slices.Compare(fieldTexts(a.fields[field]), fieldTexts(b.fields[field]))
			}
		}
		direction := "Down"
		if i < len(directions) && directions[i] != "" {
			direction = directions[i]
		}
		if !known || (direction != "Up" && direction != "Down") {
			return nil, false
		}
		steps[i] = step{by, direction == "Down"}
	}
	return func(a, b *ticket) int {
		for _, st := range steps {
			if c := st.compare(s, a, b); c != 0 {
				if st.down {
					return -c
				}
				return c
			}
		}
		return 0
	}, true
}
