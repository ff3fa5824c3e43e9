package helpdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"go.uber.org/goleak"
)

// served is a help desk on a port of its own, as [Server.Serve] makes it, with a client.
type served struct {
	*Server
	url    string
	client *http.Client
	stop   func()
}

func serve(t *testing.T, o Options) *served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{Server: New(o), url: "http://" + l.Addr().String(), client: &http.Client{Transport: &http.Transport{}}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve returned %v", err)
		}
		s.client.CloseIdleConnections()
	}
	t.Cleanup(s.stop)
	return s
}

func (s *served) misbehave(t *testing.T, rules ...chaos.Fault) {
	t.Helper()
	if err := s.SetFaults(chaos.Faults{Seed: 1, Rules: rules}); err != nil {
		t.Fatal(err)
	}
}

type reply struct {
	status int
	kind   string
	body   string
	header http.Header
	err    error // of the request, or of reading its answer
}

func (s *served) send(route, fields string) reply {
	request, err := http.NewRequest(http.MethodPost, s.url+s.BasePath()+"/Webservice/OpenTicketAI/"+route,
		strings.NewReader(`{"UserLogin": "open_ticket_ai", "Password": "`+DefaultPassword+`", `+fields+`}`))
	if err != nil {
		return reply{err: err}
	}
	// Without this a request on a connection that was used before is sent again after an EOF.
	request.GetBody = nil
	response, err := s.client.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header.Get("Content-Type"), string(body), response.Header, err}
}

const wholeUpdate = `"TicketID": 1, "Ticket": {"Title": "New", "Queue": "IT", "Priority": "4 high", "State": "open"},
	"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8", "IsVisibleForCustomer": 0},
	"DynamicField": {"Name": "OtaiText", "Value": "x"}`

// written returns the steps of wholeUpdate that were done.
func written(t *testing.T, s *Server) []string {
	t.Helper()
	got, ok := s.Ticket(1)
	if !ok {
		t.Fatal("no ticket")
	}
	var names []string
	for _, is := range []struct {
		name string
		done bool
	}{
		{operation.StepTitle, got.Title == "New"},
		{operation.StepQueue, got.Queue == "IT"},
		{operation.StepState, got.State == "open"},
		{operation.StepPriority, got.Priority == "4 high"},
		{operation.StepArticle, len(got.Articles) == 2},
		{operation.StepField, got.DynamicFields["OtaiText"] == "x"},
	} {
		if is.done {
			names = append(names, is.name)
		}
	}
	return names
}

var wholeSteps = []string{operation.StepTitle, operation.StepQueue, operation.StepState, operation.StepPriority, operation.StepArticle, operation.StepField}

func TestEachFaultDoesWhatItSays(t *testing.T) {
	eof := func(r reply) error {
		if !errors.Is(r.err, io.EOF) || r.status != 0 {
			return fmt.Errorf("want EOF, got %d %v", r.status, r.err)
		}
		return nil
	}
	answers := func(status int, kind, body string) func(reply) error {
		return func(r reply) error {
			if r.err != nil || r.status != status || !strings.HasPrefix(r.kind, kind) || !strings.Contains(r.body, body) {
				return fmt.Errorf("want %d %q %q, got %+v", status, kind, body, r)
			}
			return nil
		}
	}
	cut := func(r reply) error {
		if r.status != http.StatusOK || !errors.Is(r.err, io.ErrUnexpectedEOF) || r.body == "" || json.Valid([]byte(r.body)) {
			return fmt.Errorf("want half of an answer, got %+v", r)
		}
		return nil
	}
	slow := func(r reply) error {
		if r.err != nil || r.status != http.StatusOK || !json.Valid([]byte(r.body)) {
			return fmt.Errorf("want the whole answer, got %+v", r)
		}
		return nil
	}
	const kernel = `"faultcode":"Server"`
	for name, c := range map[string]struct {
		rule  chaos.Fault
		want  func(reply) error
		steps []string
	}{
		"a closed connection, nothing done": {chaos.Fault{Kind: chaos.KindClose}, eof, nil},
		"a closed connection, half done":    {chaos.Fault{Kind: chaos.KindClose, Done: chaos.DonePart, Steps: 2}, eof, wholeSteps[:2]},
		"a closed connection, all done":     {chaos.Fault{Kind: chaos.KindClose, Done: chaos.DoneAll}, eof, wholeSteps},
		"no answer for a while":             {chaos.Fault{Kind: chaos.KindHang, Lasts: chaos.Duration(30 * time.Millisecond)}, eof, nil},
		"500":                               {chaos.Fault{Kind: chaos.KindStatus}, answers(500, "text/plain", kernel), nil},
		"500 after the title":               {chaos.Fault{Kind: chaos.KindStatus, Done: chaos.DonePart, After: operation.StepTitle}, answers(500, "text/plain", kernel), wholeSteps[:1]},
		"500 after the note":                {chaos.Fault{Kind: chaos.KindStatus, Done: chaos.DonePart, After: operation.StepArticle}, answers(500, "text/plain", kernel), wholeSteps[:5]},
		"500 after a lock that isn't set":   {chaos.Fault{Kind: chaos.KindStatus, Done: chaos.DonePart, After: operation.StepLock}, answers(500, "text/plain", kernel), wholeSteps[:2]},
		"504 when all is done":              {chaos.Fault{Kind: chaos.KindStatus, Status: 504, Done: chaos.DoneAll}, answers(504, "text/plain", "Gateway Timeout"), wholeSteps},
		"413":                               {chaos.Fault{Kind: chaos.KindStatus, Status: 413}, answers(413, "text/plain", "Request Entity Too Large"), nil},
		"a proxy's page":                    {chaos.Fault{Kind: chaos.KindStatus, Status: 502, Body: "<html>", ContentType: "text/html"}, answers(502, "text/html", "<html>"), nil},
		"half an answer":                    {chaos.Fault{Kind: chaos.KindTruncate}, cut, wholeSteps},
		"no JSON":                           {chaos.Fault{Kind: chaos.KindGarbage}, answers(200, "application/json", `{"TicketID":["1",`), wholeSteps},
		"another JSON, nothing done":        {chaos.Fault{Kind: chaos.KindGarbage, Body: `[7]`, Done: chaos.DoneNothing}, answers(200, "application/json", `[7]`), nil},
		"a slow answer":                     {chaos.Fault{Kind: chaos.KindDrip, Lasts: chaos.Duration(60 * time.Millisecond)}, slow, wholeSteps},
		"a refused login":                   {chaos.Fault{Kind: chaos.KindAuthFail}, answers(200, "application/json", `"TicketUpdate.AuthFail"`), nil},
		"only a delay":                      {chaos.Fault{Delay: chaos.Duration(30 * time.Millisecond), DelayAfter: chaos.Duration(30 * time.Millisecond)}, slow, wholeSteps},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			s := serve(t, Options{})
			defer s.stop()
			s.AddTicket(NewTicket{Title: "Old", Queue: "Incoming"})
			s.misbehave(t, c.rule)
			began := time.Now()
			if err := c.want(s.send("ticket-update", wholeUpdate)); err != nil {
				t.Error(err)
			}
			if got := written(t, s.Server); !slices.Equal(got, c.steps) {
				t.Errorf("written were %v, want %v", got, c.steps)
			}
			least := time.Duration(c.rule.Delay+c.rule.DelayAfter+c.rule.Lasts) * 3 / 4
			if took := time.Since(began); took < least {
				t.Errorf("it took %s, want at least %s", took, least)
			}
		})
	}
}

func TestAPartEndsAnywhereButAtTheEnd(t *testing.T) {
	s := serve(t, Options{})
	s.AddTicket(NewTicket{Title: "Old", Queue: "Incoming"})
	ends := map[int]int{}
	for seed := range uint64(60) {
		s.Reset()
		s.AddTicket(NewTicket{Title: "Old", Queue: "Incoming"})
		if err := s.SetFaults(chaos.Faults{Seed: seed, Rules: []chaos.Fault{{Kind: chaos.KindStatus, Done: chaos.DonePart}}}); err != nil {
			t.Fatal(err)
		}
		s.send("ticket-update", wholeUpdate)
		steps := written(t, s.Server)
		if !slices.Equal(steps, wholeSteps[:len(steps)]) {
			t.Fatalf("written out of order: %v", steps)
		}
		ends[len(steps)]++
	}
	for n := range 7 {
		if (ends[n] > 0) != (n >= 1 && n <= 5) {
			t.Errorf("of 60 updates of 6 steps %d ended after %d: %v", ends[n], n, ends)
		}
	}
}

func TestACreationCanEndWithoutItsArticle(t *testing.T) {
	s := serve(t, Options{})
	s.misbehave(t, chaos.Fault{On: []string{"ticket-create"}, Kind: chaos.KindStatus, Done: chaos.DonePart, Steps: 1})
	r := s.send("ticket-create", `"Ticket": {"Title": "t", "Queue": "IT", "State": "new", "Priority": "3 normal", "CustomerUser": "kunde1"},
		"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`)
	got, ok := s.Ticket(1)
	if r.status != http.StatusInternalServerError || !ok || len(got.Articles) != 0 {
		t.Errorf("%+v, then %+v", r, got)
	}
}

func TestAClientThatGoesAwayDoesNotStopItsRequest(t *testing.T) {
	s := serve(t, Options{})
	s.AddTicket(NewTicket{Title: "Old", Queue: "Incoming"})
	s.misbehave(t, chaos.Fault{Delay: chaos.Duration(1500 * time.Millisecond)})
	s.client.Timeout = 300 * time.Millisecond
	if r := s.send("ticket-update", wholeUpdate); r.err == nil {
		t.Fatal("the client waited")
	}
	if got := written(t, s.Server); got != nil {
		t.Fatalf("it was not late: %v", got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(written(t, s.Server)) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the update was never done")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestStoppingEndsWhatHangsAndWhatIsDelayed(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := serve(t, Options{})
	s.AddTicket(NewTicket{Title: "Old", Queue: "Incoming"})
	s.misbehave(
		t, chaos.Fault{On: []string{"ticket-get"}, Kind: chaos.KindHang}, chaos.Fault{On: []string{"ticket-search"}, Kind: chaos.KindDrip, Lasts: chaos.Duration(time.Hour)},
		chaos.Fault{On: []string{"ticket-update"}, Delay: chaos.Duration(time.Hour)},
	)
	ended := make(chan reply)
	for _, route := range []string{"ticket-get", "ticket-search", "ticket-update"} {
		go func() { ended <- s.send(route, wholeUpdate) }()
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(s.Counters().Requests) < 3 {
		if time.Now().After(deadline) {
			t.Fatal("the requests didn't come")
		}
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	s.stop()
	for range 3 {
		if r := <-ended; r.err == nil {
			t.Errorf("got %+v", r)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	if got := written(t, s.Server); got != nil {
		t.Errorf("an update that never came to its turn wrote %v", got)
	}
}

func TestAConnectionIsClosedAfterItsShareWithoutSayingSo(t *testing.T) {
	s := serve(t, Options{})
	if err := s.SetFaults(chaos.Faults{RequestsPerConnection: 3}); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := "POST " + s.BasePath() + "/Webservice/OpenTicketAI/ticket-search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
	for range 3 {
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		if err != nil || !bytes.Contains(answer[:n], []byte("Keep-Alive")) || !bytes.Contains(answer[:n], []byte("AuthFail")) {
			t.Fatalf("%q %v", answer[:n], err)
		}
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after three answers: %d bytes, %v; want EOF", n, err)
	}
}

func TestAnAddedHeaderIsSent(t *testing.T) {
	s := serve(t, Options{Mode: ModeOTOBO})
	s.misbehave(t, chaos.Fault{Kind: chaos.KindStatus, Status: 429, Headers: map[string]string{"Retry-After": "7"}})
	if r := s.send("ticket-get", `"TicketID": 1`); r.status != 429 || r.header.Get("Retry-After") != "7" {
		t.Errorf("%+v", r)
	}
}

func TestGoodTimesReturnWhenTheFaultsAreCleared(t *testing.T) {
	s := serve(t, Options{})
	s.AddTicket(NewTicket{Title: "t"})
	s.misbehave(t, chaos.Fault{Kind: chaos.KindClose})
	if r := s.send("ticket-get", `"TicketID": 1`); r.err == nil {
		t.Errorf("%+v", r)
	}
	if got := s.Counters(); got.Requests["ticket-get"] != 1 || got.Rules[0] != (chaos.FaultCounter{Seen: 1, Fired: 1}) {
		t.Errorf("%+v", got)
	}
	if err := s.SetFaults(chaos.Faults{}); err != nil {
		t.Fatal(err)
	}
	if r := s.send("ticket-get", `"TicketID": 1`); r.err != nil || r.status != http.StatusOK {
		t.Errorf("%+v", r)
	}
	if err := s.SetFaults(chaos.Faults{Rules: []chaos.Fault{{}}}); err == nil {
		t.Error("an empty rule was taken")
	}
}
