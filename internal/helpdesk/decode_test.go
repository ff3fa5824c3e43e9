package helpdesk

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestValuesCountAsPerlCountsThem(t *testing.T) {
	in, err := decodeBody([]byte(`{"int": 12345, "big": 12345678901234567890, "one": 1.0, "half": 0.5, "yes": true, "no": false, "null": null,
		"empty": "", "zero": 0, "zeroText": "0", "text": " a ", "list": [], "object": {}}`), "", ModeZnuny)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]struct {
		text string
		has  bool
	}{
		"int": {"12345", true}, "big": {"1.23456789012346e+19", true}, "one": {"1", true}, "half": {"0.5", true}, "yes": {"1", true},
		"no": {"0", false}, "null": {"", false}, "absent": {"", false}, "empty": {"", false}, "zero": {"0", false},
		"zeroText": {"0", false}, "text": {" a ", true}, "list": {"", true}, "object": {"", true},
	} {
		if in.text(key) != want.text || in.has(key) != want.has {
			t.Errorf("%s: %q, given %t", key, in.text(key), in.has(key))
		}
	}
}

func TestALoneSurrogateIsFound(t *testing.T) {
	for text, want := range map[string]bool{
		`"\ud83d\ude00"`:       false,
		`"\ud83d"`:             true,
		`"\ud83dx"`:            true,
		`"\ude00\ud83d"`:       true,
		`"\ud83d\ud83d\ude00"`: true,
		`"\ude00"`:             true,
		`"\\ud83d"`:            false,
		`"\\\ud83d"`:           true,
		`"\"\u00fc\n"`:         false,
		`"\uD83D\\uDE00"`:      true,
	} {
		if got := hasLoneSurrogate([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, seed := range []string{
		`{"UserLogin": "open_ticket_ai", "Password": "x", "TicketID": ["1", 2], "Ticket": {"Queue": "IT"}}`,
		`{}`, `[]`, `[1]`, `"x"`, `null`, `1e999`, "\ufeff{}", `{"a": "\ud83d"}`, `{"a": "\ud83d\ude00"}`, "{\"a\": \"\xff\"}", `{"a":1} {}`, ``,
		strings.Repeat("[", 20000),
	} {
		f.Add([]byte(seed), "application/json; charset=utf-8", true)
		f.Add([]byte(seed), "application/json; charset=iso-8859-1", false)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string, znuny bool) {
		mode := ModeOTOBO
		if znuny {
			mode = ModeZnuny
		}
		in, err := decodeBody(body, contentType, mode)
		if err != nil {
			var failed *failure
			if !errors.As(err, &failed) || failed.status != 500 {
				t.Fatalf("the error %v is no answer", err)
			}
			return
		}
		if len(in) == 0 {
			if len(body) != 0 {
				t.Fatalf("%q became nothing", body)
			}
			return
		}
		again := encode(object(in))
		if !utf8.Valid(again) {
			t.Fatalf("%q holds text that is not UTF-8", again)
		}
		second, err := decodeBody(again, "application/json", ModeZnuny)
		if err != nil || !reflect.DeepEqual(in, second) {
			t.Fatalf("%q became %v, and after a round trip %v (%v)", body, in, second, err)
		}
	})
}

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
		in, err := decodeBody([]byte(body), "", ModeZnuny)
		if err != nil {
			return
		}
		in["UserLogin"], in["Password"], in["SessionID"] = "open_ticket_ai", DefaultPassword, nil
		_, err = to.run(s.system, call{fields: in, ticketData: to.ticketData})
		var failed *failure
		if err != nil && !errors.As(err, &failed) {
			t.Fatalf("the error %v is no answer", err)
		}
		for _, shown := range s.Tickets() {
			if shown.Number == "" || shown.Queue == "" || shown.Priority == "" || shown.State == "" || len(shown.History) == 0 {
				t.Fatalf("%s left %+v", body, shown)
			}
		}
	})
}
