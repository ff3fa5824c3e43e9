package gate

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// intent is what a write was to do, kept whole until it is finished.
type intent struct {
	Update  *update         `json:"update,omitempty"`
	Create  []byte          `json:"create,omitempty"`  // a ticket, by the codec
	Picture picture.Picture `json:"picture"`           // of the ticket, with all of ours laid over it
	Equal   []int           `json:"equal,omitempty"`   // for each note, how many of the ticket's articles read the same
	Left    []string        `json:"left,omitempty"`    // fields that are left as somebody else made them
	Change  picture.Change  `json:"change"`            // what Update changes
	Step    string          `json:"step,omitempty"`    // the name of the step whose write it is
	At      string          `json:"at,omitempty"`      // where that stands in the configuration
	Suggest string          `json:"suggest,omitempty"` // what it suggests, hashed; "" where it suggests nothing
	Earlier *time.Time      `json:"earlier,omitempty"` // when an earlier release began it, which kept no picture
}

// changedSince reports whether a ticket of which there is no picture was changed since an
// earlier release began its update, by that update or by somebody.
func (i intent) changedSince(now picture.Picture) bool {
	return i.Earlier != nil && !now.Stamp.Before(i.Earlier.Truncate(time.Second))
}

// outcome is what a write did, without texts: kept as long as the effect.
type outcome struct {
	Change picture.Change `json:"change"`
	Left   []string       `json:"left,omitempty"` // see intent
	ID     string         `json:"id,omitempty"`   // of a new ticket
	Step   string         `json:"step,omitempty"` // see intent
	At     string         `json:"at,omitempty"`   // see intent
	// Recorded is with which outcome a record of an end of the run has the write already.
	Recorded decisions.Outcome `json:"recorded,omitempty"`
	Unsent   bool              `json:"unsent,omitempty"` // all was as wanted, or left: no request was sent
}

// made is an outcome beside what it was encoded to: whoever has made it needn't read it.
type made struct {
	as []byte
	outcome
}

// outcomeOf is what an effect did; ok is false if it isn't known.
func outcomeOf(e store.Effect) (o outcome, ok bool) {
	if t, is := e.Made.(made); is && len(t.as) > 0 && len(t.as) == len(e.Outcome) && &t.as[0] == &e.Outcome[0] {
		return t.outcome, true
	}
	if len(e.Outcome) == 0 || json.Unmarshal(e.Outcome, &o) != nil {
		return outcome{}, false
	}
	return o, true
}

// finished is the intent of an effect that is finished: nothing.
var finished = []byte("{}")

// update is an api.TicketUpdate as it is stored.
type update struct {
	Subject  *string           `json:"subject,omitempty"`
	Entities map[string]entity `json:"entities,omitempty"`
	Fields   []byte            `json:"fields,omitempty"` // by the codec
	Notes    []note            `json:"notes,omitempty"`
}

type entity struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type note struct {
	Subject     string `json:"subject,omitempty"`
	Body        string `json:"body,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Visible     bool   `json:"visible,omitempty"`
	Author      string `json:"author,omitempty"`
	Fields      []byte `json:"fields,omitempty"`
}

// entityFields are the fields of a ticket, and of an update, that are entities.
func entityFields(u *api.TicketUpdate) map[string]**api.Entity {
	return map[string]**api.Entity{
		picture.Queue: &u.Queue, picture.Priority: &u.Priority, picture.State: &u.State,
		picture.Owner: &u.Owner, picture.Customer: &u.Customer,
	}
}

func storedUpdate(u api.TicketUpdate) (*update, error) {
	s := &update{Subject: u.Subject, Entities: make(map[string]entity)}
	for name, e := range entityFields(&u) {
		if *e != nil {
			s.Entities[picture.InWords(name)] = entity{ID: (*e).ID, Name: (*e).Name}
		}
	}
	var err error
	if s.Fields, err = encodeFields(u.Fields); err != nil {
		return nil, err
	}
	for _, n := range u.Notes {
		fields, err := encodeFields(n.Fields)
		if err != nil {
			return nil, err
		}
		s.Notes = append(s.Notes, note{Subject: n.Subject, Body: n.Body, ContentType: n.ContentType, Visible: n.VisibleToCustomer, Author: n.Author, Fields: fields})
	}
	return s, nil
}

func (s *update) restore() (u api.TicketUpdate, err error) {
	u.Subject = s.Subject
	for name, to := range entityFields(&u) {
		if e, ok := s.Entities[picture.InWords(name)]; ok {
			*to = &api.Entity{ID: e.ID, Name: e.Name}
		}
	}
	if u.Fields, err = decodeFields(s.Fields); err != nil {
		return u, err
	}
	for _, n := range s.Notes {
		fields, err := decodeFields(n.Fields)
		if err != nil {
			return u, err
		}
		u.Notes = append(u.Notes, api.Note{Subject: n.Subject, Body: n.Body, ContentType: n.ContentType, VisibleToCustomer: n.Visible, Author: n.Author, Fields: fields})
	}
	return u, nil
}

func encodeFields(fields map[string]any) ([]byte, error) {
	if fields == nil {
		return nil, nil
	}
	return codec.Encode(fields)
}

func decodeFields(b []byte) (map[string]any, error) {
	if b == nil {
		return nil, nil
	}
	v, err := codec.Decode(b)
	if err != nil {
		return nil, err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the stored fields are %T", v)
	}
	return fields, nil
}

func (i intent) encode() ([]byte, error) { return json.Marshal(i) }

func decodeIntent(b []byte) (i intent, err error) {
	if err := json.Unmarshal(b, &i); err != nil {
		return i, fmt.Errorf("read a stored intent: %w", err)
	}
	return i, nil
}

// storedCriteria are api.SearchCriteria as a picture keeps them: what says which tickets, and
// what to read of them.
type storedCriteria struct {
	Queue    *entity  `json:"queue,omitempty"`
	Priority *entity  `json:"priority,omitempty"`
	States   []entity `json:"states,omitempty"`
	Fields   []byte   `json:"fields,omitempty"`
}

func encodeCriteria(c api.SearchCriteria) ([]byte, error) {
	fields, err := encodeFields(c.Fields)
	if err != nil {
		return nil, err
	}
	s := storedCriteria{Queue: storedEntity(c.Queue), Priority: storedEntity(c.Priority), Fields: fields}
	for _, e := range c.States {
		s.States = append(s.States, entity{ID: e.ID, Name: e.Name})
	}
	return json.Marshal(s)
}

func decodeCriteria(b []byte) (c api.SearchCriteria, err error) {
	if len(b) == 0 {
		return c, nil
	}
	var s storedCriteria
	if err := json.Unmarshal(b, &s); err != nil {
		return c, fmt.Errorf("read the stored criteria of a search: %w", err)
	}
	c.Queue, c.Priority = s.Queue.restore(), s.Priority.restore()
	for _, e := range s.States {
		c.States = append(c.States, api.Entity{ID: e.ID, Name: e.Name})
	}
	c.Fields, err = decodeFields(s.Fields)
	return c, err
}

func storedEntity(e *api.Entity) *entity {
	if e == nil {
		return nil
	}
	return &entity{ID: e.ID, Name: e.Name}
}

func (e *entity) restore() *api.Entity {
	if e == nil {
		return nil
	}
	return &api.Entity{ID: e.ID, Name: e.Name}
}
