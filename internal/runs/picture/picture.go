// Package picture decides by comparison whether somebody has changed a ticket.
//
// A run keeps a [Picture] of its ticket as it was read ([Key.Of]): no texts, but keyed
// hashes of them. What otai itself wrote since is laid over it ([Picture.Lay]); what then
// differs from the ticket as it is now was changed by somebody ([Picture.Changed]). A
// write asks for each field three ways ([Decide]): it is as wanted already; it is as in
// the picture, so it may be written; else a person wanted something else.
//
// Everything here is a pure function.
package picture

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Picture is a ticket without its texts.
type Picture struct {
	Key      string           `json:"key"` // which key the hashes were made with
	At       int64            `json:"at"`  // store time of the reading
	Fields   map[string]Value `json:"fields"`
	Final    string           `json:"final,omitempty"` // closed or merged
	Stamp    time.Time        `json:"stamp"`           // of the last change, by the ticket system
	Articles []Article        `json:"articles,omitempty"`
	Ours     []Article        `json:"ours,omitempty"` // notes of ours since; without ids
	Laid     bool             `json:"laid,omitempty"` // something of ours was written since
	Made     map[string]Made  `json:"made,omitempty"` // what this runner changed, by field
	Read     Reading          `json:"read"`

	// For people alone: they are not compared.
	Number string `json:"number,omitempty"`
	Lock   string `json:"lock,omitempty"`
	Title  string `json:"title,omitempty"` // only where texts are to be kept
}

// Value is one field. Two are compared by id where both have one, else by name. Of a text
// the id is a hash.
type Value struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Article is an article or a note: hashes of its subject and its text.
type Article struct {
	ID      string `json:"id,omitempty"`
	Subject string `json:"s,omitempty"`
	Body    string `json:"b,omitempty"`
	Author  string `json:"a,omitempty"`
	Visible bool   `json:"v,omitempty"` // to the customer, as what customers write is
}

// Made is a change that a runner made to a field.
type Made struct {
	From, To Value
}

// Reading says how and when a ticket was read.
type Reading struct {
	Criteria []byte `json:"criteria,omitempty"` // of the search
	Process  string `json:"process,omitempty"`  // which process read it
	Mark     int64  `json:"mark,omitempty"`     // of the search, in the store's order of ends
	Clock    int64  `json:"clock,omitempty"`    // nanoseconds of that process's own clock
}

// The fields that every picture has. Further ones are those that a run's writes name.
const (
	Subject  = "subject"
	Queue    = "queue"
	Priority = "priority"
	State    = "state"
	Owner    = "owner"
	Customer = "client" // hashes: an earlier release kept it as it is, under the name of the field
	further  = "fields."
)

// Further is the name of a further field in a picture.
func Further(name string) string { return further + name }

// Hashed reports whether the id of a field's value is a hash, and its name nothing but for
// people, if there is one.
func Hashed(name string) bool {
	return name == Subject || name == Customer || strings.HasPrefix(name, further)
}

// named are the further fields whose values are words of the help desk itself.
var named = map[string]bool{"Type": true, "Service": true, "SLA": true, "Lock": true, "Responsible": true}

// Closed and Merged are the two ends of a ticket.
const (
	Closed = "closed"
	Merged = "merged"
)

// Key is the key of the hashes.
type Key []byte

// Name is different for each key: hashes of different ones are not compared.
func (k Key) Name() string { return k.hash("which key") }

func (k Key) hash(text string) string {
	m := hmac.New(sha256.New, k)
	m.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:9])
}

// Text is the hash of a text in which neither white space nor the mark counts that some
// ticket systems put behind a subject.
func (k Key) Text(text string) string {
	text, _, _ = strings.Cut(text, " [otai:")
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	if text == "" {
		return ""
	}
	return k.hash(text)
}

// Note is a note as an article. HTML has no text to compare: ticket systems turn it into
// plain text.
func (k Key) Note(n api.Note) Article {
	a := Article{ID: n.ID, Subject: k.Text(n.Subject), Body: k.Text(n.Body), Visible: n.VisibleToCustomer}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(n.ContentType)), "text/html") {
		a.Body = ""
	}
	if n.Author != "" {
		a.Author = k.hash(n.Author)
	}
	return a
}

// Of is the picture of a ticket; names are the further fields to keep.
func (k Key) Of(t api.Ticket, names []string) Picture {
	p := Picture{Key: k.Name(), Stamp: t.Changed, Final: Final(t), Fields: map[string]Value{
		Subject: {ID: k.Text(t.Subject)}, Queue: entity(t.Queue), Priority: entity(t.Priority),
		State: entity(t.State), Owner: entity(t.Owner), Customer: k.person(entity(t.Customer)),
	}, Number: t.Number}
	p.Lock, _ = t.Fields["Lock"].(string)
	for _, name := range names {
		if v, ok := t.Fields[name]; ok {
			p.Fields[further+name] = k.field(name, v)
		}
	}
	for _, n := range t.Notes {
		p.Articles = append(p.Articles, k.Note(n))
	}
	return p
}

// Final is how a ticket has ended: Closed, Merged or "". Its type of state says so where
// the ticket system has one, else the state's name.
func Final(t api.Ticket) string {
	kind, ok := t.Fields["StateType"].(string)
	if !ok {
		kind = t.State.String()
	}
	kind = strings.ToLower(kind)
	switch {
	case strings.HasPrefix(kind, Merged):
		return Merged
	case strings.HasPrefix(kind, Closed):
		return Closed
	default:
		return ""
	}
}

func entity(e *api.Entity) Value {
	if e == nil {
		return Value{}
	}
	return Value{ID: strings.TrimSpace(e.ID), Name: strings.TrimSpace(e.Name)}
}

// person is an entity that says who somebody is.
func (k Key) person(v Value) Value {
	if v.ID != "" {
		v.ID = k.hash(v.ID)
	}
	if v.Name != "" {
		v.Name = k.hash(v.Name)
	}
	return v
}

// field is a further field. Where its values are words of the help desk people may read them.
func (k Key) field(name string, v any) Value {
	value := k.value(v)
	if text, ok := v.(string); ok && named[name] {
		value.Name = text
	}
	return value
}

// value is a further field, of which ticket systems return other types than they take.
func (k Key) value(v any) Value {
	switch v := v.(type) {
	case nil:
		return Value{}
	case bool:
		if v {
			return Value{ID: k.hash("1")}
		}
		return Value{ID: k.hash("0")}
	case []any:
		if len(v) == 1 {
			return k.value(v[0])
		}
	case string:
		if v == "" {
			return Value{}
		}
	}
	return Value{ID: k.hash(fmt.Sprint(v))}
}

// Same compares two values.
func (v Value) Same(w Value) bool {
	if v.ID != "" && w.ID != "" {
		return v.ID == w.ID
	}
	return v.Name == w.Name && (v.Name != "" || v.ID == w.ID)
}

// Change is a write, as it is kept once it is done.
type Change struct {
	Fields map[string]Value `json:"fields,omitempty"`
	Notes  []Article        `json:"notes,omitempty"`
	From   map[string]Value `json:"from,omitempty"` // what the fields had been
}

// Change is what an update changes.
func (k Key) Change(u api.TicketUpdate) Change {
	c := Change{Fields: make(map[string]Value)}
	if u.Subject != nil {
		c.Fields[Subject] = Value{ID: k.Text(*u.Subject)}
	}
	for name, e := range map[string]*api.Entity{Queue: u.Queue, Priority: u.Priority, State: u.State, Owner: u.Owner, Customer: u.Customer} {
		if e != nil {
			c.Fields[name] = wanted(e)
		}
	}
	if who, ok := c.Fields[Customer]; ok {
		c.Fields[Customer] = k.person(who)
	}
	for name, v := range u.Fields {
		c.Fields[further+name] = k.field(name, v)
	}
	for _, n := range u.Notes {
		c.Notes = append(c.Notes, k.Note(n))
	}
	return c
}

// Many reports whether the write has several parts, of which some may be written and some
// not.
func (c Change) Many() bool { return len(c.Fields)+len(c.Notes) > 1 }

// wanted prefers the name, as ticket systems do.
func wanted(e *api.Entity) Value {
	v := entity(e)
	if v.Name != "" {
		v.ID = ""
	}
	return v
}

// Lay lays a change of ours over a picture: what it wrote was changed by nobody else.
func (p Picture) Lay(changes ...Change) Picture {
	if len(changes) == 0 {
		return p
	}
	p.Laid = true
	p = p.clone()
	for _, c := range changes {
		for name, v := range c.Fields {
			if had, known := p.Fields[name]; !known || !had.Same(v) {
				p.Fields[name] = v
			}
		}
		p.Ours = append(p.Ours, c.Notes...)
	}
	return p
}

func (p Picture) clone() Picture {
	fields := make(map[string]Value, len(p.Fields))
	for name, v := range p.Fields {
		fields[name] = v
	}
	p.Fields, p.Ours = fields, slices.Clone(p.Ours)
	return p
}

// Remember keeps what a runner itself changed, to recognize that a person put it back.
func (p Picture) Remember(c Change) Picture {
	made := make(map[string]Made, len(p.Made)+len(c.Fields))
	for name, m := range p.Made {
		made[name] = m
	}
	for name, to := range c.Fields {
		if from, known := c.From[name]; known && !from.Same(to) {
			made[name] = Made{From: from, To: to}
		}
	}
	p.Made = made
	return p
}

// With is the picture with some fields otherwise.
func (p Picture) With(fields map[string]Value) Picture {
	p = p.clone()
	for name, v := range fields {
		p.Fields[name] = v
	}
	return p
}
