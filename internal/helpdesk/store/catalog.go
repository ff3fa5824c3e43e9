package store

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
)

// Entry is an entry of one of the help desk's catalogues. Names are case-sensitive, as on the real servers.
type Entry struct {
	ID   int64
	Name string
}

func (n Entry) entry() Entry { return n }

// Listed is what a catalog lists by id and name.
type Listed interface{ entry() Entry }

type Queue struct {
	Entry
	Group  int64
	Access Access
}

type State struct {
	Entry
	Type string
}

func (s State) Closed() bool { return s.Type == "closed" }

func (s State) Pending() bool { return s.Type == "pending reminder" || s.Type == "pending auto" }

type Agent struct {
	Entry
	FullName, Address string
	Password          string           // "" for one who can't log in
	Access            map[int64]Access // by queue; nil for an agent who has that of the queue
}

// Names splits the full name.
func (a Agent) Names() (first, last string) {
	first, last, _ = strings.Cut(a.FullName, " ")
	return first, last
}

type Customer struct {
	Login, Company, Address string
	Password                string // "" for one who can't log in
}

// Catalog holds what tickets refer to by name or id.
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

func ByName[E Listed](entries []E, name string) (E, bool) {
	return find(entries, func(n Entry) bool { return n.Name == name })
}

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

func Entries[E Listed](entries []E) []Entry {
	all := make([]Entry, len(entries))
	for i, e := range entries {
		all[i] = e.entry()
	}
	return all
}

func (c *Catalog) Queue(id int64) *Queue {
	for i := range c.Queues {
		if c.Queues[i].ID == id {
			return &c.Queues[i]
		}
	}
	return &Queue{}
}

// AddQueue returns the id of the queue, new or not.
func (c *Catalog) AddQueue(name string) int64 {
	if known, ok := ByName(c.Queues, name); ok {
		return known.ID
	}
	id := nextID(c.Queues)
	c.Queues = append(c.Queues, Queue{Entry: Entry{id, name}, Group: usersGroup})
	return id
}

// AddAgent adds an agent, or gives one another password. It has no right in any queue.
func (c *Catalog) AddAgent(login, password string) {
	for i := range c.Agents {
		if c.Agents[i].Name == login {
			c.Agents[i].Password = password
			return
		}
	}
	c.Agents = append(c.Agents, Agent{Entry: Entry{nextID(c.Agents), login}, FullName: login, Password: password, Access: map[int64]Access{}})
}

// AddCustomer adds a customer user, or gives one another password.
func (c *Catalog) AddCustomer(login, password string) {
	for i := range c.Customers {
		if c.Customers[i].Login == login {
			c.Customers[i].Password = password
			return
		}
	}
	c.Customers = append(c.Customers, Customer{Login: login, Address: login, Password: password})
}

func (c *Catalog) AddPriority(name string) Entry {
	known, ok := ByName(c.Priorities, name)
	if !ok {
		known = Entry{nextID(c.Priorities), name}
		c.Priorities = append(c.Priorities, known)
	}
	return known
}

func (c *Catalog) AddState(name string) State {
	known, ok := ByName(c.States, name)
	if !ok {
		known = State{Entry{nextID(c.States), name}, "open"}
		c.States = append(c.States, known)
	}
	return known
}

func (c *Catalog) AddType(name string) Entry {
	known, ok := ByName(c.Types, name)
	if !ok {
		known = Entry{nextID(c.Types), name}
		c.Types = append(c.Types, known)
	}
	return known
}

func nextID[E Listed](entries []E) int64 {
	var highest int64
	for _, e := range entries {
		highest = max(highest, e.entry().ID)
	}
	return highest + 1
}

func (c *Catalog) Customer(login string) Customer {
	for _, known := range c.Customers {
		if known.Login == login {
			return known
		}
	}
	return Customer{Login: login, Address: login}
}

// CustomerByAddress finds the customer user whose mail address is the given one.
func (c *Catalog) CustomerByAddress(address string) (Customer, bool) {
	for _, known := range c.Customers {
		if at, err := mail.ParseAddress(known.Address); err == nil && strings.EqualFold(at.Address, address) {
			return known, true
		}
	}
	return Customer{}, false
}

func (c *Catalog) KnowsCustomer(login string) bool {
	return slices.ContainsFunc(c.Customers, func(known Customer) bool { return known.Login == login })
}
