package criteria_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestATicketIsJudgedByWhatItShows(t *testing.T) {
	ticket := api.Ticket{
		Queue: &api.Entity{ID: "5", Name: "IT::VPN"}, Priority: &api.Entity{ID: "3", Name: "3 normal"}, State: &api.Entity{ID: "1", Name: "new"},
		Changed: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
		Fields:  map[string]any{"StateType": "new", "Lock": "unlock", "Type": "Incident", "DynamicField_A": "x"},
	}
	fields := func(pairs ...any) api.SearchCriteria {
		c := api.SearchCriteria{Fields: make(map[string]any)}
		for i := 0; i < len(pairs); i += 2 {
			c.Fields[pairs[i].(string)] = pairs[i+1]
		}
		return c
	}
	for name, c := range map[string]struct {
		c       api.SearchCriteria
		changed map[string]bool
		why     string
		open    []string
	}{
		"nothing is asked":         {c: api.SearchCriteria{}},
		"its queue":                {c: api.SearchCriteria{Queue: &api.Entity{Name: "IT::VPN"}}},
		"its queue by id":          {c: api.SearchCriteria{Queue: &api.Entity{ID: "5"}}},
		"another spelling":         {c: api.SearchCriteria{Queue: &api.Entity{Name: "it::vpn"}}, why: "its queue is IT::VPN"},
		"the queue above":          {c: api.SearchCriteria{Queue: &api.Entity{Name: "IT"}}, why: "its queue is IT::VPN"},
		"the queue above, and all": {c: api.SearchCriteria{Queue: &api.Entity{Name: "IT"}, Fields: map[string]any{"UseSubQueues": 1}}},
		"another priority":         {c: api.SearchCriteria{Priority: &api.Entity{Name: "4 high"}}, why: "its priority is 3 normal"},
		"other states":             {c: api.SearchCriteria{States: []api.Entity{{Name: "open"}}}, why: "its state is new"},
		"changed before":           {c: api.SearchCriteria{ChangedAfter: ticket.Changed.Add(time.Hour)}, why: "it was changed before 2026-11-30 13:00:00"},
		"changed in that second":   {c: api.SearchCriteria{ChangedAfter: ticket.Changed.Add(time.Millisecond)}},
		"open ones":                {c: fields("StateType", "Open", "Locks", []any{"unlock"})},
		"closed ones":              {c: fields("StateType", []any{"Closed"}), why: "its state is new"},
		"another lock":             {c: fields("Locks", []any{"lock"}), why: "its lock is unlock"},
		"one of several queues":    {c: fields("Queues", []any{"HR", "IT::VPN"})},
		"none of several queues":   {c: fields("Queues", []any{"HR", "IT"}), why: "its queue is IT::VPN"},
		"another type":             {c: fields("Types", "Problem"), why: "its type is Incident"},
		"what it doesn't show":     {c: fields("CustomerID", "a*", "DynamicField_A", "x", "Articles", "first"), open: []string{"CustomerID", "DynamicField_A"}},
		"an id it doesn't show":    {c: fields("TypeIDs", []any{1}), open: []string{"TypeIDs"}},
		"a field that was written": {c: fields("DynamicField_A", "x"), changed: map[string]bool{"DynamicField_A": true}},
		"written otherwise":        {c: fields("DynamicField_A", []any{"y"}), changed: map[string]bool{"DynamicField_A": true}, why: "it does not meet DynamicField_A"},
		"written, not empty":       {c: fields("DynamicField_A", map[string]any{"Empty": 1}), changed: map[string]bool{"DynamicField_A": true}, why: "it does not meet DynamicField_A"},
		"written, by pattern":      {c: fields("DynamicField_A", map[string]any{"Like": "x*"}), changed: map[string]bool{"DynamicField_A": true}, open: []string{"DynamicField_A"}},
		"one thing speaks against": {c: fields("CustomerID", "a*", "Types", "Problem"), why: "its type is Incident"},
	} {
		t.Run(name, func(t *testing.T) {
			why, open := criteria.Judge(ticket, c.c, c.changed)
			if why.String() != c.why || (c.why == "" && fmt.Sprint(open) != fmt.Sprint(c.open)) {
				t.Errorf("%q, open %v; want %q, open %v", why, open, c.why, c.open)
			}
		})
	}
	merged := ticket
	merged.State, merged.Fields = &api.Entity{Name: "merged"}, map[string]any{"StateType": "merged"}
	if why, _ := criteria.Judge(merged, api.SearchCriteria{}, nil); !why.Any() {
		t.Error("a merged ticket would be worked at")
	}
}
