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

func (s *served) misbehave(t *testing.T, rules ...Rule) {
	t.Helper()
	if err := s.SetFaults(Faults{Seed: 1, Rules: rules}); err != nil {
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

// written tells how far wholeUpdate came, by the names of its steps.
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
		{stepTitle, got.Title == "New"},
		{stepQueue, got.Queue == "IT"},
		{stepState, got.State == "open"},
		{stepPriority, got.Priority == "4 high"},
		{stepArticle, len(got.Articles) == 2},
		{stepField, got.DynamicFields["OtaiText"] == "x"},
	} {
		if is.done {
			names = append(names, is.name)
		}
	}
	return names
}

var wholeSteps = []string{stepTitle, stepQueue, stepState, stepPriority, stepArticle, stepField}

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
		rule  Rule
		want  func(reply) error
		steps []string
	}{
		"a closed connection, nothing done": {Rule{Fault: FaultClose}, eof, nil},
		"a closed connection, half done":    {Rule{Fault: FaultClose, Done: DonePart, Steps: 2}, eof, wholeSteps[:2]},
		"a closed connection, all done":     {Rule{Fault: FaultClose, Done: DoneAll}, eof, wholeSteps},
		"no answer for a while":             {Rule{Fault: FaultHang, Lasts: Duration(30 * time.Millisecond)}, eof, nil},
		"500":                               {Rule{Fault: FaultStatus}, answers(500, "text/plain", kernel), nil},
		"500 after the title":               {Rule{Fault: FaultStatus, Done: DonePart, After: stepTitle}, answers(500, "text/plain", kernel), wholeSteps[:1]},
		"500 after the note":                {Rule{Fault: FaultStatus, Done: DonePart, After: stepArticle}, answers(500, "text/plain", kernel), wholeSteps[:5]},
		"500 after a lock that isn't set":   {Rule{Fault: FaultStatus, Done: DonePart, After: stepLock}, answers(500, "text/plain", kernel), wholeSteps[:2]},
		"504 when all is done":              {Rule{Fault: FaultStatus, Status: 504, Done: DoneAll}, answers(504, "text/plain", "Gateway Timeout"), wholeSteps},
		"413":                               {Rule{Fault: FaultStatus, Status: 413}, answers(413, "text/plain", "Request Entity Too Large"), nil},
		"a proxy's page":                    {Rule{Fault: FaultStatus, Status: 502, Body: "<html>", ContentType: "text/html"}, answers(502, "text/html", "<html>"), nil},
		"half an answer":                    {Rule{Fault: FaultTruncate}, cut, wholeSteps},
		"no JSON":                           {Rule{Fault: FaultGarbage}, answers(200, "application/json", `{"TicketID":["1",`), wholeSteps},
		"another JSON, nothing done":        {Rule{Fault: FaultGarbage, Body: `[7]`, Done: DoneNothing}, answers(200, "application/json", `[7]`), nil},
		"a slow answer":                     {Rule{Fault: FaultDrip, Lasts: Duration(60 * time.Millisecond)}, slow, wholeSteps},
		"a refused login":                   {Rule{Fault: FaultAuthFail}, answers(200, "application/json", `"TicketUpdate.AuthFail"`), nil},
		"only a delay":                      {Rule{Delay: Duration(30 * time.Millisecond), DelayAfter: Duration(30 * time.Millisecond)}, slow, wholeSteps},
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
		if err := s.SetFaults(Faults{Seed: seed, Rules: []Rule{{Fault: FaultStatus, Done: DonePart}}}); err != nil {
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
	s.misbehave(t, Rule{On: []string{"ticket-create"}, Fault: FaultStatus, Done: DonePart, Steps: 1})
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
	s.misbehave(t, Rule{Delay: Duration(200 * time.Millisecond)})
	s.client.Timeout = 20 * time.Millisecond
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
		t, Rule{On: []string{"ticket-get"}, Fault: FaultHang}, Rule{On: []string{"ticket-search"}, Fault: FaultDrip, Lasts: Duration(time.Hour)},
		Rule{On: []string{"ticket-update"}, Delay: Duration(time.Hour)},
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
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := written(t, s.Server); got != nil {
		t.Errorf("an update that never came to its turn wrote %v", got)
	}
}

func TestWhichRequestsAFaultBefalls(t *testing.T) {
	for name, c := range map[string]struct {
		rules []Rule
		want  string // per request: the number of the rule, or a dot
	}{
		"each":                 {[]Rule{{}}, "111111111111"},
		"every third":          {[]Rule{{Every: 3}}, "..1..1..1..1"},
		"the second and fifth": {[]Rule{{Nth: []int{2, 5}}}, ".1..1......."},
		"twice at most":        {[]Rule{{Every: 3, Times: 2}}, "..1..1......"},
		"bursts of two":        {[]Rule{{Every: 4, Burst: 2}}, "...11..11..1"},
		"one burst of three":   {[]Rule{{Nth: []int{2}, Burst: 3, Times: 1}}, ".111........"},
		"the first rule wins":  {[]Rule{{Every: 4}, {Every: 2}}, ".2.1.2.1.2.1"},
		"of one operation":     {[]Rule{{On: []string{"ticket-get"}, Every: 2}}, "..1..1..1..1"},
		"never":                {nil, "............"},
	} {
		var ch chance
		for i := range c.rules {
			c.rules[i].Fault = FaultClose
			c.rules[i].Status = i + 1
		}
		ch.set(Faults{Rules: c.rules})
		got := ""
		for i := range 12 {
			route := "ticket-search"
			if i%3 > 0 {
				route = "ticket-get"
			}
			if tr, is := ch.next(route); is {
				got += fmt.Sprint(tr.Status)
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestChanceIsRepeatable(t *testing.T) {
	draw := func(seed uint64) (all []bool, fired int) {
		var ch chance
		ch.set(Faults{Seed: seed, Rules: []Rule{{Probability: 0.1, Fault: FaultClose}}})
		for range 1000 {
			_, is := ch.next("ticket-get")
			all = append(all, is)
		}
		return all, int(ch.counters().Rules[0].Fired)
	}
	first, fired := draw(7)
	again, _ := draw(7)
	other, _ := draw(8)
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Error("one seed must give one sequence, another seed another")
	}
	if fired < 60 || fired > 140 {
		t.Errorf("%d of 1000 at a probability of 0.1", fired)
	}
}

func TestAConnectionIsClosedAfterItsShareWithoutSayingSo(t *testing.T) {
	s := serve(t, Options{})
	if err := s.SetFaults(Faults{RequestsPerConnection: 3}); err != nil {
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

func TestFaultsAreCheckedWhenTheyAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"rules": [{"fault": "close"}]}`:     "",
		`{}`:                                  "",
		`{"rules": [{"fault": "explode"}]}`:   `rules[0].fault: "explode" is none (close, hang,`,
		`{"rules": [{"fault": "close"}, {}]}`: `rules[1].fault: says nothing`,
		`{"rules": [{"on": ["TicketGet"], "fault": "close"}]}`:               `no operation is called "TicketGet" (ticket-search,`,
		`{"rules": [{"every": 2, "nth": [1], "fault": "close"}]}`:            `give one of every, nth and probability`,
		`{"rules": [{"every": -2, "fault": "close"}]}`:                       `rules[0].every: must not be negative`,
		`{"rules": [{"nth": [0], "fault": "close"}]}`:                        `requests are counted from 1`,
		`{"rules": [{"probability": 1.5, "fault": "close"}]}`:                `between 0 and 1`,
		`{"rules": [{"burst": -1, "times": -1, "fault": "close"}]}`:          `times: must not`,
		`{"rules": [{"fault": "close", "done": "half"}]}`:                    `none of nothing, part and all`,
		`{"rules": [{"fault": "close", "after": "Queue"}]}`:                  `done: must be part`,
		`{"rules": [{"fault": "close", "done": "part", "after": "Que"}]}`:    `no step is called "Que" (Ticket, Title,`,
		`{"rules": [{"fault": "close", "done": "part", "steps": -1}]}`:       `steps: must not`,
		`{"rules": [{"fault": "truncate", "done": "nothing"}]}`:              `truncate spoils the answer`,
		`{"rules": [{"fault": "auth-fail", "done": "all"}]}`:                 `a refused login does nothing`,
		`{"rules": [{"delay": "1s", "done": "part"}]}`:                       `without a fault`,
		`{"rules": [{"fault": "close", "lasts": "1s"}]}`:                     `lasts: is for hang and drip`,
		`{"rules": [{"fault": "close", "status": 500}]}`:                     `status: is for`,
		`{"rules": [{"fault": "status", "status": 99}]}`:                     `between 200 and 599`,
		`{"rules": [{"fault": "hang", "body": "x", "headers": {"A": "b"}}]}`: `headers: hang sends none`,
		`{"rules": [{"fault": "close", "delay": "soon"}]}`:                   `"soon" is no duration; write one like 200ms`,
		`{"rules": [{"fault": "close", "delay": "-1s"}]}`:                    `"-1s" is no duration`,
		`{"rule": []}`:                    `unknown field "rule"`,
		`{} {}`:                           `something follows`,
		`{"requests_per_connection": -1}`: `requests_per_connection: must not`,
		`{"rules": [{"fault": "close", "done": "part", "steps":1,"after":"Queue"}]}`: `give one of steps and after`,
	} {
		_, err := ReadFaults(strings.NewReader(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestFaultsSurviveJSON(t *testing.T) {
	f := Faults{Seed: 9, RequestsPerConnection: 100, Rules: []Rule{{
		On: []string{"ticket-update"}, Every: 10, Burst: 2, Times: 3, Fault: FaultStatus, Done: DonePart, After: stepQueue,
		Delay: Duration(1500 * time.Millisecond), Status: 503, Headers: map[string]string{"Retry-After": "1"},
	}}}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadFaults(bytes.NewReader(text))
	if err != nil || fmt.Sprint(again) != fmt.Sprint(f) {
		t.Errorf("%s became %+v, %v", text, again, err)
	}
}

func TestAnAddedHeaderIsSent(t *testing.T) {
	s := serve(t, Options{Mode: ModeOTOBO})
	s.misbehave(t, Rule{Fault: FaultStatus, Status: 429, Headers: map[string]string{"Retry-After": "7"}})
	if r := s.send("ticket-get", `"TicketID": 1`); r.status != 429 || r.header.Get("Retry-After") != "7" {
		t.Errorf("%+v", r)
	}
}

func TestGoodTimesReturnWhenTheFaultsAreCleared(t *testing.T) {
	s := serve(t, Options{})
	s.AddTicket(NewTicket{Title: "t"})
	s.misbehave(t, Rule{Fault: FaultClose})
	if r := s.send("ticket-get", `"TicketID": 1`); r.err == nil {
		t.Errorf("%+v", r)
	}
	if got := s.Counters(); got.Requests["ticket-get"] != 1 || got.Rules[0] != (RuleCounter{Seen: 1, Fired: 1}) {
		t.Errorf("%+v", got)
	}
	if err := s.SetFaults(Faults{}); err != nil {
		t.Fatal(err)
	}
	if r := s.send("ticket-get", `"TicketID": 1`); r.err != nil || r.status != http.StatusOK {
		t.Errorf("%+v", r)
	}
	if err := s.SetFaults(Faults{Rules: []Rule{{}}}); err == nil {
		t.Error("an empty rule was taken")
	}
}
