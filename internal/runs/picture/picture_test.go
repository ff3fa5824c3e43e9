package picture

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

var key = Key("the key of these tests")

func ticket(change func(*api.Ticket)) api.Ticket {
	t := api.Ticket{
		ID: "1", Subject: "printer", Queue: &api.Entity{ID: "2", Name: "inbox"}, Priority: &api.Entity{ID: "3", Name: "normal"},
		State: &api.Entity{ID: "1", Name: "new"}, Owner: &api.Entity{ID: "1", Name: "root"}, Customer: &api.Entity{ID: "c", Name: "c"},
		Changed: time.Unix(1000, 0), Fields: map[string]any{"Color": "red", "Size": int64(3)},
		Notes: []api.Note{{ID: "10", Subject: "printer", Body: "it burns", Author: "customer"}},
	}
	if change != nil {
		change(&t)
	}
	return t
}

var names = []string{"Color", "Size"}

func of(change func(*api.Ticket)) Picture { return key.Of(ticket(change), names) }

func TestWhatChangedIsSomebodysByThisTable(t *testing.T) {
	note := api.Note{Subject: "otai", Body: "moved to it"}
	for _, test := range []struct {
		name    string
		ours    *api.TicketUpdate
		now     func(*api.Ticket)
		first   string // in the first reading after the run
		settled string // from then on
	}{
		{"nothing", nil, nil, "", ""},
		{"the queue", nil, func(t *api.Ticket) { t.Queue = &api.Entity{ID: "4", Name: "it"} }, "queue", "queue"},
		{"the priority", nil, func(t *api.Ticket) { t.Priority = &api.Entity{Name: "high"} }, "priority", "priority"},
		{"the state", nil, func(t *api.Ticket) { t.State = &api.Entity{Name: "open"} }, "state", "state"},
		{"the title", nil, func(t *api.Ticket) { t.Subject = "fire" }, "subject", "subject"},
		{"the customer", nil, func(t *api.Ticket) { t.Customer = &api.Entity{ID: "d"} }, "customer", "customer"},
		{"the owner", nil, func(t *api.Ticket) { t.Owner = &api.Entity{ID: "9"} }, "", "owner"},
		{"a field that writes name", nil, func(t *api.Ticket) { t.Fields["Color"] = "blue" }, "", "fields.Color"},
		{"the time of the last change", nil, func(t *api.Ticket) { t.Changed = time.Unix(2000, 0) }, "", "something else"},
		{"a field that nobody names", nil, func(t *api.Ticket) { t.Fields["Age"] = 5 }, "", ""},
		{"an article", nil, func(t *api.Ticket) { t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "Re"}) }, "an article", "an article"},
		{"white space of the title", nil, func(t *api.Ticket) { t.Subject = " printer " }, "", ""},
		{"a queue by name alone", nil, func(t *api.Ticket) { t.Queue = &api.Entity{Name: "inbox"} }, "", ""},
		{"a queue that isn't read any more", nil, func(t *api.Ticket) { t.Queue = nil }, "queue", "queue"},
		{"our own move", &api.TicketUpdate{Queue: &api.Entity{Name: "it"}}, func(t *api.Ticket) { t.Queue = &api.Entity{ID: "4", Name: "it"} }, "", ""},
		{"our own move, then somebody's", &api.TicketUpdate{Queue: &api.Entity{Name: "it"}}, func(t *api.Ticket) { t.Queue = &api.Entity{ID: "5", Name: "sales"} }, "queue", "queue"},
		{"our own move, undone", &api.TicketUpdate{Queue: &api.Entity{Name: "it"}}, nil, "queue", "queue"},
		{"our own note", &api.TicketUpdate{Notes: []api.Note{note}}, func(t *api.Ticket) {
			t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "otai", Body: "moved to it"})
		}, "", ""},
		{"our own note, marked and cut", &api.TicketUpdate{Notes: []api.Note{note}}, func(t *api.Ticket) {
			t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "otai [otai:abc]", Body: "moved"})
		}, "", ""},
		{"our own note twice", &api.TicketUpdate{Notes: []api.Note{note}}, func(t *api.Ticket) {
			t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "otai", Body: "moved to it"}, api.Note{ID: "12", Subject: "otai", Body: "moved to it"})
		}, "an article", "an article"},
		{"our own field as text", &api.TicketUpdate{Fields: map[string]any{"Size": "4", "Color": true}}, func(t *api.Ticket) { t.Fields["Size"], t.Fields["Color"] = int64(4), "1" }, "", ""},
		{"our own title", &api.TicketUpdate{Subject: new("fire")}, func(t *api.Ticket) { t.Subject = "fire"; t.Changed = time.Unix(2000, 0) }, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := of(nil)
			if test.ours != nil {
				p = p.Lay(key.Change(*test.ours))
			}
			for _, at := range []struct {
				settled bool
				want    string
			}{{false, test.first}, {true, test.settled}} {
				if d := p.Changed(of(test.now), at.settled); d.String() != at.want || d.Any() != (at.want != "") {
					t.Errorf("settled %v: changed is %q, want %q", at.settled, d, at.want)
				}
			}
		})
	}
}

func TestAFieldIsDecidedThreeWays(t *testing.T) {
	high, low, normal := Value{Name: "high"}, &api.Entity{Name: "low"}, &api.Entity{ID: "3", Name: "normal"}
	for _, test := range []struct {
		name string
		made bool // this runner had made it high
		now  func(*api.Ticket)
		want Decision
	}{
		{"as in the picture", false, nil, Write},
		{"as wanted already", false, func(t *api.Ticket) { t.Priority = &api.Entity{ID: "5", Name: "high"} }, Done},
		{"as a person wanted it", false, func(t *api.Ticket) { t.Priority = low }, Person},
		{"put back", true, func(t *api.Ticket) { t.Priority = normal }, PutBack},
		{"put back, and a customer has written", true, func(t *api.Ticket) {
			t.Priority = normal
			t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "Re"})
		}, Write},
		{"made ours, then a person's", true, func(t *api.Ticket) { t.Priority = low }, Person},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := of(nil)
			if test.made {
				p = p.Remember(Change{Fields: map[string]Value{Priority: high}, From: map[string]Value{Priority: p.Fields[Priority]}})
			}
			if got := p.Decide(of(test.now), Priority, high); got != test.want {
				t.Errorf("decided %v, want %v", got, test.want)
			}
		})
	}
	unread := of(nil).Decide(of(func(t *api.Ticket) { delete(t.Fields, "Color") }), Further("Color"), key.value("blue"))
	if unread != Write {
		t.Errorf("a field that can't be read: %v", unread)
	}
	other := Key("another key").Of(ticket(nil), names)
	if got := other.Decide(of(func(t *api.Ticket) { t.Subject = "x" }), Subject, key.Change(api.TicketUpdate{Subject: new("y")}).Fields[Subject]); got != Write {
		t.Errorf("hashes of another key: %v", got)
	}
}

func TestWhatARunnerMadeIsRememberedUntilSomebodyWrites(t *testing.T) {
	p := of(nil)
	high := key.Change(api.TicketUpdate{Priority: &api.Entity{Name: "high"}})
	high.From = map[string]Value{Priority: p.Fields[Priority]}
	p = p.Remember(high)
	laid := p.Lay(high)
	if d := laid.Changed(of(nil), false); !d.OnlyPutBack() {
		t.Errorf("put back is %+v", d)
	}
	if after := laid.Absorb(of(nil)); after.Made == nil || after.Laid || after.Ours != nil {
		t.Errorf("absorbed: %+v", after)
	}
	wrote := of(func(t *api.Ticket) { t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "Re"}) })
	if d := laid.Changed(wrote, false); d.OnlyPutBack() {
		t.Errorf("with an article: %+v", d)
	}
	if after := laid.Absorb(wrote); after.Made != nil {
		t.Errorf("remembered after an article: %+v", after.Made)
	}
	// Nobody can put back what was so already.
	same := key.Change(api.TicketUpdate{Priority: &api.Entity{Name: "normal"}})
	same.From = map[string]Value{Priority: of(nil).Fields[Priority]}
	if m := of(nil).Remember(same).Made; len(m) != 0 {
		t.Errorf("made: %v", m)
	}
}

func TestClosedAndMergedAreTold(t *testing.T) {
	for _, test := range []struct {
		state, kind string
		want        string
	}{
		{"closed successful", "", Closed},
		{"merged", "", Merged},
		{"new", "", ""},
		{"Geschlossen", "closed", Closed},
		{"closed for the night", "open", ""},
		{"zusammengefasst", "merged", Merged},
	} {
		got := of(func(t *api.Ticket) {
			t.State = &api.Entity{Name: test.state}
			if test.kind != "" {
				t.Fields["StateType"] = test.kind
			}
		})
		if got.Final != test.want {
			t.Errorf("%s of type %q: %q", test.state, test.kind, got.Final)
		}
		if d := of(nil).Changed(got, true); d.Ended != test.want {
			t.Errorf("ended by somebody: %q", d.Ended)
		}
	}
}

func TestEqualNotesAreCounted(t *testing.T) {
	p := of(func(t *api.Ticket) {
		t.Notes = append(t.Notes, api.Note{ID: "11", Subject: "otai", Body: "a b"}, api.Note{ID: "12", Subject: "otai", Body: "a  b\n"}, api.Note{ID: "13", Subject: "otai", Body: "c"})
	})
	if got := p.Equal(key.Note(api.Note{Subject: "otai", Body: "<b>a b</b>", ContentType: "text/html"})); got != 3 {
		t.Errorf("HTML: %d, want 3", got)
	}
	if got := p.Equal(key.Note(api.Note{Body: "<b>a b</b>", ContentType: "text/html"})); got != 0 {
		t.Errorf("HTML without a subject: %d", got)
	}
	for _, test := range []struct {
		subject, body string
		want          int
	}{{"otai", "a b", 2}, {"otai", "c", 1}, {"otai", "d", 0}, {"", "a b", 2}, {"other", "a b", 0}} {
		if got := p.Equal(key.Note(api.Note{Subject: test.subject, Body: test.body})); got != test.want {
			t.Errorf("%q %q: %d, want %d", test.subject, test.body, got, test.want)
		}
	}
}

func TestAPictureHasNoText(t *testing.T) {
	p := of(nil).Lay(key.Change(api.TicketUpdate{Subject: new("secret title"), Fields: map[string]any{"Color": "secret color"}, Notes: []api.Note{{Subject: "secret subject", Body: "secret body", Author: "secret author"}}}))
	if text := fmt.Sprintf("%+v", p); strings.Contains(text, "secret") || strings.Contains(text, "printer") || strings.Contains(text, "burns") || strings.Contains(text, "red") {
		t.Error(text)
	}
}
