package store

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Store keeps the tickets. It is not safe for concurrent use: its owner lets one request in at a time.
type Store struct {
	Now     func() time.Time
	Catalog Catalog
	Tickets []*Ticket // oldest first; ids ascend

	// The last ids and the last counter of ticket numbers that were given away.
	LastTicket, LastArticle, LastNumber int64

	numbers map[string]*Ticket
}

// New returns a store without tickets.
func New(now func() time.Time, c Catalog) *Store {
	return &Store{Now: now, Catalog: c, numbers: map[string]*Ticket{}}
}

// Ticket is a ticket; what it refers to by an id or an [Entry] is in the [Catalog].
type Ticket struct {
	ID                   int64
	Number, Title        string
	Queue                int64
	Priority, Type, Lock Entry
	State                State
	Owner, Responsible   Entry
	Customer, Company    string // login of the customer user, and id of the company
	Created, Changed     time.Time
	CreatedBy, ChangedBy int64
	PendingUntil         time.Time
	UnlockTimeout        int64          // seconds since 1970 when an agent last worked on the ticket
	Fields               map[string]any // dynamic fields that are set, by their names
	Articles             []*Article
	History              []Event
}

// Find returns the ticket with the id, nil if there is none.
func (s *Store) Find(id int64) *Ticket {
	i, ok := slices.BinarySearchFunc(s.Tickets, id, func(t *Ticket, id int64) int { return cmp.Compare(t.ID, id) })
	if !ok {
		return nil
	}
	return s.Tickets[i]
}

// FindNumber returns the ticket with the number, nil if there is none.
func (s *Store) FindNumber(number string) *Ticket { return s.numbers[number] }

// FindText returns the ticket with an id as a request gives it, nil if there is none.
func (s *Store) FindText(id string) *Ticket {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return s.Find(n)
}

// Open makes a ticket with the next id and number. Its first owner is the administrator.
func (s *Store) Open(title string, queue int64, priority Entry, st State, kind Entry, who Customer, by int64) *Ticket {
	s.LastTicket++
	s.LastNumber++
	now := s.Now()
	owner := s.Agent(AdministratorID).Entry
	lock, _ := ByName(s.Catalog.Locks, Unlocked)
	t := &Ticket{
		ID: s.LastTicket, Number: ticketNumber(now, s.LastNumber), Title: title,
		Queue: queue, Priority: priority, State: st, Type: kind, Lock: lock,
		Owner: owner, Responsible: owner, Customer: who.Login, Company: who.Company,
		Created: now, Changed: now, CreatedBy: by, ChangedBy: by,
		Fields: map[string]any{},
	}
	s.Tickets = append(s.Tickets, t)
	s.numbers[t.Number] = t
	s.Record(t, by, "NewTicket", t.Number, s.Catalog.Queue(queue).Name, priority.Name, st.Name, strconv.FormatInt(t.ID, 10))
	s.Record(t, by, "ServiceUpdate", "NULL", "", "NULL", "")
	s.Record(t, by, "SLAUpdate", "NULL", "", "NULL", "")
	s.Record(t, by, "TypeUpdate", kind.Name, strconv.FormatInt(kind.ID, 10))
	if t.Customer != "" {
		s.Record(t, by, "CustomerUpdate", "CustomerID="+t.Company+";CustomerUser="+t.Customer+";")
	}
	return t
}

// Delete removes a ticket. Its id and its number are not given away again.
func (s *Store) Delete(t *Ticket) {
	s.Tickets = slices.DeleteFunc(s.Tickets, func(other *Ticket) bool { return other == t })
	delete(s.numbers, t.Number)
}

// ticketNumber follows the servers' default generator DateChecksum: the day, the system's id (10), a counter of five digits and
// a digit that makes the sum of all, weighted 1 and 2 in turn, a multiple of ten.
func ticketNumber(day time.Time, counter int64) string {
	number := fmt.Sprintf("%s10%05d", day.UTC().Format("20060102"), counter)
	sum := 0
	for i, digit := range number {
		sum += int(digit-'0') * (1 + i%2)
	}
	check := 10 - sum%10
	if check == 10 {
		check = 1
	}
	return number + strconv.Itoa(check)
}

// UntilNUL returns what the servers' database keeps of a text.
func UntilNUL(text string) string {
	kept, _, _ := strings.Cut(text, "\x00")
	return kept
}

// FirstCharacters returns at most the first n characters of a text.
func FirstCharacters(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
