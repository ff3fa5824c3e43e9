package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sortingAll writes queue, priority and note of each ticket in one update.
var sortingAll = strings.Replace(sorting, "queue: { name: IT }\n",
	"queue: { name: IT }\n                      priority: { name: 4 high }\n", 1)

// piecemeal stands before a help desk and does what the real ones do: it runs a
// request on after its client has gone, now and then long after, and writes an
// update field by field. Now and then it fails after the first field, or loses the
// answer.
type piecemeal struct {
	target  string
	seed    uint64
	updates chan struct{} // gets one element for each update that arrived
	left    atomic.Int64  // updates that this life of the client may still begin

	mu     sync.Mutex
	random *rand.Rand
	lost   int // answers that were not given, or were a failure after a part
	slow   int
	events strings.Builder
	done   sync.WaitGroup
}

// note notes what became of an update, for a test that fails.
func (p *piecemeal) note(update map[string]json.RawMessage, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(&p.events, "%s help desk: %q: %s\n", time.Now().Format("15:04:05.000"), bytes.Trim(update["TicketID"], `"`), what)
}

func (p *piecemeal) chance(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n) == 0
}

func (p *piecemeal) between(from, to time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return from + time.Duration(p.random.Int64N(int64(to-from)))
}

func (p *piecemeal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client was killed while it sent: the servers ignore the rest
	}
	if !strings.HasSuffix(r.URL.Path, "/ticket-update") {
		p.copyTo(w, r.URL.Path, body)
		return
	}
	var update map[string]json.RawMessage
	var ticket map[string]json.RawMessage
	if json.Unmarshal(body, &update) != nil {
		return
	}
	_ = json.Unmarshal(update["Ticket"], &ticket)
	if p.left.Add(-1) < 0 { // the client is to be killed before this one arrives
		<-r.Context().Done()
		return
	}
	select {
	case p.updates <- struct{}{}:
	default:
	}
	// From here on nobody asks whether the client is still there.
	p.done.Add(1)
	defer p.done.Done()
	p.note(update, "an update arrived")
	defer p.note(update, "an update is done")
	if p.chance(12) {
		p.mu.Lock()
		p.slow++
		p.mu.Unlock()
		time.Sleep(p.between(200*time.Millisecond, 1500*time.Millisecond))
	}
	last := []byte(nil)
	status := http.StatusOK
	for n, piece := range pieces(update, ticket) {
		time.Sleep(p.between(time.Millisecond, 8*time.Millisecond))
		if n > 0 && p.chance(30) {
			p.mu.Lock()
			p.lost++
			p.mu.Unlock()
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Article could not be created, please contact the system administrator"}`)
			return
		}
		status, last, err = p.post(r.URL.Path, piece)
		if err != nil || status != http.StatusOK || bytes.Contains(last, []byte(`"Error"`)) {
			break
		}
	}
	if p.chance(15) {
		p.mu.Lock()
		p.lost++
		p.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = w.Write(last)
}

// pieces are the steps in which the servers write an update.
func pieces(update, ticket map[string]json.RawMessage) [][]byte {
	var list [][]byte
	add := func(key string, value any) {
		m := map[string]any{}
		for k, v := range update {
			if k != "Ticket" && k != "Article" {
				m[k] = v
			}
		}
		m[key] = value
		b, _ := json.Marshal(m)
		list = append(list, b)
	}
	for _, key := range []string{"Queue", "Priority"} {
		if v, ok := ticket[key]; ok {
			add("Ticket", map[string]any{key: v})
		}
	}
	if a, ok := update["Article"]; ok {
		add("Article", a)
	}
	return list
}

func (p *piecemeal) post(path string, body []byte) (int, []byte, error) {
	resp, err := http.Post(p.target+path, "application/json; charset=utf-8", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	return resp.StatusCode, out, err
}

func (p *piecemeal) copyTo(w http.ResponseWriter, path string, body []byte) {
	status, out, err := p.post(path, body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// ask sends a request of the test's own past the faults.
func (p *piecemeal) ask(t *testing.T, route string, m map[string]any) map[string]any {
	t.Helper()
	m["UserLogin"], m["Password"] = "open_ticket_ai", password
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	_, out, err := p.post("/znuny/nph-genericinterface.pl/Webservice/OpenTicketAI/"+route, body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil || answer["Error"] != nil {
		t.Fatalf("%s: %s, %v", route, out, err)
	}
	return answer
}

// ticket is what became of one.
func (p *piecemeal) ticket(t *testing.T, id string) (queue, priority any, notes int) {
	t.Helper()
	ticket := p.ask(t, "ticket-get", map[string]any{"TicketID": id, "AllArticles": 1})["Ticket"].([]any)[0].(map[string]any)
	for _, a := range ticket["Article"].([]any) {
		if a.(map[string]any)["Subject"] == "Sorted" {
			notes++
		}
	}
	return ticket["Queue"], ticket["Priority"], notes
}

func (p *piecemeal) found(t *testing.T, queue string) int {
	t.Helper()
	list, _ := p.ask(t, "ticket-search", map[string]any{"Queues": []string{queue}, "Limit": 10_000})["TicketID"].([]any)
	return len(list)
}

// TestKilledAtAnyMomentNoTicketIsLostOrNotedTwice: the help desk is a process of
// its own and survives; otai's worker, its supervisor or both are killed again and again while
// it sorts.
func TestKilledAtAnyMomentNoTicketIsLostOrNotedTwice(t *testing.T) {
	t.Parallel() // it waits more than it works
	tickets, kills := 30, 8
	if os.Getenv("OTAI_TEST_ALL") != "" {
		tickets, kills = 200, 50
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	helpdesk := start(t, environment(t), "helpdesk", "--password", password, "--demo-tickets")
	var address string
	eventually(t, "the help desk printed its address", func() bool {
		address, _, _ = strings.Cut(helpdesk.log.String(), "/znuny/")
		return strings.HasPrefix(address, "http://") && strings.Contains(helpdesk.log.String(), "\n")
	})
	p := &piecemeal{target: address, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), updates: make(chan struct{}, 1)}
	web := httptest.NewServer(p)
	defer web.Close()
	// The demonstration's tickets only bring the queues along.
	for p.found(t, "Incoming") > 0 {
		list := p.ask(t, "ticket-search", map[string]any{"Queues": []string{"Incoming"}, "Limit": 100})["TicketID"].([]any)
		for _, id := range list {
			p.ask(t, "ticket-update", map[string]any{"TicketID": id, "Ticket": map[string]any{"Queue": "Unclassified"}})
		}
	}
	before := p.found(t, "IT")
	ids := make([]string, tickets)
	for i := range ids {
		ids[i] = fmt.Sprint(p.ask(t, "ticket-create", map[string]any{
			"Ticket":  map[string]any{"Title": fmt.Sprint("ticket ", i), "Queue": "Incoming", "State": "new", "Priority": "3 normal", "CustomerUser": "kunde1"},
			"Article": map[string]any{"Subject": "s", "Body": "Hello", "ContentType": "text/plain; charset=utf-8", "SenderType": "customer", "IsVisibleForCustomer": 1},
		})["TicketID"])
	}

	// The last life finishes what waits for the answers that its predecessors didn't live to see.
	config := writeFile(t, strings.Replace(sortingAll, "timeout: PT30S", "timeout: PT3S, late: PT3S", 1))
	env := environment(t, "OTOBO_URL="+web.URL+"/znuny/nph-genericinterface.pl")
	between := 0
	var lives strings.Builder
	whom := rand.New(rand.NewPCG(seed, 2))
	killed := map[victim]int{}
	var cmd *exec.Cmd // nil: none lives
	var log *buffer
	for n := range kills {
		for len(p.updates) > 0 {
			<-p.updates
		}
		// However late the kill comes on a busy machine, tickets are left for the others.
		p.left.Store(int64((tickets - 1) / kills))
		if cmd == nil {
			cmd, log = newCommand(product.otai, "run", "-c", config), &buffer{}
			cmd.Env = env
			cmd.Stdout, cmd.Stderr = log, log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer killAll(cmd.Process)
		}
		if n%10 == 9 { // at its start, too
			time.Sleep(p.between(0, 400*time.Millisecond))
		} else {
			select {
			case <-p.updates:
			case <-time.After(time.Minute):
				t.Errorf("life %d began no update:\n%s", n, log)
			}
			time.Sleep(p.between(0, 60*time.Millisecond))
		}
		victim := pickVictim(whom, cmd.Process)
		victim.kill(cmd.Process)
		killed[victim]++
		fmt.Fprintf(&lives, "%s life %d was killed, %s\n", time.Now().Format("15:04:05.000"), n, victim)
		if victim != theWorker {
			_ = cmd.Wait()
			cmd = nil
			lives.WriteString(log.String())
		}
		if strings.Contains(log.String(), password) {
			t.Error("the password is in the log")
		}
		if done := p.found(t, "IT") - before; done > 0 && done < tickets {
			between++
		}
	}
	left := p.found(t, "Incoming")
	p.left.Store(math.MaxInt64)
	if cmd != nil {
		killAll(cmd.Process)
		_ = cmd.Wait()
		lives.WriteString(log.String())
	}
	last := start(t, env, "run", "-c", config)
	eventuallyWithin(t, 2*time.Minute, "all tickets were moved", func() bool { return p.found(t, "Incoming") == 0 })
	unfinished := func() (list []string) {
		for _, id := range ids {
			if queue, priority, notes := p.ticket(t, id); queue != "IT" || priority != "4 high" || notes != 1 {
				list = append(list, id)
			}
		}
		return list
	}
	for until := time.Now().Add(time.Minute); len(unfinished()) > 0 && time.Now().Before(until); {
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(time.Second) // in which a second note would come
	last.stop(t)
	lives.WriteString(last.log.String())
	web.CloseClientConnections()
	p.done.Wait()

	t.Logf("killed: %v", killed)
	t.Logf("%d of %d kills were between the first and the last write; %d tickets were left for the last life; %d answers were lost, %d were slow", between, kills, left, p.lost, p.slow)
	if between < kills*4/5 {
		t.Errorf("only %d of %d kills were between the first and the last write", between, kills)
	}
	for _, id := range ids {
		if queue, priority, notes := p.ticket(t, id); queue != "IT" || priority != "4 high" || notes != 1 {
			t.Errorf("ticket %s is in %v, %v, with %d notes", id, queue, priority, notes)
			for line := range strings.Lines(p.events.String() + lives.String()) {
				if strings.Contains(line, fmt.Sprintf("%q", id)) || strings.Contains(line, "was killed") {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	}
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
