package store

import (
	"fmt"
	"strings"
	"time"
)

// Event is one line of a ticket's history, with what the ticket was at the time.
type Event struct {
	Time    time.Time
	Kind    string
	Parts   []string // in the order of the servers
	User    Entry
	Article int64 // the id of the one that the line is about, or 0

	Queue, Priority, State, Owner, TicketType int64
}

// Name returns the event as the servers write it: that of an article in the words that came with it, others as all their parts.
func (e Event) Name() string {
	if e.Article != 0 {
		return strings.Join(e.Parts, "")
	}
	return "%%" + strings.Join(e.Parts, "%%")
}

// Text returns the event in words.
func (e Event) Text() string {
	part := func(i int) string {
		if i < len(e.Parts) {
			return e.Parts[i]
		}
		return ""
	}
	if e.Article != 0 {
		return strings.TrimPrefix(part(0), "%%")
	}
	switch e.Kind {
	case "NewTicket":
		return fmt.Sprintf("%s in %s, priority %s, state %s", part(0), part(1), part(2), part(3))
	case "Move", "TypeUpdate": // new, id, old, id
		if part(2) == "" {
			return part(0)
		}
		return part(2) + " → " + part(0)
	case "PriorityUpdate": // old, id, new, id
		return part(0) + " → " + part(2)
	case "StateUpdate", "TitleUpdate": // old, new
		return part(0) + " → " + part(1)
	case "TicketDynamicFieldUpdate": // "FieldName", name, "Value", new, "OldValue", old
		return part(1) + ": " + part(5) + " → " + part(3)
	default:
		return part(0)
	}
}

// Record adds a line to the history of a ticket, after the change.
func (s *Store) Record(t *Ticket, by int64, kind string, parts ...string) {
	s.recordArticle(t, by, 0, kind, parts...)
}

func (s *Store) recordArticle(t *Ticket, by, article int64, kind string, parts ...string) {
	now := s.Now()
	t.Changed, t.ChangedBy = now, by
	t.History = append(t.History, Event{
		Time: now, Kind: kind, Parts: parts, User: s.Agent(by).Entry, Article: article,
		Queue: t.Queue, Priority: t.Priority.ID, State: t.State.ID, Owner: t.Owner.ID, TicketType: t.Type.ID,
	})
}
