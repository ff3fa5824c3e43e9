package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rateConfig takes tickets with four connections; plain, one a search, or in a loop.
func rateConfig(form, articles string) string {
	text := stormForm(form)
	text = strings.Replace(text, "articles: first", "articles: "+articles, 1)
	if form != "ForEach" { // which has workers of its own
		text = strings.Replace(text, "          retry: {", "          workers: 4\n          retry: {", 1)
	}
	return strings.Replace(text, "timeout: PT6S", "timeout: PT30S", 1)
}

// rate is what a number of tickets took: from the first update that was answered to the last.
type rate struct {
	perSecond float64
	cpu       time.Duration // of otai, or of the script
	machine   time.Duration // of everything: on a quiet machine the rest is the help desk's
	tickets   int
	requests  map[string]int
}

func (r rate) String() string {
	each := func(d time.Duration) float64 { return d.Seconds() * 1e3 / float64(r.tickets) }
	return fmt.Sprintf("%.2f/s, CPU %.1f ms a ticket, of the rest of the machine %.1f, %v", r.perSecond, each(r.cpu), each(r.machine-r.cpu), r.requests)
}

// TestSystemRateAgainstAScript compares otai with a script that sends the same requests
// over as many connections, in turns, in the same minutes.
func TestSystemRateAgainstAScript(t *testing.T) {
	openDesk(t)
	tickets, rounds := systemNumber("RATE_TICKETS", 100), systemNumber("RATE_ROUNDS", 3)
	for _, form := range []string{"one update", "ForEach"} {
		for _, articles := range []string{"all", "first"} {
			t.Run(form+", articles "+articles, func(t *testing.T) {
				d := openDesk(t)
				d.fresh()
				d.do("rights", "full")
				var ratios []float64
				for n := range rounds {
					turns := []func() rate{
						func() rate { d.tickets(strconv.Itoa(tickets)); return d.scripted(form, articles, tickets) },
						func() rate {
							d.tickets(strconv.Itoa(tickets))
							return d.automated(rateConfig(form, articles), tickets)
						},
					}
					var got [2]rate
					for i := range turns {
						i = (i + n) % 2 // neither is always first
						got[i] = turns[i]()
					}
					ratios = append(ratios, got[1].perSecond/got[0].perSecond)
					t.Logf("script %v; otai %v; ratio %.2f", got[0], got[1], ratios[n])
				}
				slices.Sort(ratios)
				t.Logf("%s, articles %s: ratio %.2f (median of %d)", form, articles, (ratios[(rounds-1)/2]+ratios[rounds/2])/2, rounds)
			})
		}
	}
}

func perSecond(at []time.Time) float64 {
	slices.SortFunc(at, time.Time.Compare)
	return float64(len(at)-1) / at[len(at)-1].Sub(at[0]).Seconds()
}

// requestsSince counts the requests in the web server's log behind an offset.
func (d realDesk) requestsSince(offset int64) (counts map[string]int, end int64) {
	d.Helper()
	counts = map[string]int{}
	path := d.accessLog()
	if path == "" {
		return counts, 0
	}
	f, err := os.Open(path)
	if err != nil {
		d.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		d.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		d.Fatal(err)
	}
	for _, name := range []string{"ticket-search", "ticket-get", "ticket-update"} {
		counts[strings.TrimPrefix(name, "ticket-")] = bytes.Count(data, []byte("/"+name+" "))
	}
	return counts, offset + int64(len(data))
}

func (d realDesk) accessLog() string {
	for line := range strings.Lines(d.do("logs")) {
		if file, _, _ := strings.Cut(line, " "); strings.Contains(line, "one line a request") {
			return file
		}
	}
	return ""
}

func (d realDesk) automated(config string, tickets int) rate {
	d.Helper()
	dir := d.TempDir()
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		d.Fatal(err)
	}
	_, from := d.requestsSince(0)
	machine := machineCPU(d.T)
	cmd := newCommandContext(d.Context(), product.otai, "run", "-c", file, "--until-empty", "--log-format", "json")
	cmd.Dir = dir
	cmd.Env = append(environment(d.T, "OTOBO_URL="+d.url), "OTAI_OTOBO_ZNUNY_PASSWORD="+d.password)
	log, err := cmd.StderrPipe()
	if err != nil {
		d.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	var out strings.Builder
	var at []time.Time // the log's own times are whole seconds
	for lines := bufio.NewScanner(log); lines.Scan(); {
		fmt.Fprintln(&out, lines.Text())
		if strings.Contains(lines.Text(), `"message":"ticket changed"`) {
			at = append(at, time.Now())
		}
	}
	if err := cmd.Wait(); err != nil {
		d.Fatalf("%v\n%s", err, out.String())
	}
	r := rate{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), machine: machineCPU(d.T) - machine, tickets: tickets}
	r.requests, _ = d.requestsSince(from)
	if len(at) != tickets {
		d.Fatalf("%d of %d tickets\n%s", len(at), tickets, out.String())
	}
	r.perSecond = perSecond(at)
	return r
}

// scripted is what a script does: each connection searches, reads and changes, or all
// that one search found are read in two requests and then changed.
func (d realDesk) scripted(form, articles string, tickets int) rate {
	d.Helper()
	_, from := d.requestsSince(0)
	before, machine := ownCPU(d.T), machineCPU(d.T)
	s := &script{realDesk: d, taken: map[string]bool{}}
	connections := make([]*connection, 4)
	for i := range connections {
		connections[i] = &connection{script: s, Client: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}}
		defer connections[i].CloseIdleConnections()
	}
	if s.get = map[string]any{"AllArticles": 1, "Attachments": 0, "DynamicFields": 1}; articles == "first" {
		s.get["ArticleLimit"], s.get["ArticleOrder"] = 1, "ASC"
	}
	var work sync.WaitGroup
	if form == "ForEach" {
		one := connections[0]
		for ids := one.search(100); len(ids) > 0; ids = one.search(100) {
			for part := range slices.Chunk(ids, 50) {
				one.read(part)
			}
			queue := make(chan string)
			for _, c := range connections {
				work.Go(func() {
					for id := range queue {
						c.update(id)
					}
				})
			}
			for _, id := range ids {
				queue <- id
			}
			close(queue)
			work.Wait()
		}
	} else {
		for _, c := range connections {
			work.Go(func() {
				for id := c.next(); id != ""; id = c.next() {
					c.read([]string{id})
					c.update(id)
				}
			})
		}
		work.Wait()
	}
	r := rate{cpu: ownCPU(d.T) - before, machine: machineCPU(d.T) - machine, tickets: tickets}
	r.requests, _ = d.requestsSince(from)
	if len(s.done) != tickets {
		d.Fatalf("the script did %d of %d tickets", len(s.done), tickets)
	}
	r.perSecond = perSecond(s.done)
	return r
}

func ownCPU(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// machineCPU is what all processes of the machine have used since it began.
func machineCPU(t *testing.T) time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	var user, nice, system int64 // in hundredths of a second
	if _, err := fmt.Sscanf(string(text), "cpu %d %d %d", &user, &nice, &system); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+nice+system) * 10 * time.Millisecond
}

// script is what its connections share.
type script struct {
	realDesk
	get map[string]any

	mu    sync.Mutex
	taken map[string]bool
	done  []time.Time
}

// connection is one of the script's. Like otai it is given up before Apache ends it,
// which it does after a hundred requests and doesn't say.
type connection struct {
	*script
	*http.Client
	requests int
}

func (s *connection) post(operation string, body map[string]any, answer any) {
	if s.requests++; s.requests%50 == 0 {
		s.CloseIdleConnections()
	}
	body["UserLogin"], body["Password"] = "open_ticket_ai", s.password
	data, err := json.Marshal(body)
	if err != nil {
		s.Error(err)
		return
	}
	r, err := s.Post(s.url+"/Webservice/OpenTicketAI/"+operation, "application/json", bytes.NewReader(data))
	if err != nil {
		s.Error(err)
		return
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body) // to the end, so that the connection is used again
	if err == nil {
		err = json.Unmarshal(said, answer)
	}
	if err != nil {
		s.Error(err)
	}
}

func (s *connection) search(limit int) []string {
	var found struct{ TicketID []json.RawMessage }
	s.post("ticket-search", map[string]any{
		"Queues": []string{"Incoming"}, "StateType": []string{"new", "open"}, "Limit": limit,
		"SortBy": []string{"Age", "TicketNumber"}, "OrderBy": []string{"Up", "Up"},
	}, &found)
	var ids []string
	for _, id := range found.TicketID {
		ids = append(ids, strings.Trim(string(id), `"`))
	}
	return ids
}

// next is a ticket that none of the other connections works at.
func (s *connection) next() string {
	ids := s.search(5)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if !s.taken[id] {
			s.taken[id] = true
			return id
		}
	}
	return ""
}

func (s *connection) read(ids []string) {
	body := map[string]any{"TicketID": ids}
	for k, v := range s.get {
		body[k] = v
	}
	var got struct{ Ticket []json.RawMessage }
	if s.post("ticket-get", body, &got); len(got.Ticket) != len(ids) {
		s.Errorf("%d of %d tickets were read", len(got.Ticket), len(ids))
	}
}

func (s *connection) update(id string) {
	var got struct {
		TicketID json.RawMessage
		Error    json.RawMessage
	}
	s.post("ticket-update", map[string]any{
		"TicketID": id, "Ticket": map[string]any{"Queue": "IT", "Priority": "4 high"},
		"Article": map[string]any{
			"Subject": "Sorted", "Body": fmt.Sprint("by otai, ", id), "ContentType": "text/plain; charset=utf-8", "CommunicationChannel": "Internal",
			"IsVisibleForCustomer": 0, "SenderType": "agent", // what the configuration makes otai send: NoAgentNotify saves the server 10 %
		},
	}, &got)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got.TicketID == nil {
		s.Errorf("ticket %s: %s", id, got.Error)
	}
	s.done = append(s.done, time.Now())
}
