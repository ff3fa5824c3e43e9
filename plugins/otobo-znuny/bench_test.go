package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// counted counts the requests that pass.
type counted struct {
	http.RoundTripper
	n atomic.Int64
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

func count(s *TicketSystem) *counted {
	c := &counted{}
	s.client.WrapTransport(func(inner http.RoundTripper) http.RoundTripper { c.RoundTripper = inner; return c })
	return c
}

func TestAThousandTicketsAreFetchedInAtMost25Requests(t *testing.T) {
	d := newDesk(t)
	for id := 4; id <= 1000; id++ {
		d.addTicket(strconv.Itoa(id))
	}
	s := d.service()
	c := count(s)
	found, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 1000})
	if err != nil || len(found) != 1000 || len(found[999].Notes) != 1 {
		t.Fatalf("found %d, %v", len(found), err)
	}
	if n := c.n.Load(); n > 25 {
		t.Errorf("%d requests", n)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRequests is the client's own CPU time for each kind of request, with the
// help desk in another process: system calls, JSON and all.
func BenchmarkRequests(b *testing.B) {
	otai := buildOtai(b)
	desk, _ := startHelpdesk(b, otai, "znuny")
	s, err := newTicketSystem(Params{BaseURL: desk.client.URL()[:len(desk.client.URL())-len("/Webservice/OpenTicketAI")], Password: deskPassword},
		api.NewHost(api.HostOptions{App: api.AppConfig{StateDir: b.TempDir()}}))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c := count(s)
	found, err := s.FindTickets(b.Context(), api.SearchCriteria{Limit: 30})
	if err != nil {
		b.Fatal(err)
	}
	measure := func(name string, f func(i int) error) {
		b.Run(name, func(b *testing.B) {
			before, sent := cpu(), c.n.Load()
			for i := range b.N {
				if err := f(i); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(c.n.Load()-sent), "cpu-ms/request")
			b.ReportMetric(float64(c.n.Load()-sent)/float64(b.N), "requests/op")
			b.ReportMetric(0, "ns/op")
		})
	}
	measure("search", func(int) error { _, err := s.searchIDs(b.Context(), wire.Message{}, 10); return err })
	measure("get", func(i int) error { _, err := s.GetTicket(b.Context(), found[i%len(found)].ID); return err })
	measure("update", func(i int) error {
		return s.UpdateTicket(b.Context(), found[i%len(found)].ID, api.TicketUpdate{
			Queue: &api.Entity{Name: "IT"}, Priority: &api.Entity{ID: strconv.Itoa(1 + i%5)},
		})
	})
	var fresh []string
	for i := range 1000 {
		id, err := s.CreateTicket(b.Context(), api.Ticket{
			Subject: fmt.Sprint("ticket ", i), Body: "Hello", Queue: &api.Entity{Name: "HR"}, Customer: &api.Entity{Name: "kunde1"},
		})
		if err != nil {
			b.Fatal(err)
		}
		fresh = append(fresh, id)
	}
	measure("update with a note", func(i int) error {
		return s.UpdateTicket(b.Context(), fresh[i%len(fresh)], api.TicketUpdate{
			Priority: &api.Entity{ID: strconv.Itoa(1 + i%5)}, Notes: []api.Note{{Subject: "s", Body: "note " + strconv.Itoa(i)}},
		})
	})
	measure("fetch 1000 tickets", func(int) error {
		found, err := s.FindTickets(b.Context(), api.SearchCriteria{Queue: &api.Entity{Name: "HR"}, Limit: 1000})
		if err == nil && len(found) != 1000 {
			return fmt.Errorf("found %d", len(found))
		}
		return err
	})
}
