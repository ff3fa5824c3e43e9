package helpdesk

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
)

// named is an entry of one of the help desk's catalogues. Names are case-sensitive, as on the real servers.
type named struct {
	id   int64
	name string
}

func (n named) entry() named { return n }

// Access is what the agent may do with the tickets of a queue.
type Access int

const (
	// AccessFull is every right ("rw").
	AccessFull Access = iota
	// AccessDocumented is "ro", "move_into", "priority" and "note", the rights that Open Ticket AI's documentation asks for.
	// Znuny demands "rw" before any update; OTOBO is content with these.
	AccessDocumented
	// AccessRead shows the tickets and refuses every change, a move into the queue included.
	AccessRead
	// AccessNone hides the queue: its tickets can't be told from tickets that don't exist.
	AccessNone
)

var accessNames = []string{AccessFull: "full", AccessDocumented: "documented", AccessRead: "read", AccessNone: "none"}

// MarshalText names the access: full, documented, read or none.
func (a Access) MarshalText() ([]byte, error) { return nameOf(accessNames, int(a)) }

// UnmarshalText reads what MarshalText writes.
func (a *Access) UnmarshalText(text []byte) error { return numberOf(accessNames, text, (*int)(a)) }

func nameOf(names []string, i int) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fmt.Errorf("there is no %d of %s", i, strings.Join(names, ", "))
	}
	return []byte(names[i]), nil
}

func numberOf(names []string, text []byte, to *int) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
	}
	*to = i
	return nil
}

type queue struct {
	named
	group  int64
	access Access
}

type state struct {
	named
	kind string
}

func (s state) closed() bool { return s.kind == "closed" }

func (s state) pending() bool { return s.kind == "pending reminder" || s.kind == "pending auto" }

type agent struct {
	named
	fullName, address string
	password          string           // "" for one who can't log in
	access            map[int64]Access // by queue; nil for an agent who has that of the queue
}

// names splits the full name.
func (a agent) names() (first, last string) {
	first, last, _ = strings.Cut(a.fullName, " ")
	return first, last
}

type customer struct {
	login, company, address string
	password                string // "" for one who can't log in
}

// FieldKind says what values a dynamic field takes.
type FieldKind int

const (
	// FieldText takes any text; date and time fields are kept as text too.
	FieldText FieldKind = iota
	// FieldCheckbox takes 0 and 1 and is shown as a number.
	FieldCheckbox
	// FieldDropdown takes one of the field's Values.
	FieldDropdown
	// FieldMultiselect takes some of the field's Values and is shown as a list.
	FieldMultiselect
)

var fieldKindNames = []string{FieldText: "text", FieldCheckbox: "checkbox", FieldDropdown: "dropdown", FieldMultiselect: "multiselect"}

// MarshalText names the kind: text, checkbox, dropdown or multiselect.
func (k FieldKind) MarshalText() ([]byte, error) { return nameOf(fieldKindNames, int(k)) }

// UnmarshalText reads what MarshalText writes.
func (k *FieldKind) UnmarshalText(text []byte) error {
	return numberOf(fieldKindNames, text, (*int)(k))
}

// DynamicField is a field that the administrator of a help desk added to its tickets.
type DynamicField struct {
	Name   string    `json:"name"`
	Kind   FieldKind `json:"kind"`
	Values []string  `json:"values,omitempty"`
}

// catalog holds what tickets refer to by name or id.
type catalog struct {
	queues     []queue
	priorities []named
	states     []state
	locks      []named
	types      []named
	agents     []agent
	senders    []named
	channels   []named
	customers  []customer
	fields     []DynamicField
}

// The agents that the store itself names.
const (
	administratorID int64 = 1
	loginID         int64 = 2
)

// newCatalog returns the catalogue of the recorded servers, ids included.
func newCatalog(mode Mode, login, password string) catalog {
	c := catalog{
		queues: []queue{
			{named: named{1, "Postmaster"}},
			{named: named{2, "Raw"}},
			{named: named{3, "Junk"}},
			{named: named{4, "Misc"}},
			{named: named{5, "OpenTicketAI"}},
			{named: named{6, "OpenTicketAI::Incoming"}},
			{named: named{7, "Öffentlichkeitsarbeit & Büro"}},
			{named: named{8, "IT"}},
			{named: named{9, "HR"}},
			{named: named{10, "Secret"}, group: 5, access: AccessNone},
			{named: named{11, "Incoming"}},
			{named: named{12, "ReadOnly"}, group: 6, access: AccessRead},
		},
		priorities: []named{{1, "1 very low"}, {2, "2 low"}, {3, "3 normal"}, {4, "4 high"}, {5, "5 very high"}},
		states: []state{
			{named{1, "new"}, "new"},
			{named{2, "closed successful"}, "closed"},
			{named{3, "closed unsuccessful"}, "closed"},
			{named{4, "open"}, "open"},
			{named{5, "removed"}, "removed"},
			{named{6, "pending reminder"}, "pending reminder"},
			{named{7, "pending auto close+"}, "pending auto"},
			{named{8, "pending auto close-"}, "pending auto"},
			{named{9, "merged"}, "merged"},
		},
		locks: []named{{1, "unlock"}, {2, "lock"}, {3, "tmp_lock"}},
		types: []named{{1, "Unclassified"}, {2, "Incident"}, {3, "Request"}},
		agents: []agent{
			{named: named{administratorID, "root@localhost"}, fullName: "Admin OTRS", address: "root@localhost"},
			{named: named{loginID, login}, fullName: "Open Ticket AI", address: "otai@" + string(mode) + ".test", password: password},
			{named: named{4, "otheragent"}, fullName: "Other Agent", address: "other@" + string(mode) + ".test"},
		},
		senders:  []named{{1, "agent"}, {2, "system"}, {3, "customer"}},
		channels: []named{{1, "Email"}, {2, "Phone"}, {3, "Internal"}, {4, "Chat"}},
		customers: []customer{
			{login: "kunde1", company: "ACME", address: `"Käthe Müller" <kunde1@example.test>`},
		},
	}
	if mode == ModeOTOBO {
		c.fields = []DynamicField{{Name: "ProcessManagementActivityID"}, {Name: "ProcessManagementProcessID"}}
	} else {
		c.fields = []DynamicField{
			{Name: "OtaiConfidence"},
			{Name: "OtaiLabel", Kind: FieldDropdown, Values: []string{"it", "hr", "misc"}},
			{Name: "OtaiSeen", Kind: FieldCheckbox},
			{Name: "OtaiTags", Kind: FieldMultiselect, Values: []string{"a", "b", "c"}},
			{Name: "OtaiText"},
			{Name: "OtaiWhen"},
		}
	}
	for i := range c.queues {
		if c.queues[i].group == 0 {
			c.queues[i].group = usersGroup
		}
	}
	return c
}

// unlocked is the lock of a ticket that nobody works on.
const unlocked = "unlock"

// usersGroup is the permission group of an ordinary queue.
const usersGroup = 1

func byName[E interface{ entry() named }](entries []E, name string) (E, bool) {
	return find(entries, func(n named) bool { return n.name == name })
}

func byID[E interface{ entry() named }](entries []E, id string) (E, bool) {
	return find(entries, func(n named) bool { return strconv.FormatInt(n.id, 10) == id })
}

func find[E interface{ entry() named }](entries []E, wanted func(named) bool) (E, bool) {
	for _, e := range entries {
		if wanted(e.entry()) {
			return e, true
		}
	}
	var none E
	return none, false
}

func (c *catalog) queue(id int64) *queue {
	for i := range c.queues {
		if c.queues[i].id == id {
			return &c.queues[i]
		}
	}
	return &queue{}
}

// addQueue returns the id of the queue, new or not.
func (c *catalog) addQueue(name string) int64 {
	if known, ok := byName(c.queues, name); ok {
		return known.id
	}
	id := nextID(c.queues)
	c.queues = append(c.queues, queue{named: named{id, name}, group: usersGroup})
	return id
}

// addAgent adds an agent, or gives one another password. It has no right in any queue.
func (c *catalog) addAgent(login, password string) {
	for i := range c.agents {
		if c.agents[i].name == login {
			c.agents[i].password = password
			return
		}
	}
	c.agents = append(c.agents, agent{named: named{nextID(c.agents), login}, fullName: login, password: password, access: map[int64]Access{}})
}

// addCustomer adds a customer user, or gives one another password.
func (c *catalog) addCustomer(login, password string) {
	for i := range c.customers {
		if c.customers[i].login == login {
			c.customers[i].password = password
			return
		}
	}
	c.customers = append(c.customers, customer{login: login, address: login, password: password})
}

func (c *catalog) addPriority(name string) named {
	known, ok := byName(c.priorities, name)
	if !ok {
		known = named{nextID(c.priorities), name}
		c.priorities = append(c.priorities, known)
	}
	return known
}

func (c *catalog) addState(name string) state {
	known, ok := byName(c.states, name)
	if !ok {
		known = state{named{nextID(c.states), name}, "open"}
		c.states = append(c.states, known)
	}
	return known
}

func (c *catalog) addType(name string) named {
	known, ok := byName(c.types, name)
	if !ok {
		known = named{nextID(c.types), name}
		c.types = append(c.types, known)
	}
	return known
}

func nextID[E interface{ entry() named }](entries []E) int64 {
	var highest int64
	for _, e := range entries {
		highest = max(highest, e.entry().id)
	}
	return highest + 1
}

func (c *catalog) customer(login string) customer {
	for _, known := range c.customers {
		if known.login == login {
			return known
		}
	}
	return customer{login: login, address: login}
}

// customerByAddress finds the customer user whose mail address is the given one.
func (c *catalog) customerByAddress(address string) (customer, bool) {
	for _, known := range c.customers {
		if at, err := mail.ParseAddress(known.address); err == nil && strings.EqualFold(at.Address, address) {
			return known, true
		}
	}
	return customer{}, false
}

func (c *catalog) knowsCustomer(login string) bool {
	return slices.ContainsFunc(c.customers, func(known customer) bool { return known.login == login })
}

func (c *catalog) field(name string) (DynamicField, bool) {
	for _, f := range c.fields {
		if f.Name == name {
			return f, true
		}
	}
	return DynamicField{}, false
}

// readFieldValue reads the value of a field in the form in which answers show it; nil is an emptied field.
func readFieldValue(f DynamicField, raw any) (any, bool) {
	switch f.Kind {
	case FieldCheckbox:
		switch scalar(raw) {
		case "":
			return nil, true
		case "0":
			return int64(0), true
		case "1":
			return int64(1), true
		}
		return nil, false
	case FieldMultiselect:
		var chosen []string
		for _, v := range listOf(raw) {
			if v == "" {
				continue
			}
			if !slices.Contains(f.Values, v) {
				return nil, false
			}
			chosen = append(chosen, v)
		}
		if chosen == nil {
			return nil, true
		}
		return chosen, true
	case FieldDropdown:
		if v := scalar(raw); v != "" && !slices.Contains(f.Values, v) {
			return nil, false
		}
	}
	if _, isText := raw.(map[string]any); isText {
		return nil, false
	}
	if _, isList := raw.([]any); isList {
		return nil, false
	}
	if v := scalar(raw); v != "" {
		return v, true
	}
	return nil, true
}

// setField keeps the fields sorted by name, as answers list them.
func (c *catalog) setField(f DynamicField) {
	i, found := slices.BinarySearchFunc(c.fields, f, func(a, b DynamicField) int { return strings.Compare(a.Name, b.Name) })
	if found {
		c.fields[i] = f
		return
	}
	c.fields = slices.Insert(c.fields, i, f)
}

// sameValue compares two values of one dynamic field.
func sameValue(a, b any) bool {
	return (a == nil) == (b == nil) && slices.Equal(fieldTexts(a), fieldTexts(b))
}
