package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// soaked is an otai with the demonstration's configuration, its models and an address for others, at
// a help desk in a process of its own to which tickets come.
type soaked struct {
	t       *testing.T
	desk    string // address
	admin   string // address
	state   string
	life    *life
	made    atomic.Int64 // tickets
	created []string     // ids; guarded by mu
	mu      sync.Mutex
	asking  http.Client
}

func newSoaked(t *testing.T) *soaked {
	t.Helper()
	helpdesk := start(t, environment(t), "helpdesk", "--password", password, "--demo-tickets")
	s := &soaked{t: t, asking: http.Client{Timeout: time.Minute}}
	eventually(t, "the help desk printed its address", func() bool {
		s.desk, _, _ = strings.Cut(helpdesk.log.String(), "/znuny/")
		return strings.HasPrefix(s.desk, "http://") && strings.Contains(helpdesk.log.String(), "\n")
	})
	demo, err := os.ReadFile(filepath.Join(product.root, "examples", "demo", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s.admin = freeAddress(t)
	text := strings.NewReplacer("PT0.01S", "PT0.5S", "limit: 10", "limit: 100", "./models/", filepath.Join(product.root, "examples", "demo", "models")+"/").Replace(string(demo))
	env := environment(t, "OTAI_DEMO_URL="+s.desk+"/znuny/nph-genericinterface.pl", "OTAI_DEMO_PASSWORD="+password,
		"OTAI__INFRASTRUCTURE__ADMIN__LISTEN="+s.admin, "OTAI__INFRASTRUCTURE__ADMIN__METRICS_OPEN=true", "OTAI__INFRASTRUCTURE__ADMIN__TOKEN="+adminToken)
	s.state = stateOf(env)
	s.made.Store(int64(s.incoming()))
	s.life = live(t, env, "run", "--log-level", "warn", "-c", writeFile(t, text))
	eventually(t, "the address for others answers", func() bool {
		_, err := s.metrics()
		return err == nil
	})
	return s
}

// freeAddress is one at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

const adminToken = "a-token-of-the-soak-4711"

// ask sends a request of the test's own to the help desk.
func (s *soaked) ask(route string, m map[string]any) map[string]any {
	m["UserLogin"], m["Password"] = "open_ticket_ai", password
	body, err := json.Marshal(m)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	response, err := s.asking.Post(s.desk+"/znuny/nph-genericinterface.pl/Webservice/OpenTicketAI/"+route, "application/json; charset=utf-8", bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return nil
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer["Error"] != nil {
		s.t.Errorf("%s: %v, %v", route, answer, err)
	}
	return answer
}

func (s *soaked) incoming() int {
	list, _ := s.ask("ticket-search", map[string]any{"Queues": []string{"Incoming"}, "Limit": 100_000})["TicketID"].([]any)
	return len(list)
}

// moved is how many tickets otai has moved, by what the help desk has.
func (s *soaked) moved() int64 {
	left := s.incoming() // first: others come meanwhile
	return s.made.Load() - int64(left)
}

// comes makes a ticket at each tick, until stop is closed.
func (s *soaked) comes(each time.Duration, stop <-chan struct{}) {
	texts := []string{"I have forgotten my password and can't log in", "Zweiter Monitor fürs Büro", "The heating in the meeting room is broken", "Netzlaufwerk extrem langsam", "How many vacation days do I have left?"}
	for tick := time.NewTicker(each); ; {
		select {
		case <-stop:
			tick.Stop()
			return
		case <-tick.C:
		}
		n := s.made.Load()
		id := fmt.Sprint(s.ask("ticket-create", map[string]any{
			"Ticket":  map[string]any{"Title": fmt.Sprintf("%s (%d)", texts[n%int64(len(texts))], n), "Queue": "Incoming", "State": "new", "Priority": "3 normal", "CustomerUser": "kunde1"},
			"Article": map[string]any{"Subject": "s", "Body": texts[n%int64(len(texts))], "ContentType": "text/plain; charset=utf-8", "SenderType": "customer", "IsVisibleForCustomer": 1},
		})["TicketID"])
		s.mu.Lock()
		s.created = append(s.created, id)
		s.mu.Unlock()
		s.made.Add(1)
	}
}

// metrics asks at the address for others.
func (s *soaked) metrics() (string, error) {
	response, err := s.asking.Get("http://" + s.admin + "/metrics")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return string(content), err
}

// done is how many tickets are finished, by what otai says of itself.
func (s *soaked) done(text string) (n int64) {
	for series, value := range readExposed(s.t, text).series {
		if strings.HasPrefix(series, "otai_tickets{") && (strings.Contains(series, `standing="handled"`) || strings.Contains(series, `standing="left"`)) {
			n += int64(value)
		}
	}
	return n
}

// finish waits until each ticket is done, and looks at the help desk whether each was changed once.
func (s *soaked) finish() {
	s.t.Helper()
	for until := time.Now().Add(3 * time.Minute); s.incoming() > 0; time.Sleep(time.Second) {
		if time.Now().After(until) {
			s.t.Errorf("%d tickets are left", s.incoming())
			break
		}
	}
	text := ""
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		text = scrape(s.t, s.state)
		if s.done(text) == s.made.Load() || time.Now().After(until) {
			break
		}
	}
	if done := s.done(text); done != s.made.Load() {
		s.t.Errorf("%d tickets came, and %d are done", s.made.Load(), done)
	}
	lost, doubled := 0, 0
	for _, id := range s.created {
		notes := 0
		ticket := s.ask("ticket-get", map[string]any{"TicketID": id, "AllArticles": 1})["Ticket"].([]any)[0].(map[string]any)
		for _, a := range ticket["Article"].([]any) {
			if a.(map[string]any)["Subject"] == "Automatic classification" {
				notes++
			}
		}
		if notes == 0 || ticket["Queue"] == "Incoming" {
			lost++
		}
		if notes > 1 {
			doubled++
		}
	}
	s.t.Logf("%d tickets came: %d lost, %d doubled", s.made.Load(), lost, doubled)
	if lost+doubled > 0 {
		s.t.Errorf("%d lost, %d doubled", lost, doubled)
	}
}

// footprint is what the two processes have: memory of their own in KiB, and descriptors.
type footprint struct{ supervisor, worker, supervisorFiles, workerFiles int64 }

func (s *soaked) footprint() footprint {
	files := func(pid int) int64 {
		list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		return int64(len(list))
	}
	supervisor := s.life.Process.Pid
	w := worker(supervisor)
	return footprint{figureOf(supervisor, "RssAnon"), figureOf(w, "RssAnon"), files(supervisor), files(w)}
}

// least of each figure, for memory, which a collection of garbage brings back to what is needed.
func (f footprint) least(other footprint) footprint {
	if f == (footprint{}) {
		return other
	}
	return footprint{min(f.supervisor, other.supervisor), min(f.worker, other.worker), min(f.supervisorFiles, other.supervisorFiles), min(f.workerFiles, other.workerFiles)}
}

func percentile(of []time.Duration, p float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))].Round(100 * time.Microsecond)
}

// TestSoak is for `make soak`: tickets come for long, metrics are asked for each second, and memory
// and descriptors stay. OTAI_TEST_SOAK is how long.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("OTAI_TEST_SOAK"))
	if err != nil {
		t.Skip("it takes half an hour: make soak")
	}
	const perSecond = 20
	s := newSoaked(t)
	stop := make(chan struct{})
	var coming sync.WaitGroup
	coming.Go(func() { s.comes(time.Second/perSecond, stop) })
	t.Logf("minute  tickets  done  memory of the supervisor and the worker, and of it in use by Go (KiB)  their descriptors  p99 of /metrics")
	var minutes []footprint
	var all, minute []time.Duration
	var lowest footprint
	failed := 0
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for began, n := time.Now(), 1; time.Since(began) < long; n++ {
		<-tick.C
		asked := time.Now()
		text, err := s.metrics()
		if err != nil {
			failed++
			t.Errorf("/metrics: %v", err)
			continue
		}
		minute = append(minute, time.Since(asked))
		lowest = lowest.least(s.footprint())
		if n%60 != 0 {
			continue
		}
		t.Logf("%6d  %7d  %5d  %7d %7d %7.0f  %d %d  %v", n/60, s.made.Load(), s.done(text), lowest.supervisor, lowest.worker, readExposed(t, text).series["go_memstats_heap_inuse_bytes"]/1024, lowest.supervisorFiles, lowest.workerFiles, percentile(minute, .99))
		minutes, all, minute, lowest = append(minutes, lowest), append(all, minute...), nil, footprint{}
	}
	close(stop)
	coming.Wait()
	all = append(all, minute...)
	t.Logf("/metrics was asked for %d times: median %v, p99 %v, most %v; %d failed", len(all), percentile(all, .5), percentile(all, .99), percentile(all, 1), failed)
	if p99 := percentile(all, .99); p99 >= 50*time.Millisecond {
		t.Errorf("the p99 of /metrics is %v, want less than 50 ms", p99)
	}
	s.finish()
	s.life.end(t)
	if len(minutes) < 4 {
		t.Fatalf("%d minutes are too few to judge", len(minutes))
	}
	// The first minutes fill caches and pools, which are bounded: of 20 minutes the second half is after that.
	half := minutes[len(minutes)/2:]
	for name, of := range map[string]func(footprint) int64{"the supervisor": func(f footprint) int64 { return f.supervisor }, "the worker": func(f footprint) int64 { return f.worker }} {
		grown := grows(half, of)
		t.Logf("in the last %d minutes the memory of %s grew by %d KiB, by the line through its minutes", len(half), name, grown)
		if grown > of(half[0])*3/100+1<<10 {
			t.Errorf("memory of %s grew by %d KiB from %d on", name, grown, of(half[0]))
		}
	}
	from, to := minutes[len(minutes)/4], minutes[len(minutes)-1]
	for name, f := range map[string][2]int64{"the supervisor": {from.supervisorFiles, to.supervisorFiles}, "the worker": {from.workerFiles, to.workerFiles}} {
		if f[1] > f[0]+3 {
			t.Errorf("descriptors of %s grew from %d to %d", name, f[0], f[1])
		}
	}
}

// grows is by how much the straight line that fits minutes best rises from the first to the last of them.
func grows(minutes []footprint, of func(footprint) int64) int64 {
	n := float64(len(minutes))
	var xy, xx, x, y float64
	for i, m := range minutes {
		at, v := float64(i), float64(of(m))
		xy, xx, x, y = xy+at*v, xx+at*at, x+at, y+v
	}
	return int64((n*xy - x*y) / (n*xx - x*x) * (n - 1))
}

// Hostile requests at the address for others, by size, rate, path, method, name, slowness and as no
// HTTP at all, while tickets come: the work goes on, and memory and descriptors come back.
func TestHostileRequestsLeaveTheWorkUnharmed(t *testing.T) {
	t.Parallel()
	n := 2_000
	if os.Getenv("OTAI_TEST_ALL") != "" {
		n = 10_000
	}
	s := newSoaked(t)
	stop := make(chan struct{})
	var coming sync.WaitGroup
	coming.Go(func() { s.comes(time.Second/10, stop) })
	eventually(t, "it works", func() bool { return s.moved() > 40 })
	quietly := s.settled()
	before, began, made := s.moved(), time.Now(), s.made.Load()

	var inside, outside []time.Duration
	refused := 0
	watching := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-watching:
				return
			case <-time.After(100 * time.Millisecond):
			}
			asked := time.Now()
			scrape(t, s.state)
			inside = append(inside, time.Since(asked))
			asked = time.Now()
			if _, err := s.metrics(); err != nil {
				refused++ // all places were taken
				continue
			}
			outside = append(outside, time.Since(asked))
		}
	})
	answered := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	at := make(chan struct{}, 120) // nearly all that are let in; a few more at times
	most := footprint{}
	for i := range n {
		bound := i%500 >= 50 // the others come at once
		if bound {
			time.Sleep(2 * time.Millisecond)
			at <- struct{}{}
		}
		if i%100 == 0 {
			f := s.footprint()
			most = footprint{max(most.supervisor, f.supervisor), max(most.worker, f.worker), max(most.supervisorFiles, f.supervisorFiles), max(most.workerFiles, f.workerFiles)}
		}
		kind := hostile[i%len(hostile)]
		all.Go(func() {
			if bound {
				defer func() { <-at }()
			}
			status := kind.send(s.admin, i)
			mu.Lock()
			answered[kind.name+": "+status]++
			mu.Unlock()
		})
	}
	all.Wait()
	took := time.Since(began)
	close(watching)
	watch.Wait()
	after := s.moved()
	came := s.made.Load() - made
	close(stop)
	coming.Wait()
	afterward := s.settled()
	for _, line := range slices.Sorted(maps.Keys(answered)) {
		t.Logf("%6d  %s", answered[line], line)
	}
	t.Logf("%d hostile requests in %v: %d tickets came and %d were done meanwhile", n, took.Round(time.Millisecond), came, after-before)
	t.Logf("/metrics at the socket: %d times, p99 %v; at the address: %d times, p99 %v, and %d times all places were taken", len(inside), percentile(inside, .99), len(outside), percentile(outside, .99), refused)
	t.Logf("memory of supervisor and worker in KiB, and their descriptors: before %v, at most %v, after %v", quietly, most, afterward)
	if after-before < came*8/10-20 {
		t.Errorf("%d tickets came, and %d were done", came, after-before)
	}
	if afterward.supervisor > quietly.supervisor+8<<10 || afterward.worker > quietly.worker*13/10+16<<10 || afterward.supervisorFiles > quietly.supervisorFiles+3 || afterward.workerFiles > quietly.workerFiles+5 {
		t.Errorf("before %v, after %v", quietly, afterward)
	}
	s.finish()
	s.life.end(t)
}

// settled is the least that the processes have within a moment.
func (s *soaked) settled() (least footprint) {
	for range 60 {
		least = least.least(s.footprint())
		time.Sleep(100 * time.Millisecond)
	}
	return least
}
