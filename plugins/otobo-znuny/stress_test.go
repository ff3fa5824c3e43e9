package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// spoiler stands before a help desk and spoils every tenth request, each time in
// another way of those that real servers and what stands before them have.
type spoiler struct {
	target  string
	count   atomic.Int64
	spoiled [spoilerWays]atomic.Int64
	mu      sync.Mutex
	random  *rand.Rand
	late    sync.WaitGroup
	forward *http.Client
}

const spoilerWays = 8

func (s *spoiler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	do := func(body []byte) (int, []byte) {
		resp, err := s.forward.Post(s.target+r.URL.Path, "application/json; charset=utf-8", bytes.NewReader(body))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer resp.Body.Close()
		out, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, out
	}
	answer := func(body []byte) {
		status, out := do(body)
		w.WriteHeader(status)
		_, _ = w.Write(out)
	}
	if s.count.Add(1)%10 != 0 {
		answer(body)
		return
	}
	s.mu.Lock()
	way := s.random.IntN(spoilerWays)
	s.mu.Unlock()
	s.spoiled[way].Add(1)
	switch way {
	case 0: // closed without having been read
		panic(http.ErrAbortHandler)
	case 1: // done, and the answer lost
		do(body)
		panic(http.ErrAbortHandler)
	case 2: // the queue is written, then the server fails
		do(onlyQueue(body))
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Article could not be created, please contact the system administrator"}`)
	case 3: // all is written, then the server fails
		do(body)
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"OperationObject returned an error, cancelling Request"}`)
	case 4: // a proxy that is busy
		w.WriteHeader(http.StatusServiceUnavailable)
	case 5: // a proxy that gave up while the server goes on
		s.late.Go(func() {
			time.Sleep(20 * time.Millisecond)
			do(body)
		})
		w.WriteHeader(http.StatusGatewayTimeout)
	case 6: // half an answer
		_, out := do(body)
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		_, _ = w.Write(out[:len(out)/2])
		panic(http.ErrAbortHandler)
	default: // slow
		time.Sleep(30 * time.Millisecond)
		answer(body)
	}
}

func onlyQueue(body []byte) []byte {
	var m map[string]any
	if json.Unmarshal(body, &m) != nil {
		return body
	}
	delete(m, "Article")
	if ticket, ok := m["Ticket"].(map[string]any); ok {
		m["Ticket"] = map[string]any{"Queue": ticket["Queue"]}
		if ticket["Queue"] == nil {
			delete(m, "Ticket")
		}
	}
	out, _ := json.Marshal(m)
	return out
}

// TestWhenEveryTenthRequestIsSpoiledEveryTicketEndsRight with 4 callers of one
// service, which repeat what is temporary, and what is uncertain as soon as the help desk
// can't be at work on it any more.
func TestWhenEveryTenthRequestIsSpoiledEveryTicketEndsRight(t *testing.T) {
	tickets := 200
	if os.Getenv("OTAI_TEST_ALL") != "" {
		tickets = 2000
	}
	otai := buildOtai(t)
	_, connect := startHelpdesk(t, otai, "znuny")
	direct := connect(deskPassword)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	target, path, _ := strings.Cut(strings.TrimSuffix(direct.client.URL(), "/Webservice/OpenTicketAI"), "/znuny")
	bad := &spoiler{target: target, random: rand.New(rand.NewPCG(seed, 1)), forward: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	web := httptest.NewServer(bad)
	defer web.Close()
	defer bad.late.Wait()
	s, err := newTicketSystem(Params{BaseURL: web.URL + "/znuny" + path, Password: deskPassword, BreakerFailures: 10},
		api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.client.Retry = wire.RetryPolicy{FirstPause: 2 * time.Millisecond, MaxElapsed: 500 * time.Millisecond}

	const callers, late = 4, 100 * time.Millisecond // a spoiled request is done within that time
	ids := make([]string, tickets)
	inParallel(callers, func(caller int) {
		for i := caller; i < tickets; i += callers {
			id, err := direct.CreateTicket(t.Context(), api.Ticket{
				Subject: fmt.Sprint("ticket ", i), Body: "Hello", Queue: &api.Entity{Name: "Incoming"}, Customer: &api.Entity{Name: "kunde1"},
			})
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		}
	})
	var repeated atomic.Int64
	began := time.Now()
	inParallel(callers, func(caller int) {
		for i := caller; i < tickets; i += callers {
			u := api.TicketUpdate{
				Queue: &api.Entity{Name: "IT"}, Priority: &api.Entity{Name: "4 high"},
				Notes: []api.Note{{Subject: "Sorted", Body: fmt.Sprint("ticket ", i, " is for IT")}},
			}
			for {
				err := s.UpdateTicket(t.Context(), ids[i], u)
				if err == nil {
					break
				}
				if !errors.Is(err, api.ErrTemporary) && !errors.Is(err, api.ErrUncertain) {
					t.Errorf("ticket %s: %v", ids[i], err)
					break
				}
				if errors.Is(err, api.ErrUncertain) {
					time.Sleep(late)
				}
				repeated.Add(1)
			}
		}
	})
	took := time.Since(began)
	bad.late.Wait()
	found, err := direct.FindTickets(t.Context(), api.SearchCriteria{Queue: &api.Entity{Name: "IT"}, Limit: 10 * tickets})
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string]int{}
	for _, ticket := range found {
		if ticket.Priority.Name == "4 high" {
			notes[ticket.ID] = 0
		}
		for _, n := range ticket.Notes {
			if n.Subject == "Sorted" {
				notes[ticket.ID]++
			}
		}
	}
	for _, id := range ids {
		if n, right := notes[id]; n != 1 || !right {
			t.Errorf("ticket %s: in its queue with its priority: %v, notes: %d", id, right, n)
		}
	}
	var ways []int64
	for i := range bad.spoiled {
		ways = append(ways, bad.spoiled[i].Load())
	}
	t.Logf("%d tickets in %v, %d requests, spoiled in each way: %v, repeated by the caller: %d", tickets, took.Round(time.Millisecond), bad.count.Load(), ways, repeated.Load())
}

func inParallel(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

var builtOtai struct {
	once sync.Once
	path string
	err  error
}

// buildOtai builds the host once, for its help desk.
func buildOtai(t testing.TB) string {
	t.Helper()
	builtOtai.once.Do(func() {
		dir, err := os.MkdirTemp("", "otai-otobo-znuny-")
		if err != nil {
			builtOtai.err = err
			return
		}
		builtOtai.path = filepath.Join(dir, "otai")
		builtOtai.err = buildInto(builtOtai.path)
	})
	if builtOtai.err != nil {
		t.Fatal(builtOtai.err)
	}
	return builtOtai.path
}
