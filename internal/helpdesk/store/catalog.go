package store

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
)

// Entry is an entry of a list of the catalog. As on the real servers, names are case-sensitive.
type Entry struct {
	ID   int64
	Name string
}

func (n Entry) entry() Entry { return n }

// Listed is what the catalog lists by id and name.
type Listed interface{ entry() Entry }

// Queue is a queue, with what the agent of Open Ticket AI may do in it.
type Queue struct {
	Entry
	Group  int64
	Access Access
}

// State is a state of tickets, with its type.
type State struct {
	Entry
	Type string
}

// Closed reports whether tickets in the state are closed.
func (s State) Closed() bool { return s.Type == "closed" }

// Pending reports whether tickets in the state wait for a time.
func (s State) Pending() bool { return s.Type == "pending reminder" || s.Type == "pending auto" }

// Agent is an agent, with what it may do.
type Agent struct {
	Entry
	FullName, Address string
	Password          string           // "" for one who can't log in
	Access            map[int64]Access // by queue; nil for what the queues say
}

// Names splits the full name in two.
func (a Agent) Names() (first, last string) {
	first, last, _ = strings.Cut(a.FullName, " ")
	return first, last
}

// Customer is a customer user.
type Customer struct {
	Login, Company, Address string
	Password                string // "" for one who can't log in
}

// Catalog lists what tickets refer to by name or id.
type Catalog struct {
	Queues     []Queue
	Priorities []Entry
	States     []State
	Locks      []Entry
	Types      []Entry
	Agents     []Agent
	Senders    []Entry
	Channels   []Entry
	Customers  []Customer
	Fields     []DynamicField
}

// Unlocked is the lock of a ticket that nobody works on.
const Unlocked = "unlock"

// usersGroup is the permission group of an ordinary queue.
const usersGroup = 1

// ByName returns the entry with the name, and whether there is one.
func ByName[E Listed](entries []E, name string) (E, bool) {
	return find(entries, func(n Entry) bool { return n.Name == name })
}

// ByID returns the entry with an id as a request gives it, and whether there is one.
func ByID[E Listed](entries []E, id string) (E, bool) {
	return find(entries, func(n Entry) bool { return strconv.FormatInt(n.ID, 10) == id })
}

func find[E Listed](entries []E, wanted func(Entry) bool) (E, bool) {
	for _, e := range entries {
		if wanted(e.entry()) {
			return e, true
		}
	}
	var none E
	return none, false
}

// Entries returns a list without what is known of its entries besides id and name.
func Entries[E Listed](entries []E) []Entry {
	all := make([]Entry, len(entries))
	for i, e := range entries {
		all[i] = e.entry()
	}
	return all
}

// Queue returns the queue with the id, a zero one if there is none.
func (c *Catalog) Queue(id int64) *Queue {
	for i := range c.Queues {
		if c.Queues[i].ID == id {
			return &c.Queues[i]
		}
	}
	return &Queue{}
}

// AddQueue returns the id of a queue, which is added if it doesn't exist.
func (c *Catalog) AddQueue(name string) int64 {
	if known, ok := ByName(c.Queues, name); ok {
		return known.ID
	}
	id := nextID(c.Queues)
	c.Queues = append(c.Queues, Queue{Entry: Entry{id, name}, Group: usersGroup})
	return id
}

// AddAgent adds an agent without any access, or sets the password of one.
func (c *Catalog) AddAgent(login, password string) {
	for i := range c.Agents {
		if c.Agents[i].Name == login {
			c.Agents[i].Password = password
			return
		}
	}
	c.Agents = append(c.Agents, Agent{Entry: Entry{nextID(c.Agents), login}, FullName: login, Password: password, Access: map[int64]Access{}})
}

// AddCustomer adds a customer user, or sets the password of one.
func (c *Catalog) AddCustomer(login, password string) {
	for i := range c.Customers {
		if c.Customers[i].Login == login {
			c.Customers[i].Password = password
			return
		}
	}
	c.Customers = append(c.Customers, Customer{Login: login, Address: login, Password: password})
}

// AddPriority returns a priority, which is added if it doesn't exist.
func (c *Catalog) AddPriority(name string) Entry {
	return added(&c.Priorities, name)
}

func added(entries *[]Entry, name string) Entry {
	known, ok := ByName(*entries, name)
	if !ok {
		known = Entry{nextID(*entries), name}
		*entries = append(*entries, known)
	}
	return known
}

// AddState returns a state, which is added as an open one if it doesn't exist.
func (c *Catalog) AddState(name string) State {
	known, ok := ByName(c.States, name)
	if !ok {
		known = State{Entry{nextID(c.States), name}, "open"}
		c.States = append(c.States, known)
	}
	return known
}

// AddType returns a type of tickets, which is added if it doesn't exist.
func (c *Catalog) AddType(name string) Entry {
	return added(&c.Types, name)
}

func nextID[E Listed](entries []E) int64 {
	var highest int64
	for _, e := range entries {
		highest = max(highest, e.entry().ID)
	}
	return highest + 1
}

// Customer returns the customer user with the login; one that isn't known has nothing else.
func (c *Catalog) Customer(login string) Customer {
	for _, known := range c.Customers {
		if known.Login == login {
			return known
		}
	}
	return Customer{Login: login, Address: login}
}

// CustomerByAddress returns the customer user with a mail address, and whether there is one.
func (c *Catalog) CustomerByAddress(address string) (Customer, bool) {
	for _, known := range c.Customers {
		if at, err := mail.ParseAddress(known.Address); err == nil && strings.EqualFold(at.Address, address) {
			return known, true
		}
	}
	return Customer{}, false
}

// KnowsCustomer reports whether there is a customer user with the login.
func (c *Catalog) KnowsCustomer(login string) bool {
	return slices.ContainsFunc(c.Customers, func(known Customer) bool { return known.Login == login })
}
