package helpdesk

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
	"go.uber.org/goleak"
)

// FuzzRequests sends any values to all operations of one help desk: they answer, and what they store can be shown.
func FuzzRequests(f *testing.F) {
	f.Add("ticket-update", `{"TicketID": 1, "Ticket": {"Queue": "HR", "State": "pending reminder", "PendingTime": {"Diff": 1}}, "Article": [{"Subject": "s", "Body": "<p>", "ContentType": "text/html"}]}`)
	f.Add("ticket-search", `{"Queues": "IT", "SortBy": ["Age", "Title"], "OrderBy": [], "DynamicField_OtaiTags": {"Like": "%a*"}, "Limit": -1}`)
	f.Add("ticket-get", `{"TicketID": "1,,1", "AllArticles": 1, "Attachments": 1, "ArticleLimit": 9}`)
	f.Add("ticket-create", `{"Ticket": {"Title": "t", "Queue": "IT", "StateID": 1, "PriorityID": "3", "CustomerUser": "a@b"}, "Article": {"Subject": "s", "Body": "b", "MimeType": "x", "Charset": "y"}, "Attachment": {"Content": "YQ==", "ContentType": "z", "Filename": "f"}}`)
	f.Add("ticket-update", `{"TicketID": 1, "DynamicField": [{"Name": "OtaiTags", "Value": [["a"]]}, {"Name": "OtaiSeen", "Value": {}}]}`)
	f.Fuzz(func(t *testing.T, route, body string) {
		s := New(Options{})
		s.AddTicket(NewTicket{Title: "t", Queue: "IT"})
		to, _, ok := s.webservices[0].find("POST", "/"+route)
		if !ok {
			return
		}
		in, err := wire.DecodeBody([]byte(body), "", ModeZnuny)
		if err != nil {
			return
		}
		in["UserLogin"], in["Password"], in["SessionID"] = "open_ticket_ai", DefaultPassword, nil
		_, err = to.Run(s.system, operation.Call{Values: in, TicketData: to.ticketData})
		var failed *wire.ServerError
		if err != nil && !errors.As(err, &failed) {
			t.Fatalf("the error %v is not an answer", err)
		}
		for _, shown := range s.Tickets() {
			if shown.Number == "" || shown.Queue == "" || shown.Priority == "" || shown.State == "" || len(shown.History) == 0 {
				t.Fatalf("%s left %+v", body, shown)
			}
		}
	})
}

// desk is a help desk with a client that sends good credentials.
type desk struct {
	*Server
	address string
}

func newDesk(t *testing.T, o Options) desk {
	t.Helper()
	s := New(o)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return desk{s, server.URL}
}

func (d desk) post(t *testing.T, route, body string) (status int, answer []byte) {
	t.Helper()
	return d.send(t, route, "application/json", strings.NewReader(body))
}

func (d desk) send(t *testing.T, route, contentType string, body io.Reader) (status int, answer []byte) {
	t.Helper()
	response, err := http.Post(d.address+d.BasePath()+"/Webservice/OpenTicketAI/"+route, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// call sends fields with good credentials and wants status 200.
func (d desk) call(t *testing.T, route, fields string) []byte {
	t.Helper()
	status, answer := d.post(t, route, `{"UserLogin": "open_ticket_ai", "Password": "`+DefaultPassword+`", `+fields+`}`)
	if status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", route, status, answer)
	}
	return answer
}

func (d desk) search(t *testing.T, fields string) []string {
	t.Helper()
	var found struct{ TicketID []string }
	decode(t, d.call(t, "ticket-search", fields), &found)
	return found.TicketID
}

func decode(t *testing.T, answer []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(answer, into); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
}

func errorOf(t *testing.T, answer []byte) (code, message string) {
	t.Helper()
	var failed struct {
		Error struct{ ErrorCode, ErrorMessage string }
	}
	decode(t, answer, &failed)
	return failed.Error.ErrorCode, failed.Error.ErrorMessage
}

func eventTypes(t *testing.T, d desk, id int64) []string {
	t.Helper()
	found, ok := d.Ticket(id)
	if !ok {
		t.Fatalf("no ticket %d", id)
	}
	var all []string
	for _, e := range found.History {
		all = append(all, e.Type)
	}
	return all
}

func TestEveryChangeIsInTheHistoryOnce(t *testing.T) {
	clock := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	d := newDesk(t, Options{Now: func() time.Time { return clock }})
	id := d.AddTicket(NewTicket{Title: "Drucker", Body: "kaputt", Queue: "OpenTicketAI::Incoming"})
	clock = clock.Add(time.Minute)
	change := fmt.Sprintf(`"TicketID": %d, "Ticket": {"Title": " Printer ", "Queue": "IT", "Lock": "lock", "Type": "Incident", "State": "open",
		"CustomerUser": "a@b.test", "Priority": "4 high", "Owner": "otheragent", "Responsible": "otheragent"},
		"DynamicField": {"Name": "OtaiText", "Value": "x"}`, id)
	d.call(t, "ticket-update", change)
	want := []string{
		"NewTicket", "ServiceUpdate", "SLAUpdate", "TypeUpdate", "CustomerUpdate", "EmailCustomer",
		"TitleUpdate", "Move", "Lock", "TypeUpdate", "StateUpdate", "CustomerUpdate", "PriorityUpdate", "OwnerUpdate", "ResponsibleUpdate",
		"TicketDynamicFieldUpdate",
	}
	if got := eventTypes(t, d, id); !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
	changed, _ := d.Ticket(id)
	if move := changed.History[7]; move.Text != "OpenTicketAI::Incoming → IT" || move.User != "open_ticket_ai" || !move.Time.Equal(clock) {
		t.Errorf("the move is recorded as %+v", move)
	}

	clock = clock.Add(time.Minute)
	d.call(t, "ticket-update", change)
	if got := eventTypes(t, d, id); !slices.Equal(got, want) {
		t.Errorf("the same values again wrote history: %v", got[len(want):])
	}
	if again, _ := d.Ticket(id); !again.Changed.Equal(changed.Changed) {
		t.Error("the same values again changed the time of change")
	}
}

func TestAnUpdateChecksAllNamesBeforeItWrites(t *testing.T) {
	d := newDesk(t, Options{})
	id := d.AddTicket(NewTicket{Title: "Drucker", Queue: "IT"})
	before := eventTypes(t, d, id)
	for _, fields := range []string{
		`"Ticket": {"Queue": "HR", "Priority": "6 panic"}`,
		`"Ticket": {"Queue": "HR", "State": "Open"}`,
		`"Ticket": {"Queue": "HR", "Service": "Printing"}`,
		`"Ticket": {"Queue": "HR", "CustomerUser": "nobody"}`,
		`"Ticket": {"Queue": "HR", "PendingTime": {"Diff": "soon"}}`,
		`"Ticket": {"Queue": "HR", "State": "pending reminder", "PendingTime": {"Year": 2027, "Month": 2, "Day": 30, "Hour": 1, "Minute": 1}}`,
		`"Ticket": {"Queue": "HR"}, "Article": {"Subject": "s", "Body": "b", "ContentType": "text"}`,
		`"Ticket": {"Queue": "HR"}, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8", "SenderType": "robot"}`,
		`"Ticket": {"Queue": "HR"}, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8", "CommunicationChannel": "Fax"}`,
		`"Ticket": {"Queue": "HR"}, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"}, "Attachment": [{"Content": "!", "ContentType": "ab", "Filename": "f"}]`,
		`"Ticket": {"Queue": "HR"}, "Article": []`,
		`"Ticket": {"Queue": "HR"}, "DynamicField": {"Name": "OtaiSeen", "Value": "perhaps"}`,
		`"Ticket": ["Queue", "HR"]`,
	} {
		code, message := errorOf(t, d.call(t, "ticket-update", fmt.Sprintf(`"TicketID": %d, %s`, id, fields)))
		if code != "TicketUpdate.InvalidParameter" {
			t.Errorf("%s: %q %q", fields, code, message)
		}
	}
	if after := eventTypes(t, d, id); !slices.Equal(after, before) {
		t.Errorf("refused updates wrote %v", after[len(before):])
	}
}

func TestAnUpdateIsNotAtomic(t *testing.T) {
	d := newDesk(t, Options{})
	id := d.AddTicket(NewTicket{Title: "Drucker", Queue: "IT"})
	update := func(fields string) (int, []byte) {
		return d.post(t, "ticket-update", fmt.Sprintf(`{"UserLogin": "x", "Password": "`+DefaultPassword+`", "TicketID": %d, %s}`, id, fields))
	}

	status, answer := update(`"Ticket": {"Title": "first", "Queue": "Secret", "Priority": "5 very high"}`)
	if got, _ := d.Ticket(id); status != http.StatusInternalServerError || got.Title != "first" || got.Queue != "IT" || got.Priority != "3 normal" {
		t.Errorf("a hidden queue: status %d %s, then %q in %q with %q", status, answer, got.Title, got.Queue, got.Priority)
	}
	status, answer = update(`"Ticket": {"Queue": "HR", "State": "pending reminder"}`)
	if got, _ := d.Ticket(id); status != http.StatusOK || !bytes.Contains(answer, []byte("MissingParameter")) || got.Queue != "HR" || got.State != "new" {
		t.Errorf("pending without a time: status %d %s, then %q %q", status, answer, got.Queue, got.State)
	}
	status, _ = update(`"Ticket": {"Priority": "1 very low"}, "Article": {"Subject": "` + strings.Repeat("s", 3801) + `", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`)
	got, _ := d.Ticket(id)
	if status != http.StatusInternalServerError || got.Priority != "1 very low" || len(got.Articles) != 1 {
		t.Errorf("a subject that is too long: status %d, then %q and %d articles", status, got.Priority, len(got.Articles))
	}
	var shown struct {
		Ticket []struct{ Article []map[string]any }
	}
	decode(t, d.call(t, "ticket-get", fmt.Sprintf(`"TicketID": %d, "AllArticles": 1`, id)), &shown)
	orphan := shown.Ticket[0].Article[1]
	if _, hasBody := orphan["Body"]; hasBody || orphan["ArticleID"] == nil {
		t.Errorf("the orphan article is shown as %v", orphan)
	}
}

func TestANoteIsVisibleToTheCustomerUnlessToldOtherwise(t *testing.T) {
	d := newDesk(t, Options{})
	id := d.AddTicket(NewTicket{Title: "Drucker"})
	for _, c := range []struct {
		field string
		want  bool
	}{
		{``, true},
		{`, "IsVisibleForCustomer": 1`, true},
		{`, "IsVisibleForCustomer": 0`, false},
		{`, "IsVisibleForCustomer": "0"`, false},
	} {
		d.call(t, "ticket-update", fmt.Sprintf(`"TicketID": %d, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"%s}`, id, c.field))
		got, _ := d.Ticket(id)
		if note := got.Articles[len(got.Articles)-1]; note.VisibleForCustomer != c.want || note.SenderType != "agent" || note.Channel != "Internal" {
			t.Errorf("%q: %+v", c.field, note)
		}
	}
}

func TestASearchWithoutALimitFindsFiveHundred(t *testing.T) {
	d := newDesk(t, Options{})
	for range 501 {
		d.AddTicket(NewTicket{Title: "t", Queue: "IT"})
	}
	for fields, want := range map[string]int{
		`"Queues": ["IT"]`:               500,
		`"Queues": ["IT"], "Limit": 0`:   500,
		`"Queues": ["IT"], "Limit": 501`: 501,
		`"Queues": ["IT"], "Limit": "7"`: 7,
	} {
		if got := d.search(t, fields); len(got) != want {
			t.Errorf("%s: %d tickets, want %d", fields, len(got), want)
		}
	}
}

func TestASearchMeetsAllCriteria(t *testing.T) {
	clock := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	d := newDesk(t, Options{Now: func() time.Time { return clock }})
	d.AddTicket(NewTicket{Title: "Drucker im Büro", Body: "kein Papier", Queue: "IT::Print", Priority: "4 high"})
	clock = clock.Add(time.Hour)
	d.AddTicket(NewTicket{Title: "drucker", Queue: "IT", CustomerUser: "b@example.test", Type: "Incident"})
	clock = clock.Add(time.Hour)
	d.AddTicket(NewTicket{Title: "Urlaub", Queue: "HR", State: "open"})
	d.call(t, "ticket-update", `"TicketID": 3, "Ticket": {"Owner": "otheragent", "Lock": "lock", "State": "closed successful"}`)
	d.call(t, "ticket-update", `"TicketID": 3, "Ticket": {"Lock": "lock"},
		"DynamicField": [{"Name": "OtaiTags", "Value": ["a", "b"]}, {"Name": "OtaiSeen", "Value": 1}]`)
	for fields, want := range map[string]string{
		`"Title": "drucker"`:                                      "2",
		`"Title": "%DRUCKER%"`:                                    "2 1",
		`"Title": ["d*r", "Ur%ub"]`:                               "3 2",
		`"MIMEBase_Body": "*papier*"`:                             "1",
		`"CustomerUserLogin": "b@example.test"`:                   "2",
		`"Queues": ["IT"]`:                                        "2",
		`"Queues": ["IT"], "UseSubQueues": 1`:                     "2 1",
		`"Queues": ["it"]`:                                        "",
		`"Queues": ""`:                                            "3 2 1",
		`"PriorityIDs": [4]`:                                      "1",
		`"Priorities": ["3 normal"], "Types": ["Incident"]`:       "2",
		`"OwnerIDs": [4], "Locks": "lock"`:                        "3",
		`"StateType": "closed"`:                                   "3",
		`"States": ["new", "open"]`:                               "2 1",
		`"TicketCreateTimeNewerDate": "2026-11-22 13:00:00"`:      "3 2",
		`"TicketCreateTimeOlderDate": "2026-11-22 13:00:00"`:      "2 1",
		`"TicketCreateTimeNewerMinutes": 60`:                      "3 2",
		`"TicketCreateTimeNewerDate": "yesterday"`:                "",
		`"TicketCloseTimeNewerDate": "2026-11-22 00:00:00"`:       "3",
		`"DynamicField_OtaiTags": {"Equals": "b"}`:                "3",
		`"DynamicField_OtaiTags": {"Equals": ["x", "a"]}`:         "3",
		`"DynamicField_OtaiSeen": {"Empty": 1}`:                   "2 1",
		`"DynamicField_OtaiSeen": {"Empty": 0}`:                   "3",
		`"DynamicField_OtaiSeen": {"GreaterThan": "0"}`:           "3",
		`"SortBy": "Title", "OrderBy": "Up"`:                      "1 3 2",
		`"SortBy": ["Priority", "Age"], "OrderBy": ["Up", "Up"]`:  "2 3 1",
		`"SortBy": "Queue", "OrderBy": "Down"`:                    "1 2 3",
		`"SortBy": "Age", "OrderBy": "Sideways"`:                  "",
		`"SortBy": "DynamicField_OtaiSeen", "OrderBy": "Down"`:    "3 1 2",
		`"SortBy": "DynamicField_Nope"`:                           "",
		`"TicketID": [1, "3"], "SortBy": "Age", "OrderBy": "Up"`:  "1 3",
		`"TicketNumber": "%10000029", "CustomerID": ["", "ACME"]`: "",
	} {
		if got := strings.Join(d.search(t, fields), " "); got != want {
			t.Errorf("%s: found %q, want %q", fields, got, want)
		}
	}
}

func TestATicketShowsTheArticlesAskedFor(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "one"})
	for _, subject := range []string{"two", "three"} {
		d.call(t, "ticket-update", `"TicketID": 1, "Article": {"Subject": "`+subject+`", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`)
	}
	for fields, want := range map[string]string{
		`"AllArticles": 0`:                                             "",
		`"AllArticles": 1`:                                             "one two three",
		`"AllArticles": 1, "ArticleOrder": "DESC"`:                     "three two one",
		`"AllArticles": 1, "ArticleLimit": 2`:                          "one two",
		`"AllArticles": 1, "ArticleOrder": "DESC", "ArticleLimit": 1`:  "three",
		`"AllArticles": 1, "ArticleSenderType": ["customer"]`:          "one",
		`"AllArticles": 1, "ArticleSenderType": "agent"`:               "two three",
		`"AllArticles": 1, "ArticleSenderType": ["system"]`:            "",
		`"AllArticles": "1", "ArticleLimit": "x", "ArticleOrder": "a"`: "one two three",
	} {
		var shown struct {
			Ticket []struct{ Article []struct{ Subject string } }
		}
		decode(t, d.call(t, "ticket-get", `"TicketID": "1", `+fields), &shown)
		var got []string
		for _, a := range shown.Ticket[0].Article {
			got = append(got, a.Subject)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %q", fields, got, want)
		}
	}
}

func TestAnAttachmentComesBackUnlessItsContentIsNotWanted(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "one"})
	content := base64.StdEncoding.EncodeToString([]byte("Anhang\x00\xff"))
	d.call(t, "ticket-update", `"TicketID": 1, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"},
		"Attachment": {"Content": "`+content+`", "ContentType": "text/plain; charset=utf-8", "Filename": "a.txt"}`)
	got, _ := d.Ticket(1)
	if file := got.Articles[1].Attachments[0]; string(file.Content) != "Anhang\x00\xff" || file.Name != "a.txt" {
		t.Errorf("stored %+v", file)
	}
	for fields, want := range map[string]string{`"Attachments": 1`: content, `"Attachments": 1, "GetAttachmentContents": 0`: ""} {
		var shown struct {
			Ticket []struct {
				Article []struct {
					Attachment []struct{ Content, FileID, FilesizeRaw string }
				}
			}
		}
		decode(t, d.call(t, "ticket-get", `"TicketID": 1, "AllArticles": 1, `+fields), &shown)
		if file := shown.Ticket[0].Article[1].Attachment[0]; file.Content != want || file.FileID != "1" || file.FilesizeRaw != "8" {
			t.Errorf("%s: %+v", fields, file)
		}
	}
}

func TestABodyOfMoreThanTenMillionBytesIsRefused(t *testing.T) {
	begin := `{"UserLogin": "x", "Password": "` + DefaultPassword + `", "Title": "`
	body := begin + strings.Repeat("x", 10_000_000) + `"}`
	for _, mode := range []Mode{ModeZnuny, ModeOTOBO} {
		d := newDesk(t, Options{Mode: mode})
		if status, answer := d.post(t, "ticket-search", body); status != http.StatusRequestEntityTooLarge || string(answer) != "Payload Too Large" {
			t.Errorf("%s: %d %.80q", mode, status, answer)
		}
		if status, answer := d.post(t, "ticket-search", begin+`"}`); status != http.StatusOK {
			t.Errorf("%s: a small body: %d %.80q", mode, status, answer)
		}
	}
	d := newDesk(t, Options{Mode: ModeOTOBO})
	if status, _ := d.send(t, "ticket-search", "application/json", io.MultiReader(strings.NewReader(body))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %d", status)
	}
}

func TestEachModeStandsUnderItsPrefix(t *testing.T) {
	for _, c := range []struct {
		mode   Mode
		prefix string
		status int
	}{
		{"", "znuny", http.StatusOK},
		{ModeZnuny, "otobo", http.StatusOK},
		{ModeOTOBO, "otobo", http.StatusOK},
		{ModeOTOBO, "znuny", http.StatusNotFound},
		{ModeZnuny, "otrs", http.StatusNotFound},
	} {
		s := New(Options{Mode: c.mode, Webservice: "Own"})
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/"+c.prefix+"/nph-genericinterface.pl/Webservice/Own/ticket-get", nil))
		if w.Code != c.status {
			t.Errorf("%q at /%s: status %d, want %d", c.mode, c.prefix, w.Code, c.status)
		}
	}
}

func TestWhoIsLetIn(t *testing.T) {
	d := newDesk(t, Options{Login: "robot", Password: "secret-1"})
	d.AddSession("session-1")
	for body, want := range map[string]string{
		`{"TicketID": 9, "UserLogin": "robot", "Password": "secret-1"}`:                           "TicketUpdate.AccessDenied TicketUpdate: User does not have access to the ticket!",
		`{"TicketID": 9, "UserLogin": "any", "Password": "secret-1"}`:                             "TicketUpdate.AccessDenied TicketUpdate: User does not have access to the ticket!",
		`{"TicketID": 9, "SessionID": "session-1"}`:                                               "TicketUpdate.AccessDenied TicketUpdate: User does not have access to the ticket!",
		`{"TicketID": 9, "SessionID": "session-2", "UserLogin": "robot", "Password": "secret-1"}`: "TicketUpdate.AuthFail TicketUpdate: User could not be authenticated!",
		`{"TicketID": 9, "UserLogin": "robot", "Password": "Secret-1"}`:                           "TicketUpdate.AuthFail TicketUpdate: User could not be authenticated!",
		`{"TicketID": 9, "CustomerUserLogin": "kunde1", "Password": "secret-1"}`:                  "TicketUpdate.AuthFail TicketUpdate: User could not be authenticated!",
		`{"TicketID": 9, "UserLogin": "robot"}`:                                                   "TicketUpdate.MissingParameter TicketUpdate: Password or SessionID is required!",
		`{"TicketID": 9, "Password": "secret-1"}`:                                                 "TicketUpdate.MissingParameter TicketUpdate: UserLogin, CustomerUserLogin or SessionID is required!",
		`{"UserLogin": "robot", "Password": "secret-1"}`:                                          "TicketUpdate.MissingParameter TicketUpdate: TicketID or TicketNumber is required!",
	} {
		_, answer := d.post(t, "ticket-update", body)
		if code, message := errorOf(t, answer); code+" "+message != want {
			t.Errorf("%s: %s %s", body, code, message)
		}
	}
}

func TestAccessDecidesWhatTheAgentMayDo(t *testing.T) {
	for _, c := range []struct {
		mode                      Mode
		access                    store.Access
		found, shown, set, create bool
	}{
		{ModeZnuny, store.AccessFull, true, true, true, true},
		{ModeZnuny, store.AccessDocumented, true, true, false, false},
		{ModeOTOBO, store.AccessDocumented, true, true, true, false},
		{ModeZnuny, store.AccessRead, true, true, false, false},
		{ModeOTOBO, store.AccessRead, true, true, false, false},
		{ModeZnuny, store.AccessNone, false, false, false, false},
	} {
		d := newDesk(t, Options{Mode: c.mode})
		d.SetAccess("Q", c.access)
		d.AddTicket(NewTicket{Title: "t", Queue: "Q"})
		succeeds := func(route, fields string) bool {
			return !bytes.Contains(d.call(t, route, fields), []byte("AccessDenied"))
		}
		found := len(d.search(t, `"Queues": ["Q"]`)) == 1
		shown := succeeds("ticket-get", `"TicketID": 1`)
		set := succeeds("ticket-update", `"TicketID": 1, "Ticket": {"Priority": "4 high"}`)
		create := succeeds("ticket-create", `"Ticket": {"Title": "t", "Queue": "Q", "State": "new", "Priority": "3 normal", "CustomerUser": "kunde1"},
			"Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`)
		if found != c.found || shown != c.shown || set != c.set || create != c.create {
			t.Errorf("%s, access %d: found %t, shown %t, changed %t, created %t", c.mode, c.access, found, shown, set, create)
		}
	}
}

func TestANewTicketNeedsItsFields(t *testing.T) {
	d := newDesk(t, Options{})
	article := `, "Article": {"Subject": "s", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`
	for fields, want := range map[string]string{
		`"Article": {"Subject": "s"}`: "MissingParameter",
		`"Ticket": {"Title": "t"}`:    "MissingParameter",
		`"Ticket": {"Title": "t", "CustomerUser": "kunde1", "Queue": "IT", "State": "new", "Priority": "3 normal"}, "Article": {"Subject": "s"}`: "MissingParameter",
		`"Ticket": {"Title": " ", "CustomerUser": "kunde1", "Queue": "IT", "State": "new", "Priority": "3 normal"}` + article:                    "MissingParameter",
		`"Ticket": {"Title": "t", "CustomerUser": "kunde1", "State": "new", "Priority": "3 normal"}` + article:                                   "MissingParameter",
		`"Ticket": {"Title": "t", "CustomerUser": "kunde1", "Queue": "IT", "Priority": "3 normal"}` + article:                                    "MissingParameter",
		`"Ticket": {"Title": "t", "CustomerUser": "kunde1", "Queue": "IT", "State": "new"}` + article:                                            "MissingParameter",
		`"Ticket": {"Title": "t", "CustomerUser": "kunde1", "Queue": "IT", "State": "gone", "Priority": "3 normal"}` + article:                   "InvalidParameter",
	} {
		code, message := errorOf(t, d.call(t, "ticket-create", fields))
		if code != "TicketCreate."+want {
			t.Errorf("%s: %s %s", fields, code, message)
		}
	}
	if len(d.Tickets()) != 0 {
		t.Errorf("refused requests made %d tickets", len(d.Tickets()))
	}
	d.call(t, "ticket-create", `"Ticket": {"Title": "t", "CustomerUser": "kunde1", "Queue": "IT", "State": "pending reminder", "Priority": "3 normal",
		"PendingTime": {"Year": 2030, "Month": "6", "Day": 30, "Hour": 8, "Minute": 5}}`+article)
	got, ok := d.Ticket(1)
	if !ok || got.CustomerID != "ACME" || got.Owner != "open_ticket_ai" || got.Articles[0].To != "IT" ||
		!got.PendingUntil.Equal(time.Date(2030, 6, 30, 8, 5, 0, 0, time.UTC)) {
		t.Errorf("created %+v", got)
	}
}

func TestThePageShowsHostileTicketsAsText(t *testing.T) {
	d := newDesk(t, Options{})
	hostile := `<script>alert("x")</script>`
	id := d.AddTicket(NewTicket{Title: hostile, Body: "</pre>" + hostile, Queue: hostile, Priority: hostile, State: hostile, CustomerUser: hostile, From: hostile})
	d.AddTicket(NewTicket{Title: "second", Queue: "IT"})
	for path, parts := range map[string][]string{
		"/": {
			"<title>otai help desk</title>", `http-equiv="refresh" content="3"`, `href="/tickets/1"`,
			"&lt;script&gt;", "second", "3 normal", "2 tickets",
		},
		fmt.Sprintf("/tickets/%d", id): {"&lt;script&gt;", "NewTicket", "EmailCustomer"},
	} {
		response, err := http.Get(d.address + path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Security-Policy") == "" {
			t.Fatalf("%s: %d, %v, %v", path, response.StatusCode, err, response.Header)
		}
		if strings.Contains(string(page), "<script") {
			t.Errorf("%s: a ticket's markup is live", path)
		}
		for _, part := range parts {
			if !strings.Contains(string(page), part) {
				t.Errorf("%s lacks %q", path, part)
			}
		}
	}
	for _, path := range []string{"/tickets/99", "/tickets/x", "/tickets/", "/favicon.ico"} {
		response, err := http.Get(d.address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
}

func TestManyClientsAtOnceLoseNothing(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddTicket(NewTicket{Title: "t", Queue: "IT"})
	const clients, notes = 8, 10
	var running sync.WaitGroup
	for c := range clients {
		running.Go(func() {
			for n := range notes {
				d.call(t, "ticket-update", fmt.Sprintf(`"TicketID": 1, "Ticket": {"PriorityID": %d},
					"Article": {"Subject": "%d-%d", "Body": "b", "ContentType": "text/plain; charset=utf-8"}`, 1+n%5, c, n))
				d.search(t, `"Queues": ["IT"]`)
				d.AddTicket(NewTicket{Title: "more", Queue: fmt.Sprint("Q", c)})
				d.Tickets()
			}
		})
	}
	running.Wait()
	got, _ := d.Ticket(1)
	seen := map[string]bool{}
	for _, a := range got.Articles {
		seen[a.Subject] = true
	}
	if len(got.Articles) != 1+clients*notes || len(seen) != 1+clients*notes || len(d.Tickets()) != 1+clients*notes {
		t.Errorf("%d articles, %d of them different, %d tickets", len(got.Articles), len(seen), len(d.Tickets()))
	}
}

func TestASnapshotDoesNotChange(t *testing.T) {
	d := newDesk(t, Options{})
	d.AddDynamicField(store.DynamicField{Name: "Tags", Kind: store.FieldMultiselect, Values: []string{"x", "y"}})
	d.AddTicket(NewTicket{Title: "t"})
	d.call(t, "ticket-update", `"TicketID": 1, "DynamicField": {"Name": "Tags", "Value": ["x"]}`)
	first, _ := d.Ticket(1)
	first.DynamicFields["Tags"].([]string)[0] = "spoiled"
	first.Articles[0].Subject = "spoiled"
	d.call(t, "ticket-update", `"TicketID": 1, "Ticket": {"Title": "new"}`)
	second, _ := d.Ticket(1)
	if first.Title != "t" || second.Title != "new" || second.Articles[0].Subject != "t" || second.DynamicFields["Tags"].([]string)[0] != "x" {
		t.Errorf("first %+v, second %+v", first, second)
	}
}

func TestServeEndsWithItsContextAndMayBeginAgain(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := New(Options{})
	s.AddTicket(NewTicket{Title: "kept"})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(ctx, l) }()
		response, err := client.Get("http://" + l.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if !bytes.Contains(page, []byte("kept")) {
			t.Error("the ticket is gone")
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve returned %v", err)
		}
		if _, err := client.Get("http://" + l.Addr().String() + "/"); err == nil {
			t.Error("the address still answers")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := s.Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("on a closed listener Serve returned %v", err)
	}
}
