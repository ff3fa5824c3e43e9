package helpdesk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// exchange is a recorded request with its answer; status 0 is a connection that was closed without one. Of a long answer only
// the beginning is kept, and Cut says how many bytes it had.
type exchange struct {
	Name, Method, Path string
	Header             map[string]string
	Body               string
	Status             int
	Type, Answer       string
	Cut                int
}

// deviations are the exchanges that the help desk answers otherwise than the real server did, each with the reason. More than ten
// are too many.
var deviations = map[string]string{
	"session-create":   "a session's id is drawn",
	"session-create-2": "a session's id is drawn",
	"session-get":      "its times are in values whose keys don't say so, and when an agent last changed its password is unknown",
}

func recordings(t *testing.T, file string) map[string]exchange {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]exchange{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all[e.Name] = e
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// replay sends the named exchanges and compares the answers with the recorded ones.
type replay struct {
	desk    *Server
	address string
	clock   time.Time
	all     map[string]exchange
	sent    map[string]bool
}

func newReplay(t *testing.T, mode Mode, start string) *replay {
	t.Helper()
	r := &replay{all: recordings(t, "testdata/"+string(mode)+".jsonl"), sent: map[string]bool{}}
	r.at(t, start)
	r.desk = New(Options{Mode: mode, Password: "otai-dummy-pw-0001", Now: func() time.Time { return r.clock }})
	server := httptest.NewServer(r.desk.Handler())
	t.Cleanup(server.Close)
	r.address = server.URL
	return r
}

func (r *replay) at(t *testing.T, clock string) {
	t.Helper()
	at, err := time.Parse(time.DateTime, "2026-11-22 "+clock)
	if err != nil {
		t.Fatal(err)
	}
	r.clock = at
}

func (r *replay) send(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		e, ok := r.all[name]
		if !ok {
			t.Fatalf("no recording is called %q", name)
		}
		r.sent[name] = true
		t.Run(name, func(t *testing.T) { r.compare(t, e) })
	}
}

func (r *replay) compare(t *testing.T, e exchange) {
	status, contentType, body, err := r.do(e)
	if e.Status == 0 {
		if !errors.Is(err, io.EOF) {
			t.Fatalf("got status %d and error %v, want a connection closed without an answer", status, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if status != e.Status || !strings.EqualFold(contentType, e.Type) {
		t.Errorf("got %d %q, recorded %d %q", status, contentType, e.Status, e.Type)
	}
	switch {
	case e.Status == http.StatusNotFound: // the page has words of its own
	case e.Cut > 0:
		compareBeginning(t, e, body)
	case strings.HasPrefix(e.Answer, "{"):
		got, want := r.normal(t, body), r.normal(t, []byte(e.Answer))
		if reason := deviations[e.Name]; reason != "" {
			if reflect.DeepEqual(got, want) {
				t.Errorf("this is not a deviation: %s", reason)
			}
			wantSameKeys(t, got, want)
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the answers differ%s\ngot      %s\nrecorded %s", difference("", got, want), body, e.Answer)
		}
	case string(body) != e.Answer:
		t.Errorf("got %q, recorded %q", body, e.Answer)
	}
}

var (
	// visible is a key with its value, as long as it isn't a long text.
	visible = regexp.MustCompile(`"\w+":("[^"]{0,200}"|-?\d+|null)[,}]`)
	long    = regexp.MustCompile(`\{\{(LINES|LETTERS) (\d+)\}\}`)
)

// compareBeginning wants every key and value that the recording shows, and as many bytes, give or take those of an age.
func compareBeginning(t *testing.T, e exchange, body []byte) {
	t.Helper()
	if off := len(body) - e.Cut; off < -8 || off > 8 {
		t.Errorf("got %d bytes, recorded %d", len(body), e.Cut)
	}
	beginning, _, _ := strings.Cut(e.Answer, `"Body":"Zeile`)
	shown := 0
	for _, pair := range visible.FindAllString(beginning, -1) {
		key, _, _ := strings.Cut(strings.TrimPrefix(pair, `"`), `"`)
		if withoutTimes(key, "1") != "1" {
			continue
		}
		shown++
		if !bytes.Contains(body, []byte(pair[:len(pair)-1])) {
			t.Errorf("the answer lacks %s", pair[:len(pair)-1])
		}
	}
	if shown == 0 {
		t.Error("the recording shows nothing")
	}
}

// writtenOut replaces what stands in a recorded request for a long text.
func writtenOut(body string) string {
	return long.ReplaceAllStringFunc(body, func(found string) string {
		part := long.FindStringSubmatch(found)
		n, _ := strconv.Atoi(part[2])
		if part[1] == "LETTERS" {
			return strings.Repeat("x", n)
		}
		return strings.Repeat(strings.Repeat("Zeile äöü 0123456789 ", 47)+`\n`, n)
	})
}

func (r *replay) do(e exchange) (status int, contentType string, body []byte, err error) {
	content := bytes.ReplaceAll([]byte(writtenOut(e.Body)), []byte("\uFFFD"), []byte{0xFF})
	var reader io.Reader = bytes.NewReader(content)
	if e.Header["Transfer-Encoding"] == "chunked" {
		_, text, _ := strings.Cut(e.Body, "\r\n")
		text, _, _ = strings.Cut(text, "\r\n")
		reader = io.MultiReader(strings.NewReader(text)) // of unknown length
	}
	request, err := http.NewRequest(e.Method, r.address+e.Path, reader)
	if err != nil {
		return 0, "", nil, err
	}
	for name, value := range e.Header {
		if name != "Transfer-Encoding" && name != "Accept-Encoding" && value != "" {
			request.Header.Set(name, value)
		}
	}
	request.Close = true
	response, err := (&http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}).Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Header.Get("Content-Type"), body, err
}

// wantSameKeys is what remains to be compared of a deviation.
func wantSameKeys(t *testing.T, got, want any) {
	t.Helper()
	g, w := fmt.Sprint(keysOf(got)), fmt.Sprint(keysOf(want))
	if g != w {
		t.Errorf("the keys differ: got %s, recorded %s", g, w)
	}
}

func keysOf(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			out[key] = keysOf(e)
			if key == "Key" {
				out[key] = e
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = keysOf(e)
		}
		return out
	}
	return nil
}

// normal decodes an answer and reduces every time in it to whether it is there. Ids and numbers stay. A search's ids become the
// seconds of the tickets' creation, since the servers promise no order within a second.
func (r *replay) normal(t *testing.T, body []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	if ids, isSearch := value["TicketID"].([]any); isSearch && len(value) == 1 {
		seconds := make([]string, len(ids))
		for i, id := range ids {
			n, err := strconv.ParseInt(id.(string), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			found, ok := r.desk.Ticket(n)
			if !ok {
				t.Fatalf("no ticket %d", n)
			}
			seconds[i] = found.Created.Format(time.DateTime)
		}
		return seconds
	}
	return withoutTimes("", value)
}

func withoutTimes(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = withoutTimes(k, e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = withoutTimes("", e)
		}
		if len(v) > 0 {
			if o, ok := v[0].(map[string]any); ok && o["Value"] != nil || ok && o["Name"] != nil {
				slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		return out
	}
	switch key {
	case "Age": // may be 0 on one side only
		return key
	case "Changed", "Created", "UserLastLogin", "ChangeTime", "CreateTime", "IncomingTime", "UnlockTimeout", "RealTillTimeNotUsed":
		return fmt.Sprintf("%s given: %t", key, fmt.Sprint(value) != "0")
	}
	return value
}

// difference names the first place where two answers are not alike.
func difference(path string, got, want any) string {
	g, gotObject := got.(map[string]any)
	w, wantObject := want.(map[string]any)
	if gotObject && wantObject {
		for key := range w {
			if _, ok := g[key]; !ok {
				return " at " + path + "." + key + ": missing"
			}
		}
		for key := range g {
			if _, ok := w[key]; !ok {
				return " at " + path + "." + key + ": too much"
			}
			if !reflect.DeepEqual(g[key], w[key]) {
				return difference(path+"."+key, g[key], w[key])
			}
		}
	}
	gs, gotList := got.([]any)
	ws, wantList := want.([]any)
	if gotList && wantList && len(gs) == len(ws) {
		for i := range gs {
			if !reflect.DeepEqual(gs[i], ws[i]) {
				return difference(fmt.Sprintf("%s[%d]", path, i), gs[i], ws[i])
			}
		}
	}
	return fmt.Sprintf(" at %s: got %v, recorded %v", path, got, want)
}

func (r *replay) everythingWasSent(t *testing.T) {
	t.Helper()
	for name := range r.all {
		if !r.sent[name] {
			t.Errorf("%s was not replayed", name)
		}
	}
}

const (
	printerBody = "Guten Tag,\n\nder Drucker im 2. OG (Büro 214) druckt seit heute früh nicht mehr.\nFehlercode 0x83.\n\n" +
		"Mit freundlichen Grüßen\nKäthe Müller"
	vpnBody = "Hello,\n\nmy VPN connection drops about once an hour since Monday. Could you have a look?\n\nThanks, Tom"
)

// seedZnuny brings the 62 tickets of the recorded Znuny: a welcome, sixty mails within five seconds, and one by the agent.
func seedZnuny(t *testing.T, r *replay) {
	titles := []string{
		"Rechnung", "Zugang", "Drucker druckt nicht mehr", "VPN connection drops every hour", "Urlaubsantrag korrigieren",
		"Payslip for March is missing",
	}
	r.desk.AddTicket(NewTicket{Title: "Welcome", Queue: "Raw"})
	r.desk.system.LastNumber = 0
	second := map[int]string{2: "15:15:59", 10: "15:16:01", 24: "15:16:02", 38: "15:16:03", 52: "15:16:04"}
	for id := 2; id <= 61; id++ {
		if clock := second[id]; clock != "" {
			r.at(t, clock)
		}
		r.desk.AddTicket(NewTicket{
			Title: fmt.Sprintf("%s #%d", titles[id%6], id-1), Body: vpnBody,
			Queue: "OpenTicketAI::Incoming", To: "support@znuny.test",
		})
	}
	r.at(t, "15:18:38")
	c := &r.desk.system.Catalog
	st, _ := store.ByName(c.States, "new")
	incident, _ := store.ByName(c.Types, "Incident")
	r.desk.system.Open("Neuer Drucker für Büro 7 – größer 🖨️", c.AddQueue("OpenTicketAI::Incoming"), c.Priorities[2], st, incident, c.Customer("kunde1"), store.LoginID)
	opened := r.desk.system.Find(62)
	opened.Owner, opened.Responsible = r.desk.system.Agent(store.LoginID).Entry, r.desk.system.Agent(store.LoginID).Entry
	r.desk.AddAgent("minimal", "mini-dummy-pw-1")
	r.desk.AddAgent("reader", "reader-dummy-pw-1")
	for _, queue := range []string{"Incoming", "IT", "HR", "ReadOnly", "OpenTicketAI::Incoming"} {
		r.desk.SetAccessOf("reader", queue, store.AccessRead)
	}
	r.desk.AddCustomer("kunde1", "kunde-dummy-pw-1")
	r.desk.system.LastArticle = 62
}

func TestAnswersAsZnunyDid(t *testing.T) {
	r := newReplay(t, ModeZnuny, "15:00:00")
	seedZnuny(t, r)
	r.at(t, "15:19:03")
	r.send(t,
		"search-queue", "search-limit-3", "search-limit-0", "search-sort-age-up", "search-sort-array", "search-sort-ticketnumber",
		"search-sort-invalid", "search-sort-tie-breaker", "search-limit-one-hit", "search-empty-queue", "search-unknown-queue",
		"search-unknown-queue-mixed", "search-queueids-strings", "search-parent-queue-no-sub", "search-parent-queue-sub",
		"search-states", "search-statetype-open", "search-statetype-array", "search-unknown-state", "search-locks",
		"search-title-like", "search-create-newer", "search-create-older", "search-unknown-param", "search-no-criteria",
		"search-queue-string", "search-umlaut-queue", "search-put-method", "search-get-query", "search-headers-auth",
		"search-mapped-login", "perm-search-secret",
		"get-min", "get-all", "get-python-client", "get-batch-array", "get-batch-comma", "get-missing", "get-batch-one-missing",
		"get-not-a-number", "get-id-zero", "get-no-id", "get-wrong-password", "get-no-auth", "get-no-password", "get-int-password",
		"get-bad-session",
		"bad-json", "bad-json-array", "bad-json-string", "empty-object", "empty-body", "invalid-utf8", "latin1-body", "unknown-route",
		"trailing-slash", "unknown-webservice", "no-webservice", "webservice-by-id", "form-encoded", "get-with-body-is-ignored",
		"delete-method", "no-content-type", "chunked-request", "bom",
	)
	r.send(t,
		"create", "get-created-umlaut", "create-python-client", "create-no-customer", "create-unknown-customer",
		"create-invalid-queue", "create-secret-queue", "create-html-attachment", "get-html", "get-html-attachments",
		"get-html-body-as-attachment",
		"update-queue", "update-queue-put", "update-queue-same", "update-queue-by-id", "update-queue-id-name-conflict",
		"update-priority", "update-priority-id", "update-state-open", "update-state-pending-no-time", "update-state-pending",
		"update-owner", "update-owner-unknown", "update-responsible", "update-lock", "update-unlock", "update-title", "update-type",
		"update-customer", "update-close", "update-note", "update-note-python-client", "update-note-array",
		"update-queue-and-note", "update-note-html", "update-note-no-subject", "update-note-no-contenttype",
		"update-note-empty-body", "update-note-mimetype-charset", "update-dynfield", "update-dynfield-with-article",
		"update-dynfield-in-ticket-with-article", "update-dynfield-unknown", "update-dynfield-bad-value", "get-after-updates",
		"search-dynfield-equals", "search-dynfield-empty", "update-invalid-queue", "update-invalid-priority",
		"update-invalid-state", "update-invalid-queue-valid-prio", "update-to-secret-queue", "get-after-secret",
		"update-after-secret", "update-missing-ticket", "update-no-id", "update-by-number", "update-wrong-password", "update-no-auth",
		"update-empty", "update-empty-ticket",
	)
	r.at(t, "15:20:38")
	for _, queue := range []string{"Secret", "ReadOnly", "IT"} {
		r.desk.system.LastArticle = 74 + r.desk.system.LastTicket - 65 // the recorded Znuny had lost none but counted so
		r.desk.AddTicket(NewTicket{Title: "Drucker druckt nicht mehr #1", Body: printerBody, Queue: queue, To: "support@znuny.test"})
	}
	r.at(t, "15:20:41")
	r.send(t,
		"perm-get-secret", "perm-update-secret", "perm-get-readonly", "perm-update-readonly", "perm-note-readonly",
		"perm-batch-mixed", "perm-move-to-readonly-queue", "perm-partial-title-then-queue", "perm-partial-after",
		"perm-partial-pending", "perm-partial-pending-after",
	)
	r.send(t,
		"perm-minimal-get", "perm-minimal-move", "perm-minimal-note", "perm-reader-move", "customer-search",
		"session-create", "session-create-bad", "session-create-missing",
	)
	r.desk.AddSession("xz2HasKf0iiqGqb60T0GaXBahrAbTrth")
	r.desk.AddSession("CNCYupszKCJ10nFoqkkxAJRCRYDukgzF")
	r.send(t,
		"session-use-on-main-ws", "session-and-login", "session-update", "session-header", "session-get", "session-remove",
		"session-after-remove", "route-method-mismatch", "update-without-ticketdata",
	)
	r.desk.system.Find(68).History[5].Parts = []string{"seed"} // what the recorded mail came with
	r.send(t, "history", "create-with-ticketdata", "maxlength-exceeded")
	r.send(t,
		"big-note-100k", "big-note-1000k", "big-note-5000k", "big-note-9500k", "big-note-11000k", "big-get", "big-get-limit",
		"get-first-article-only", "get-last-article", "get-customer-articles", "http10-style",
	)
	r.send(t,
		"long-subject", "long-title", "nul-in-body", "crlf-in-subject", "whitespace-body", "lone-surrogate", "escaped-emoji",
		"gzip-accept", "title-number", "empty-title", "null-queue", "int-vs-string-id", "case-queue", "case-priority",
	)
	r.desk.SetAccessOf("minimal", "IT", store.AccessDocumented)
	r.desk.SetAccessOf("minimal", "HR", store.AccessDocumented)
	r.send(t, "doc-perms-get", "doc-perms-move", "doc-perms-note", "session-create-2", "session-remove-2", "session-after-remove-2")
	r.everythingWasSent(t)
	if len(deviations) > 10 {
		t.Errorf("%d deviations are too many", len(deviations))
	}
}

func TestAnswersAsOTOBODid(t *testing.T) {
	r := newReplay(t, ModeOTOBO, "15:00:00")
	r.desk.AddTicket(NewTicket{Title: "Welcome", Queue: "Raw"})
	r.desk.system.LastNumber = 0
	r.at(t, "15:28:55")
	r.send(t, "create")
	r.at(t, "15:28:56")
	for range 4 {
		r.create(t, `"Ticket": {"Title": "Drucker größer 🖨️", "Queue": "OpenTicketAI::Incoming", "State": "new", "Priority": "3 normal", "CustomerUser": "kunde1"},
			"Article": {"Subject": "Drucker", "Body": "Grüße 😀", "ContentType": "text/plain; charset=utf-8", "SenderType": "customer", "IsVisibleForCustomer": 1}`)
	}
	r.at(t, "15:28:57")
	r.send(t,
		"search", "search-empty", "search-unknown-queue-mixed", "search-limit-0", "search-statetype-open", "search-sort-invalid",
		"search-mapped-login", "search-headers-auth-otrs", "get", "get-batch", "get-missing", "get-batch-one-missing",
		"get-not-a-number", "get-wrong-password", "update-queue", "update-put", "update-note", "update-note-python-client",
		"update-note-array", "update-invalid-queue", "update-secret-queue", "get-after", "update-missing", "update-empty", "bad-json",
		"empty-object", "empty-body", "unknown-route", "unknown-webservice", "no-webservice", "wrong-path", "chunked-request",
		"get-with-body", "no-content-type", "form-encoded", "bom", "invalid-utf8", "latin1-body", "nul-in-body",
	)
	r.send(t, "big-note-100k", "big-note-1000k", "too-big")
	r.desk.SetAccess("OpenTicketAI::Incoming", store.AccessDocumented)
	r.desk.SetAccess("HR", store.AccessDocumented)
	r.at(t, "15:30:00")
	r.send(t, "doc-perms-get", "doc-perms-move", "doc-perms-priority", "doc-perms-note", "doc-perms-state", "doc-perms-lock")
	r.everythingWasSent(t)
}

// create sends what the recordings leave out and must succeed.
func (r *replay) create(t *testing.T, fields string) { r.succeed(t, "ticket-create", fields) }

func (r *replay) succeed(t *testing.T, route, fields string) {
	t.Helper()
	status, _, body, err := r.do(exchange{
		Method: http.MethodPost, Path: r.desk.BasePath() + "/Webservice/OpenTicketAI/" + route,
		Body: `{"UserLogin": "open_ticket_ai", "Password": "otai-dummy-pw-0001", ` + fields + `}`,
	})
	if err != nil || status != http.StatusOK || bytes.Contains(body, []byte(`"Error"`)) {
		t.Fatalf("%s: status %d, error %v, %s", route, status, err, body)
	}
}
