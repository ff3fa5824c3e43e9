package bounds_test

import (
	"errors"
	"testing"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func name(n string) *api.Entity { return &api.Entity{Name: n} }
func id(n string) *api.Entity   { return &api.Entity{ID: n} }

func TestWhatIsAllowed(t *testing.T) {
	both := &bounds.Allow{
		Queues:     &bounds.Values{Names: []string{"IT", "IT::VPN"}, IDs: []string{"7"}},
		Priorities: &bounds.Values{Names: []string{"3 normal"}},
		States:     &bounds.Values{IDs: []string{"4"}},
	}
	closed := &bounds.Allow{Queues: &bounds.Values{}}
	internal := &bounds.Allow{InternalNotes: true}
	for _, tt := range []struct {
		what   string
		allow  *bounds.Allow
		update api.TicketUpdate
		field  string // refused
	}{
		{"nothing is bounded", nil, api.TicketUpdate{Queue: name("HR"), Notes: []api.Note{{VisibleToCustomer: true}}}, ""},
		{"a kind that isn't listed", internal, api.TicketUpdate{Queue: name("HR"), Fields: map[string]any{"Queue": "HR"}}, ""},
		{"a name", both, api.TicketUpdate{Queue: name("IT::VPN")}, ""},
		{"an id", both, api.TicketUpdate{Queue: id("7")}, ""},
		{"another name", both, api.TicketUpdate{Queue: name("HR")}, "queue"},
		{"another id", both, api.TicketUpdate{Queue: id("8")}, "queue"},
		{"a name in other letters", both, api.TicketUpdate{Queue: name("it")}, "queue"},
		{"a name with a space", both, api.TicketUpdate{Queue: name("IT ")}, "queue"},
		{"a name that is an allowed id", both, api.TicketUpdate{Queue: name("7")}, "queue"},
		{"an id that is an allowed name", both, api.TicketUpdate{Queue: id("IT")}, "queue"},
		{"both forms, both listed", both, api.TicketUpdate{Queue: &api.Entity{ID: "7", Name: "IT"}}, ""},
		{"both forms, the id not listed", both, api.TicketUpdate{Queue: &api.Entity{ID: "8", Name: "IT"}}, "queue"},
		{"both forms, the name not listed", both, api.TicketUpdate{Queue: &api.Entity{ID: "7", Name: "HR"}}, "queue"},
		{"neither form", both, api.TicketUpdate{Queue: &api.Entity{}}, "queue"},
		{"a listed kind in the other form", both, api.TicketUpdate{Priority: id("3")}, "priority"},
		{"a state by its name where ids are listed", both, api.TicketUpdate{State: name("closed successful")}, "state"},
		{"one of several", both, api.TicketUpdate{Queue: name("IT"), Priority: name("3 normal"), State: id("2")}, "state"},
		{"all of several", both, api.TicketUpdate{Queue: name("IT"), Priority: name("3 normal"), State: id("4"), Owner: name("anybody")}, ""},
		{"an empty list", closed, api.TicketUpdate{Queue: name("IT")}, "queue"},
		{"an empty list and no queue", closed, api.TicketUpdate{Priority: name("5")}, ""},
		{"another way to write a queue", both, api.TicketUpdate{Fields: map[string]any{"QueueID": 7}}, "fields.QueueID"},
		{"another way to write a state", both, api.TicketUpdate{Fields: map[string]any{"state": "x"}}, "fields.state"},
		{"a dynamic field", both, api.TicketUpdate{Fields: map[string]any{"DynamicField_Queue": "x", "Lock": "lock"}}, ""},
		{"an internal note", internal, api.TicketUpdate{Notes: []api.Note{{Body: "b"}}}, ""},
		{"a visible note behind it", internal, api.TicketUpdate{Notes: []api.Note{{Body: "b"}, {VisibleToCustomer: true}}}, "note.visible_to_customer"},
		{"a note that another name makes visible", internal, api.TicketUpdate{Notes: []api.Note{{Fields: map[string]any{"IsVisibleForCustomer": 1}}}}, "note.visible_to_customer"},
		{"a visible note where only queues are bounded", both, api.TicketUpdate{Notes: []api.Note{{VisibleToCustomer: true}}}, ""},
	} {
		t.Run(tt.what, func(t *testing.T) { refuses(t, tt.allow.Update(tt.update), tt.field) })
	}
}

func refuses(t *testing.T, err error, field string) {
	t.Helper()
	var denied *bounds.NotAllowed
	switch {
	case field == "":
		if err != nil {
			t.Errorf("refused: %v", err)
		}
	case !errors.As(err, &denied) || !errors.Is(err, api.ErrDenied):
		t.Errorf("got %v, want %s not allowed", err, field)
	case denied.Field != field || denied.Error() == "":
		t.Errorf("%s is refused (%v), want %s", denied.Field, err, field)
	}
}

func TestANewTicket(t *testing.T) {
	a := &bounds.Allow{Queues: &bounds.Values{Names: []string{"IT"}}, InternalNotes: true}
	for _, tt := range []struct {
		what   string
		ticket api.Ticket
		field  string
	}{
		{"in a listed queue", api.Ticket{Queue: name("IT"), Notes: []api.Note{{Body: "b"}}}, ""},
		{"in another queue", api.Ticket{Queue: name("HR")}, "queue"},
		{"in a queue that the help desk chooses", api.Ticket{}, "queue"},
		{"with a note that customers see", api.Ticket{Queue: name("IT"), Notes: []api.Note{{VisibleToCustomer: true}}}, "note.visible_to_customer"},
		{"with a state, which isn't bounded", api.Ticket{Queue: name("IT"), State: name("new")}, ""},
		{"with another way to write the queue", api.Ticket{Queue: name("IT"), Fields: map[string]any{"Queue": "HR"}}, "fields.Queue"},
	} {
		t.Run(tt.what, func(t *testing.T) { refuses(t, a.Create(tt.ticket), tt.field) })
	}
	if err := (*bounds.Allow)(nil).Create(api.Ticket{}); err != nil {
		t.Error(err)
	}
	refuses(t, a.Note(api.Note{VisibleToCustomer: true}), "note.visible_to_customer")
}

func TestWhatAllowsTheSameReadsTheSame(t *testing.T) {
	a := &bounds.Allow{Queues: &bounds.Values{Names: []string{"A", "B"}}}
	b := &bounds.Allow{Queues: &bounds.Values{Names: []string{"B", "A"}}}
	none, all := &bounds.Allow{Queues: &bounds.Values{}}, &bounds.Allow{}
	if a.String() != b.String() || a.String() == none.String() || none.String() == all.String() || (*bounds.Allow)(nil).String() != "" {
		t.Errorf("%s, %s, %s, %s", a, b, none, all)
	}
}
