package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/recorded"
)

func TestASearchAsksForTheOldestAndAlwaysForALimit(t *testing.T) {
	d := newDesk(t)
	found, err := d.service(func(p *Params) { p.TimeZone = "Europe/Berlin" }).FindTickets(t.Context(), api.SearchCriteria{
		Queue: &api.Entity{Name: "Incoming", ID: "6"}, Priority: &api.Entity{ID: "3"}, States: []api.Entity{{Name: "new"}, {Name: "open"}},
		ChangedAfter: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Limit: 1, Offset: 1,
		Fields: map[string]any{"DynamicField_A": "x", "DynamicField_B": map[string]any{"Empty": 1}, "UseSubQueues": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].ID != "2" {
		t.Errorf("found %v, want the second", found)
	}
	got := d.sent("ticket-search")[0]
	for key, want := range map[string]any{
		"Limit": 2.0, "SortBy": []any{"Age", "TicketNumber"}, "OrderBy": []any{"Up", "Up"},
		"Queues": []any{"Incoming"}, "PriorityIDs": []any{"3"}, "States": []any{"new", "open"}, "QueueIDs": nil, "Offset": nil,
		"TicketChangeTimeNewerDate": "2026-11-22 13:00:00",
		"DynamicField_A":            map[string]any{"Equals": "x"}, "DynamicField_B": map[string]any{"Empty": 1.0}, "UseSubQueues": 1.0,
	} {
		if !reflect.DeepEqual(got[key], want) {
			t.Errorf("%s is %#v, want %#v", key, got[key], want)
		}
	}
	get := d.sent("ticket-get")[0]
	if get["AllArticles"] != 1.0 || get["DynamicFields"] != 1.0 {
		t.Errorf("get is %v", get)
	}
}

func TestASearchWithoutLimitIsForTen(t *testing.T) {
	d := newDesk(t)
	if _, err := d.service().FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	if got := d.sent("ticket-search")[0]["Limit"]; got != 10.0 {
		t.Errorf("Limit is %v", got)
	}
}

func TestCriteriaThatTheServersWouldIgnoreAreRefused(t *testing.T) {
	s := newDesk(t).service()
	for name, c := range map[string]api.SearchCriteria{
		"unknown key":   {Fields: map[string]any{"Page": 2}},
		"mixed states":  {States: []api.Entity{{Name: "new"}, {ID: "4"}}},
		"empty queue":   {Queue: &api.Entity{}},
		"negative":      {Limit: -1},
		"negative skip": {Offset: -1},
	} {
		if _, err := s.FindTickets(t.Context(), c); !errors.Is(err, api.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingFoundIsAnEmptyListAndNoFurtherRequest(t *testing.T) {
	s := replay(t, recorded.Answers(t)["znuny/search-empty-queue"])
	found, err := s.FindTickets(t.Context(), api.SearchCriteria{})
	if err != nil || found == nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestManyTicketsAreReadInBatches(t *testing.T) {
	d := newDesk(t)
	for id := 4; id <= 120; id++ {
		d.addTicket(strconv.Itoa(id))
	}
	found, err := d.service().FindTickets(t.Context(), api.SearchCriteria{Limit: 1000})
	if err != nil || len(found) != 120 {
		t.Fatalf("found %d, %v", len(found), err)
	}
	if n := len(d.requests); n != 1+3 {
		t.Errorf("%d requests", n)
	}
}

func TestATicketThatCantBeReadIsLeftOutAndTheOthersAreRead(t *testing.T) {
	d := newDesk(t)
	for id := 4; id <= 50; id++ {
		d.addTicket(strconv.Itoa(id))
	}
	d.tickets["17"]["Locked"] = true
	found, err := d.service().FindTickets(t.Context(), api.SearchCriteria{Limit: 50})
	if err != nil || len(found) != 49 {
		t.Fatalf("found %d, %v", len(found), err)
	}
	for i, ticket := range found {
		want := i + 1
		if want >= 17 {
			want++
		}
		if ticket.ID != strconv.Itoa(want) {
			t.Fatalf("ticket %d is %s: the order is lost", i, ticket.ID)
		}
	}
	if n := len(d.sent("ticket-get")); n > 13 {
		t.Errorf("%d requests for one bad ticket", n)
	}
}

func TestReadsAreRepeated(t *testing.T) {
	for name, plan := range map[string][]trouble{
		"closed":     {closeUnread, closeUnread},
		"down":       {unavailable},
		"half":       {halfAnswer},
		"500":        {failDone},
		"504, close": {gatewayDone, closeUnread},
	} {
		d := newDesk(t)
		d.will("ticket-search", plan...)
		d.will("ticket-get", plan...)
		if name == "500" { // the sentence about the queue belongs to updates
			d.will("ticket-search", unavailable)
			d.will("ticket-get", unavailable)
		}
		found, err := d.service().FindTickets(t.Context(), api.SearchCriteria{})
		if err != nil || len(found) != 3 {
			t.Errorf("%s: found %d, %v", name, len(found), err)
		}
	}
}

func TestFetchTicketsNeedsNoCriteria(t *testing.T) {
	d := newDesk(t)
	result, err := fetchTickets(t.Context(), fetchParams{Tickets: d.service()}, api.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if found := result.Data["fetched_tickets"].([]api.Ticket); !result.Succeeded() || len(found) != 3 {
		t.Errorf("result is %v", result)
	}
	result, err = fetchTickets(t.Context(), fetchParams{Tickets: d.service(), Criteria: &api.SearchCriteria{Limit: 2}}, api.Scope{})
	if err != nil || len(result.Data["fetched_tickets"].([]api.Ticket)) != 2 {
		t.Errorf("result is %v, %v", result, err)
	}
}

func TestATicketIsCreatedWithItsTextAndNotes(t *testing.T) {
	d := newDesk(t)
	d.addTicket("9")
	s := d.service()
	ticket := api.Ticket{
		Subject: "Drucker", Body: "druckt nicht", Queue: &api.Entity{Name: "Incoming"}, Customer: &api.Entity{Name: "kunde1"},
		Fields: map[string]any{"Type": "Incident"}, Notes: []api.Note{{Subject: "n", Body: "b"}},
	}
	id, err := s.CreateTicket(t.Context(), ticket)
	if err != nil || id != "9" {
		t.Fatalf("id is %q, %v", id, err)
	}
	got := d.sent("ticket-create")[0]
	if want := "map[CustomerUser:kunde1 Priority:3 normal Queue:Incoming State:new Title:Drucker Type:Incident]"; fmt.Sprint(got["Ticket"]) != want {
		t.Errorf("Ticket is %v", got["Ticket"])
	}
	if a := got["Article"].(map[string]any); a["SenderType"] != "customer" || a["IsVisibleForCustomer"] != 1.0 || a["Body"] != "druckt nicht" {
		t.Errorf("Article is %v", a)
	}
	if notes := d.notes("9"); !slices.Equal(notes, []string{"n"}) {
		t.Errorf("notes are %q", notes)
	}
	d.will("ticket-create", closeDone)
	if _, err := s.CreateTicket(t.Context(), ticket); !errors.Is(err, api.ErrUncertain) {
		t.Errorf("a lost answer: %v", err)
	}
	if n := len(d.sent("ticket-create")); n != 2 {
		t.Errorf("%d requests", n)
	}
	ticket.Customer = nil
	if _, err := s.CreateTicket(t.Context(), ticket); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "customer") {
		t.Errorf("without customer: %v", err)
	}
}
