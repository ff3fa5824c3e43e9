package helpdesk

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"go.uber.org/goleak"
)

// The orders and texts here are those of the servers' own sources; the recordings show a part of them.

const both Mode = ""

func modes(m Mode) []Mode {
	if m == both {
		return []Mode{ModeZnuny, ModeOTOBO}
	}
	return []Mode{m}
}

func TestWhatAnUpdateIsRefusedFor(t *testing.T) {
	note := func(more string) string {
		return `"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"` + more + `}`
	}
	for _, c := range []struct {
		mode      Mode
		id        string
		fields    string
		want      string // code without the operation, and message
		wantFault bool
	}{
		{both, `"TicketID": 1`, `"Ticket": "x"`, "InvalidParameter TicketUpdate: Ticket parameter is not valid!", false},
		{both, `"TicketID": 1`, `"Article": {}`, "InvalidParameter TicketUpdate: Article parameter is not valid!", false},
		{ModeOTOBO, `"TicketID": 1`, `"Article": [{"Subject": "s"}]`, "InvalidParameter TicketUpdate: Article parameter is not valid!", false},
		{both, `"TicketID": 1`, `"DynamicField": "x"`, "MissingParameter TicketUpdate: DynamicField parameter is missing or not valid!", false},
		{both, `"TicketID": 1`, `"Attachment": []`, "MissingParameter TicketUpdate: Attachment parameter is missing or not valid!", false},
		{both, `"TicketID": 1`, `"DynamicField": ["x"]`, "TicketUpdate: Ticket->DynamicField parameter is invalid!", true},
		{both, `"TicketID": 1`, `"DynamicField": {"Name": "Text"}`, "MissingParameter TicketUpdate: DynamicField->Value parameter is missing!", false},
		{both, `"TicketID": 1`, `"Ticket": {"CustomerUser": "kunde1", "Queue": "Nope", "State": "Nope"}`, "InvalidParameter TicketUpdate: Ticket->QueueID or Ticket->Queue parameter is invalid!", false},
		{both, `"TicketID": 1`, `"Ticket": {"CustomerUser": "nobody", "Queue": "Nope"}`, "InvalidParameter TicketUpdate: Ticket->CustomerUser parameter is invalid!", false},
		{both, `"TicketID": 1`, `"Ticket": {"Queue": "IT", "QueueID": 999}`, "InvalidParameter TicketUpdate: Ticket->QueueID or Ticket->Queue parameter is invalid!", false},
		{both, `"TicketID": 1`, `"Ticket": {"Queue": "Nope", "QueueID": 8}`, "Ticket queue could not be updated, please contact system administrator!", true},
		{both, `"TicketID": 1`, `"Ticket": {"Priority": "Nope", "PriorityID": 3}`, "OperationObject returned an error, cancelling Request", true},
		{both, `"TicketID": 1`, `"Ticket": {"PendingTime": {"Diff": 5, "Year": 2030}}`, "InvalidParameter TicketUpdate: Ticket->PendingTime parameter is invalid!", false},
		{both, `"TicketID": 1`, `"Attachment": {"Content": "YQ==", "ContentType": "a/b", "Filename": "f"}`, "MissingParameter TicketUpdate: To create an attachment an article is needed!", false},
		{both, `"TicketID": 1`, note("") + `, "Attachment": {"Content": "YQ==", "ContentType": "a/b"}`, "MissingParameter TicketUpdate: Attachment->Filename parameter is missing!", false},
		{ModeZnuny, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain"}`, "InvalidParameter TicketUpdate: Article->ContentType is invalid!", false},
		{ModeOTOBO, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain"}`, "", false},
		{both, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=klingon"}`, "InvalidParameter TicketUpdate: Article->ContentType is invalid!", false},
		{both, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "MimeType": "text/plain"}`, "MissingParameter TicketUpdate: Article->Charset is required!", false},
		{both, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "Charset": "utf-8"}`, "MissingParameter TicketUpdate: Article->MimeType is required!", false},
		{both, `"TicketID": 1`, `"Article": {"Subject": "s", "Body": "b", "Charset": "utf-8", "MimeType": "text"}`, "InvalidParameter TicketUpdate: Article->MimeType is invalid!", false},
		{both, `"TicketID": 1`, note(`, "CommunicationChannel": "Fax"`), "InvalidParameter TicketUpdate: Article->CommunicationChannel or Article->CommunicationChannelID parameter is invalid or not supported!", false},
		{both, `"TicketID": 1`, note(`, "SenderType": "robot"`), "InvalidParameter TicketUpdate: Article->SenderTypeID or Ticket->SenderType parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "From": "nobody"`), "InvalidParameter TicketUpdate: Article->From parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "HistoryType": "Nope"`), "InvalidParameter TicketUpdate: Article->HistoryType parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "TimeUnit": "long"`), "InvalidParameter TicketUpdate: Article->TimeUnit parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "NoAgentNotify": 2`), "InvalidParameter TicketUpdate: Article->NoAgent parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "AutoResponseType": "Nope"`), "InvalidParameter TicketUpdate: Article->AutoResponseType parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "ForceNotificationToUserID": [99]`), "InvalidParameter TicketUpdate: Article->ForceNotificationToUserID UserID=99 parameter is invalid!", false},
		{both, `"TicketID": 1`, note(`, "NoAgentNotify": 1, "TimeUnit": "1,5", "From": "\"A B\" <a@b.test>", "HistoryType": "Misc"`), "", false},
		{both, `"TicketID": 1, "TicketNumber": "nope"`, `"Ticket": {"Lock": "lock"}`, "AccessDenied TicketUpdate: User does not have access to the ticket!", false},
		{both, `"Nothing": 1`, `"Ticket": {"Lock": "lock"}`, "MissingParameter TicketUpdate: TicketID or TicketNumber is required!", false},
	} {
		for _, mode := range modes(c.mode) {
			d := newDesk(t, Options{Mode: mode})
			d.AddDynamicField(store.DynamicField{Name: "Text"})
			d.AddTicket(NewTicket{Title: "t", Queue: "HR"})
			before := len(eventTypes(t, d, 1))
			status, answer := d.post(t, "ticket-update", `{"UserLogin": "x", "Password": "`+DefaultPassword+`", `+c.id+`, `+c.fields+`}`)
			got := ""
			switch {
			case c.wantFault:
				got = strings.TrimSuffix(strings.TrimPrefix(string(answer), `{"faultcode":"Server","faultstring":"`), `"}`)
				got = strings.ReplaceAll(got, `\u003e`, ">")
			case strings.Contains(string(answer), `"Error"`):
				code, message := errorOf(t, answer)
				got = strings.TrimPrefix(code, "TicketUpdate.") + " " + message
			}
			if got != c.want || (status == http.StatusInternalServerError) != c.wantFault {
				t.Errorf("%s: %s, %s: %d %q, want %q", mode, c.id, c.fields, status, got, c.want)
			}
			if after := len(eventTypes(t, d, 1)); c.want != "" && after != before {
				t.Errorf("%s: %s wrote something", mode, c.fields)
			}
		}
	}
}

func TestAClosedTicketIsUnlockedAndAPendingTimeNeedsAPendingState(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "t", Queue: "IT"})
	d.call(t, "ticket-update", `"TicketID": 1, "Ticket": {"Lock": "lock", "PendingTime": {"Diff": 60}}`)
	if got, _ := d.Ticket(1); got.Lock != "lock" || strings.Contains(fmt.Sprint(eventTypes(t, d, 1)), "SetPendingTime") {
		t.Errorf("%+v", got)
	}
	d.call(t, "ticket-update", `"TicketID": 1, "Ticket": {"State": "closed successful"}`)
	if got, _ := d.Ticket(1); got.Lock != "unlock" || got.State != "closed successful" {
		t.Errorf("%+v", got)
	}
}

func TestTheNameCountsUnlessTheTicketHasItAlready(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "t", Queue: "HR"}) // 9; IT is 8
	for _, c := range []struct{ fields, want string }{
		{`"Queue": "IT", "QueueID": 9`, "IT"},
		{`"Queue": "IT", "QueueID": 9`, "HR"},
		{`"QueueID": "8"`, "IT"},
		{`"Queue": " HR\n"`, "HR"},
		{`"Queue": "", "QueueID": null`, "HR"},
	} {
		d.call(t, "ticket-update", `"TicketID": 1, "Ticket": {`+c.fields+`}`)
		if got, _ := d.Ticket(1); got.Queue != c.want {
			t.Errorf("%s: it is in %s, want %s", c.fields, got.Queue, c.want)
		}
	}
}

func TestOTOBOJudgesByWhatIsChanged(t *testing.T) {
	for fields, want := range map[string][2]string{ // for ro alone, and for the documented rights
		`"Ticket": {"Title": "x"}`:                                              {"", ""},
		`"Ticket": {"Lock": "lock"}`:                                            {"", ""},
		`"Ticket": {"State": "open"}`:                                           {"", ""},
		`"Ticket": {"Queue": "IT"}`:                                             {"update queue", ""},
		`"Ticket": {"PriorityID": 5}`:                                           {"update priority", ""},
		`"Ticket": {"Owner": "otheragent"}`:                                     {"update owner", "update owner"},
		`"Ticket": {"Responsible": "otheragent"}`:                               {"update responsibe", "update responsibe"},
		`"Ticket": {"State": "closed successful"}`:                              {"update state", "update state"},
		`"DynamicField": {"Name": "T", "Value": "x"}`:                           {"update dynamic fields", "update dynamic fields"},
		`"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain"}`: {"create new articles", ""},
	} {
		for i, access := range []store.Access{store.AccessRead, store.AccessDocumented} {
			d := newDesk(t, Options{Mode: ModeOTOBO})
			d.AddDynamicField(store.DynamicField{Name: "T"})
			d.SetAccess("HR", access)
			d.AddTicket(NewTicket{Title: "t", Queue: "HR"})
			message := ""
			if answer := d.call(t, "ticket-update", `"TicketID": 1, `+fields); strings.Contains(string(answer), `"Error"`) {
				_, message = errorOf(t, answer)
			}
			if want := want[i]; want != "" && message != "TicketUpdate: Does not have permissions to "+want+"!" || want == "" && message != "" {
				t.Errorf("%s with access %d: %q", fields, access, message)
			}
		}
	}
}

func TestAKnownMailAddressIsItsCustomer(t *testing.T) {
	d := newDesk(t, Options{})
	d.call(t, "ticket-create", `"Ticket": {"Title": "t", "CustomerUser": "Kunde1@example.test", "Queue": "IT", "StateID": 1, "PriorityID": 3},
		"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`)
	if got, _ := d.Ticket(1); got.Customer != "kunde1" || got.CustomerID != "ACME" || got.Owner != "open_ticket_ai" {
		t.Errorf("%+v", got)
	}
}

func TestWhatASearchIgnoresAndWhatSpoilsIt(t *testing.T) {
	d := newDesk(t, Options{})
	d.SetAccess("Hidden", store.AccessNone)
	d.AddTicket(NewTicket{Title: "Erste", Queue: "IT"})
	d.AddTicket(NewTicket{Title: "Zweite", Queue: "Hidden"})
	d.call(t, "ticket-update", `"TicketID": 1, "DynamicField": {"Name": "OtaiText", "Value": "Wert"}`)
	for fields, want := range map[string]string{
		`"Queues": ["IT", "Hidden"]`:                            "1",
		`"Queues": ["IT", "Nope"]`:                              "",
		`"QueueIDs": [8, 999]`:                                  "1",
		`"QueueIDs": ["eight"]`:                                 "",
		`"StateType": ["new", "nonsense"]`:                      "1",
		`"StateType": ["nonsense"]`:                             "",
		`"StateTypeIDs": [1]`:                                   "1",
		`"Title": ["", "%"]`:                                    "1",
		`"Title": "%rst%"`:                                      "1",
		`"TicketCreateTimeNewerDate": "2999-01-01 00:00:00"`:    "",
		`"TicketCreateTimeNewerDate": "2020-1-2 3:4:5"`:         "1",
		`"SortBy": ["Age", "Title"], "OrderBy": "Up"`:           "",
		`"SortBy": ["Age", "Title"], "OrderBy": ["Up", "Down"]`: "1",
		`"DynamicField_OtaiText": {"Equals": "wert"}`:           "1",
		`"DynamicField_OtaiText": {"Equals": ["", "*"]}`:        "1",
		`"DynamicField_OtaiText": {"SoundsLike": "x"}`:          "",
		`"DynamicField_Nope": {"Equals": "x"}`:                  "1",
		`"DynamicField": {"Name": "OtaiText", "Like": "w*"}`:    "1",
		`"DynamicField": [{"Name": "OtaiText", "Empty": 1}]`:    "",
		`"CreatedQueues": ["IT"], "CreatedPriorityIDs": [3]`:    "1",
		`"CreatedQueues": ["HR"]`:                               "",
		`"Services": ["Mail"]`:                                  "",
		`"CustomerIDRaw": "ACME"`:                               "1",
		`"MIMEBase_Subject": "erste"`:                           "1",
	} {
		if got := strings.Join(d.search(t, fields), " "); got != want {
			t.Errorf("%s: found %q, want %q", fields, got, want)
		}
	}
}

func TestCustomersSeeTheirOwn(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddCustomer("kunde1", "pw")
	d.AddCustomer("other@x.test", "pw")
	d.AddTicket(NewTicket{Title: "mine", Queue: "Secret"})
	d.AddTicket(NewTicket{Title: "theirs", Queue: "IT", CustomerUser: "other@x.test"})
	d.call(t, "ticket-update", `"TicketID": 2, "Article": {"Subject": "internal", "Body": "b", "ContentType": "text/plain; charset=utf-8", "IsVisibleForCustomer": 0}`)
	ask := func(method, route, body string) string {
		request, err := http.NewRequest(method, d.address+d.BasePath()+"/Webservice/OpenTicketAIExtra/"+route, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, _ := io.ReadAll(response.Body)
		return string(answer)
	}
	if got := ask("POST", "TicketSearch", `{"CustomerUserLogin": "kunde1", "Password": "pw"}`); got != `{"TicketID":["1"]}` {
		t.Errorf("found %s", got)
	}
	if got := ask("GET", "Ticket/2?CustomerUserLogin=kunde1&Password=pw", ""); !strings.Contains(got, "AccessDenied") {
		t.Errorf("got %s", got)
	}
	if got := ask("GET", "Ticket/2?CustomerUserLogin=other%40x.test;Password=pw&AllArticles=1", ""); !strings.Contains(got, "theirs") || strings.Contains(got, "internal") {
		t.Errorf("got %s", got)
	}
	if got := ask("POST", "TicketHistory", `{"CustomerUserLogin": "kunde1", "Password": "pw", "TicketID": 1}`); !strings.Contains(got, "AuthFail") {
		t.Errorf("got %s", got)
	}
}

func TestASessionEnds(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "t"})
	response, err := http.Post(d.address+d.BasePath()+"/Webservice/OpenTicketAIExtra/Session", "application/json",
		strings.NewReader(`{"UserLogin": "open_ticket_ai", "Password": "`+DefaultPassword+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	var created struct{ SessionID string }
	decode(t, answer, &created)
	search := func() string {
		_, answer := d.post(t, "ticket-search", `{"SessionID": "`+created.SessionID+`"}`)
		return string(answer)
	}
	if got := search(); got != `{"TicketID":["1"]}` {
		t.Errorf("with the session: %s", got)
	}
	d.EndSessions()
	if got := search(); !strings.Contains(got, "TicketSearch.AuthFail") {
		t.Errorf("after its end: %s", got)
	}
}

// TestTwoThousandTicketsUnderLoad is for the race detector and for what is left behind.
func TestTwoThousandTicketsUnderLoad(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := serve(t, Options{})
	defer s.stop()
	const tickets, clients = 2000, 8
	each := 5 // of them one is changed
	if os.Getenv("OTAI_TEST_ALL") != "" {
		each = 1
	}
	for i := range tickets {
		s.AddTicket(NewTicket{Title: fmt.Sprint("ticket ", i), Body: "b", Queue: "Incoming"})
	}
	s.client.Transport.(*http.Transport).MaxIdleConnsPerHost = clients
	began := time.Now()
	var running sync.WaitGroup
	var requests int
	var mu sync.Mutex
	for c := range clients {
		running.Go(func() {
			n := 0
			for id := 1 + c; id <= tickets; id += clients * each {
				if n%10 == 0 {
					s.send("ticket-search", `"Queues": ["Incoming"], "SortBy": "Age", "OrderBy": "Up", "Limit": 50`)
					n++
				}
				r := s.send("ticket-update", fmt.Sprintf(`"TicketID": %d, "Ticket": {"Queue": "IT", "Priority": "4 high"},
					"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8", "IsVisibleForCustomer": 0}`, id))
				if r.err != nil || r.status != http.StatusOK {
					t.Errorf("%d: %+v", id, r)
					return
				}
				n++
			}
			mu.Lock()
			requests += n
			mu.Unlock()
		})
	}
	running.Wait()
	t.Logf("%d requests in %s", requests, time.Since(began).Round(time.Millisecond))
	for i, got := range s.Tickets() {
		if i%(clients*each) < clients && (got.Queue != "IT" || got.Priority != "4 high" || len(got.Articles) != 2) {
			t.Errorf("%d is in %s with %s and %d articles", got.ID, got.Queue, got.Priority, len(got.Articles))
		}
	}
}
