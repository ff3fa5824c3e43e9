package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// Durable runs are judged here from the outside: real processes at a help desk of the
// test's own, which counts. Nothing is asked of otai.

const (
	otaiLogin = "open_ticket_ai"
	human     = "agent2"
)

// full is whether the large forms of the tests run.
func full() bool { return os.Getenv("OTAI_TEST_ALL") != "" }

// sized is the small number, or the large one with OTAI_TEST_ALL.
func sized(small, large int) int {
	if full() {
		return large
	}
	return small
}

// witness is a help desk that notes each request, and carries it out as the test says:
// later than it answers, in part, or when its client has long gone, as real ones do.
type witness struct {
	*helpdesk.Server
	t       *testing.T
	handler http.Handler
	web     *http.Server
	address string

	mu       sync.Mutex
	requests []*request
	counts   map[string]int      // of requests, by operation
	forgets  func(*request) bool // of a test with very many; nil: all are kept
	treat    func(*request) treatment
	working  int // requests that it is at work on, their clients there or not
	mostWork int // at one time
}

// most is how many requests it was at work on at one time, each from its arrival to its answer.
// When a client gives up or takes its answer is seen too late to count by.
func (w *witness) most() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mostWork
}

// request is one request of otai's.
type request struct {
	Number    int    // from 1, among those of its operation
	Operation string // ticket-search, ticket-get, ticket-update, ticket-create
	Ticket    string // of an update
	Door      string // through which it came, see [witness.door]
	Body      map[string]json.RawMessage
	Arrived   time.Time
	Done      time.Time // when it was carried out; zero if it was not
	Refused   bool      // by the application
}

func (r *request) update() bool { return r.Operation == "ticket-update" }

// notes is whether an update brings an article.
func (r *request) notes() bool { return r.Body["Article"] != nil }

// text is a value of the request, such as "Title", without quotes.
func (r *request) text(key string) string {
	var s string
	if json.Unmarshal(r.Body[key], &s) != nil {
		return string(r.Body[key])
	}
	return s
}

// treatment is what the help desk does with a request. The zero value carries it out.
type treatment struct {
	before time.Duration // until it is carried out, whether or not the client is still there
	after  time.Duration // from then until the answer
	cut    bool          // the connection ends at once, and the request is carried out all the same
	lose   bool          // it is carried out, then the connection ends without an answer
	never  bool          // it is not carried out
	half   bool          // only the fields, no article; then the connection ends
	status int           // an answer of this status instead of the right one
	says   string        // an answer of status 200 with this text instead of the right one
	hook   func()        // right after it was carried out, before the answer
}

func newWitness(t *testing.T, queues ...string) *witness {
	t.Helper()
	w := &witness{Server: helpdesk.New(helpdesk.Options{Password: password}), t: t, address: "127.0.0.1:0", counts: map[string]int{}}
	w.handler = w.Server.Handler()
	w.AddQueue(append([]string{"Incoming", "IT", "HR", "Probe"}, queues...)...)
	w.AddAgent(human, password)
	for _, q := range append([]string{"Incoming", "IT", "HR"}, queues...) {
		w.SetAccessOf(human, q, store.AccessFull)
	}
	w.up()
	t.Cleanup(func() {
		w.web.Close()
		w.idle()
	})
	return w
}

// idle returns when no request is being carried out. Others may arrive meanwhile, which a
// sync.WaitGroup doesn't allow.
func (w *witness) idle() {
	for {
		w.mu.Lock()
		working := w.working
		w.mu.Unlock()
		if working == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *witness) up() {
	w.t.Helper()
	listener, err := net.Listen("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.address = listener.Addr().String()
	w.web = &http.Server{Handler: w}
	go w.web.Serve(listener)
}

func (w *witness) url() string { return "http://" + w.address + "/znuny/nph-genericinterface.pl" }

// treats sets what is done with each request from now on.
func (w *witness) treats(f func(*request) treatment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.treat = f
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.through("", rw, r) }

// door is the address of a proxy to the help desk, by which the test knows which process
// sent a request.
func (w *witness) door(name string) string {
	w.t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.through(name, rw, r) }))
	w.t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL
}

func (w *witness) through(door string, rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client was killed while it sent
	}
	q := &request{Operation: path.Base(r.URL.Path), Door: door}
	_ = json.Unmarshal(body, &q.Body)
	if q.update() {
		q.Ticket = strings.Trim(string(q.Body["TicketID"]), `"`)
	}
	w.mu.Lock()
	q.Arrived = time.Now() // in the order of requests
	w.counts[q.Operation]++
	q.Number = w.counts[q.Operation]
	if w.forgets == nil || !w.forgets(q) {
		w.requests = append(w.requests, q)
	}
	var do treatment
	if w.treat != nil {
		do = w.treat(q)
	}
	w.working++
	w.mostWork = max(w.mostWork, w.working)
	w.mu.Unlock()
	done := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.working--
	}

	if do.never {
		select {
		case <-time.After(do.after):
		case <-r.Context().Done():
		}
		done()
		w.answer(rw, do, nil)
		return
	}
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() { // nobody asks whether the client is still there
		time.Sleep(do.before)
		if do.half {
			delete(q.Body, "Article")
			body, _ = json.Marshal(q.Body)
		}
		rec := w.serve(r, body)
		w.mu.Lock()
		q.Done = time.Now()
		q.Refused = bytes.Contains(rec.Body.Bytes(), []byte(`"Error"`)) || bytes.Contains(rec.Body.Bytes(), []byte(`faultstring`))
		w.mu.Unlock()
		if do.hook != nil {
			do.hook()
		}
		time.Sleep(do.after)
		done()
		answer <- rec
	}()
	if do.cut {
		panic(http.ErrAbortHandler)
	}
	w.answer(rw, do, <-answer)
}

func (w *witness) answer(rw http.ResponseWriter, do treatment, rec *httptest.ResponseRecorder) {
	switch {
	case do.cut || do.lose || do.half:
		panic(http.ErrAbortHandler)
	case do.says != "":
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, do.says)
	case do.status != 0:
		rw.WriteHeader(do.status)
		_, _ = io.WriteString(rw, http.StatusText(do.status))
	case rec == nil:
		panic(http.ErrAbortHandler)
	default:
		for k, v := range rec.Header() {
			rw.Header()[k] = v
		}
		rw.WriteHeader(rec.Code)
		_, _ = rw.Write(rec.Body.Bytes())
	}
}

func (w *witness) serve(r *http.Request, body []byte) *httptest.ResponseRecorder {
	in := r.Clone(context.Background())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, in)
	return rec
}

// add puts tickets into Incoming, one for each title, and returns their ids.
func (w *witness) add(titles ...string) []string {
	ids := make([]string, len(titles))
	for i, title := range titles {
		ids[i] = strconv.FormatInt(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: title, Body: "Hello"}), 10)
	}
	return ids
}

// addMany puts n tickets with the title into Incoming.
func (w *witness) addMany(n int, title string) []string {
	return w.add(slices.Repeat([]string{title}, n)...)
}

// person changes a ticket as an agent does.
func (w *witness) person(ticket string, ticketFields map[string]any, note string) {
	body := map[string]any{"UserLogin": human, "Password": password, "Ticket": ticketFields}
	if note != "" {
		body["Article"] = map[string]any{"Subject": note, "Body": note, "ContentType": "text/plain; charset=utf-8", "SenderType": "agent", "IsVisibleForCustomer": 0, "CommunicationChannel": "Internal"}
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPatch, "http://127.0.0.1/znuny/nph-genericinterface.pl/Webservice/OpenTicketAIExtra/Ticket/"+ticket, nil)
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:1"
	rec := w.serve(r, data)
	if rec.Code != http.StatusOK || bytes.Contains(rec.Body.Bytes(), []byte(`"Error"`)) || bytes.Contains(rec.Body.Bytes(), []byte("faultstring")) {
		w.t.Errorf("a person could not change ticket %s: %d %s", ticket, rec.Code, rec.Body)
	}
}

// remove is what an administrator does who deletes a ticket.
func (w *witness) remove(ticket string) {
	id, err := strconv.ParseInt(ticket, 10, 64)
	if err != nil {
		panic(err)
	}
	w.DeleteTicket(id)
}

func (w *witness) ticket(id string) helpdesk.Ticket {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		panic(err)
	}
	t, ok := w.Ticket(n)
	if !ok {
		w.t.Fatalf("there is no ticket %s", id)
	}
	return t
}

// notesIn counts the notes of otai with this subject; a mark at its end doesn't count.
func notesIn(t helpdesk.Ticket, subject string) (n int) {
	for _, a := range t.Articles {
		plain, _, _ := strings.Cut(a.Subject, " [otai:")
		if a.SenderType == "agent" && plain == subject {
			n++
		}
	}
	return n
}

// events counts the lines of a kind that otai's agent has in a ticket's history.
func events(t helpdesk.Ticket, kind string) (n int) {
	for _, e := range t.History {
		if e.Type == kind && e.User == otaiLogin {
			n++
		}
	}
	return n
}

// seen are copies of the requests that match, in the order in which they came.
func (w *witness) seen(match func(*request) bool) (out []request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.requests {
		if match(q) {
			out = append(out, *q)
		}
	}
	return out
}

func (w *witness) updatesOf(ticket string) []request {
	return w.seen(func(q *request) bool { return q.update() && (ticket == "" || q.Ticket == ticket) })
}

// goal is what is to become of each ticket.
type goal struct {
	queue, priority string // "" if it is not to be changed
	note            string // its subject; "" for none
}

// result is what became of them.
type result struct {
	Tickets, Done, Untouched, Half, Doubled int
	Repeated                                int // fields that otai wrote more than once
	wrong                                   []string
}

func (v result) String() string {
	return fmt.Sprintf("%d tickets: %d done, %d untouched, %d half done, %d doubled, %d fields written twice", v.Tickets, v.Done, v.Untouched, v.Half, v.Doubled, v.Repeated)
}

func (g goal) of(t helpdesk.Ticket) (done, begun, doubled bool, repeated int) {
	done = true
	want := func(ok, touched bool) {
		done = done && ok
		begun = begun || touched
	}
	if g.queue != "" {
		want(t.Queue == g.queue, events(t, "Move") > 0)
		repeated += max(0, events(t, "Move")-1)
	}
	if g.priority != "" {
		want(t.Priority == g.priority, events(t, "PriorityUpdate") > 0)
		repeated += max(0, events(t, "PriorityUpdate")-1)
	}
	if g.note != "" {
		n := notesIn(t, g.note)
		want(n >= 1, n > 0)
		doubled = n > 1
	}
	return done, begun, doubled, repeated
}

// judge counts what became of the tickets.
func (w *witness) judge(ids []string, g goal) (v result) {
	v.Tickets = len(ids)
	for _, id := range ids {
		t := w.ticket(id)
		done, begun, doubled, repeated := g.of(t)
		v.Repeated += repeated
		switch {
		case doubled:
			v.Doubled++
		case done:
			v.Done++
		case begun:
			v.Half++
		default:
			v.Untouched++
		}
		if !done || doubled || repeated > 0 {
			v.wrong = append(v.wrong, fmt.Sprintf("ticket %s: %s, %s, %d notes, %d moves, %d priorities", id, t.Queue, t.Priority, notesIn(t, g.note), events(t, "Move"), events(t, "PriorityUpdate")))
		}
	}
	return v
}

// all waits until each ticket has come to its goal; it says whether they did. What has
// come to it isn't looked at again.
func (w *witness) all(within time.Duration, ids []string, g goal) bool {
	left := slices.Clone(ids)
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		for len(left) > 0 {
			if done, _, _, _ := g.of(w.ticket(left[0])); !done {
				break
			}
			left = left[1:]
		}
		if len(left) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// wantAllDone ends the test's judgment: each ticket as it should be, and once.
func (w *witness) wantAllDone(ids []string, g goal) result {
	w.t.Helper()
	v := w.judge(ids, g)
	if v.Done != v.Tickets || v.Repeated > 0 {
		w.t.Errorf("%v, want all done, none twice", v)
		for _, line := range v.wrong[:min(len(v.wrong), 10)] {
			w.t.Log(line)
			id, _, _ := strings.Cut(strings.TrimPrefix(line, "ticket "), ":")
			sent := w.updatesOf(id)
			for _, q := range sent[:min(len(sent), 12)] {
				w.t.Logf("  update %d by %s arrived %s, done %s, ticket %s, note %v, refused %v", q.Number, q.Door, q.Arrived.Format("05.000"), q.Done.Format("05.000"), q.Body["Ticket"], q.notes(), q.Refused)
			}
		}
	}
	return v
}

// row prints the figure of a row of the table; build/rows-against.sh collects these.
func row(t *testing.T, name, format string, args ...any) {
	t.Helper()
	t.Logf("row: %s: %s", name, fmt.Sprintf(format, args...))
}

// life is a process of otai that the test may kill; unlike [start] it may be one of many.
type life struct {
	*exec.Cmd
	log      *buffer
	ended    chan struct{} // with all that it started
	outlived time.Duration // for how long the worker ran on without its supervisor
}

func live(t *testing.T, env []string, args ...string) *life {
	t.Helper()
	l := &life{Cmd: newCommand(product.otai, args...), log: &buffer{}, ended: make(chan struct{})}
	l.Env, l.Dir = env, t.TempDir()
	l.Stdout, l.Stderr = l.log, l.log
	return l.begin(t)
}

// begin starts the process, which ends with the test at the latest.
func (l *life) begin(t *testing.T) *life {
	t.Helper()
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		state, _ := l.Process.Wait()
		began := time.Now()
		_ = l.Wait() // for the worker, which has the log; of a process that was waited for, it knows no state
		l.ProcessState, l.outlived = state, time.Since(began)
		close(l.ended)
	}()
	t.Cleanup(func() {
		killAll(l.Process)
		gone(t, l.Env, l.ended)
		if t.Failed() {
			t.Logf("log of %v (process %d):\n%s", l.Args[1:], l.Process.Pid, shortened(l.log.String()))
		}
		if strings.Contains(l.log.String(), password) {
			t.Error("the password is in the log")
		}
	})
	return l
}

func shortened(log string) string {
	const most = 6000
	if len(log) <= most {
		return log
	}
	return log[:most/2] + "\n[…]\n" + log[len(log)-most/2:]
}

// kill is SIGKILL for the supervisor and the worker at once, and the end of both.
func (l *life) kill() {
	killAll(l.Process)
	<-l.ended
}

// end is SIGTERM; it waits for the end.
func (l *life) end(t *testing.T) {
	t.Helper()
	_ = l.Process.Signal(syscall.SIGTERM)
	select {
	case <-l.ended:
	case <-time.After(time.Minute):
		t.Error("it did not stop at SIGTERM")
		l.kill()
	}
}

// runs starts `otai run` with a configuration in an environment of its own, or in one
// that an earlier life had.
func (w *witness) environment(more ...string) []string {
	return environment(w.t, append([]string{"OTOBO_URL=" + w.url()}, more...)...)
}
