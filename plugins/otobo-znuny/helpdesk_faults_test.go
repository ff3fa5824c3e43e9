package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// misbehave gives the built-in help desk its faults, by /_control.
func misbehave(t *testing.T, s *TicketSystem, faults map[string]any) {
	t.Helper()
	u, err := url.Parse(s.client.URL())
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(faults)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+u.Host+"/_control/faults", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("the help desk rejects the faults: %s", resp.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestWhateverTheBuiltInHelpDeskDoesToAnUpdateItEndsRight: each fault at each step
// that a write has.
func TestWhateverTheBuiltInHelpDeskDoesToAnUpdateItEndsRight(t *testing.T) {
	otai := buildOtai(t)
	t.Parallel()
	type fault = map[string]any
	faults := map[string]fault{"garbage": {"fault": "garbage", "done": "all"}, "half an answer": {"fault": "truncate", "done": "all"}, "slow drops": {"fault": "drip", "lasts": "50ms"}}
	for _, step := range []string{"Title", "Queue", "Priority", "Article"} {
		faults["closed after "+step] = fault{"fault": "close", "done": "part", "after": step}
		faults["500 after "+step] = fault{"fault": "status", "status": 500, "done": "part", "after": step}
		faults["504 after "+step] = fault{"fault": "status", "status": 504, "done": "part", "after": step}
	}
	for _, f := range faults {
		f["on"], f["nth"] = []string{"ticket-update"}, []int{1}
	}
	for _, mode := range []string{"znuny", "otobo"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s, _ := startHelpdesk(t, otai, mode)
			s.client.Retry = wire.RetryPolicy{FirstPause: 2 * time.Millisecond, MaxElapsed: 300 * time.Millisecond}
			for name, f := range faults {
				misbehave(t, s, fault{})
				id, err := s.CreateTicket(t.Context(), api.Ticket{Subject: "t", Body: "b", Queue: &api.Entity{Name: "Incoming"}, Customer: &api.Entity{Name: "kunde1"}})
				if err != nil {
					t.Fatal(err)
				}
				misbehave(t, s, fault{"rules": []fault{f}})
				title := "new " + name
				u := api.TicketUpdate{
					Subject: &title, Queue: &api.Entity{Name: "IT"}, Priority: &api.Entity{Name: "4 high"},
					Notes: []api.Note{{Subject: "one", Body: "b"}, {Subject: "two", Body: "b"}},
				}
				err = s.UpdateTicket(t.Context(), id, u)
				if errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrTemporary) {
					err = s.UpdateTicket(t.Context(), id, u)
				}
				if err != nil {
					t.Errorf("%s: %s: %v", mode, name, err)
					continue
				}
				got, err := s.GetTicket(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				subjects := ""
				for _, n := range got.Notes[1:] {
					subjects += n.Subject + " "
				}
				if is := fmt.Sprint(got.Subject, ", ", got.Queue, ", ", got.Priority, ", ", subjects); is != title+", IT, 4 high, one two " {
					t.Errorf("%s: %s: %s", mode, name, is)
				}
			}
			misbehave(t, s, fault{})
		})
	}
}
