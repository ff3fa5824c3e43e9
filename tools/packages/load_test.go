package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// perSecond is how many tickets come in while otai is reloaded, upgraded, and restarted.
const perSecond = 20

// client speaks to what listens in the machine, which has a network of its own.
func (m *machine) client() *http.Client {
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and never unlocked: the thread, which is elsewhere then, ends with the goroutine
			var space *os.File
			if space, err = os.Open("/proc/" + m.leader + "/ns/net"); err != nil {
				return
			}
			defer space.Close()
			if err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err == nil {
				conn, err = new(net.Dialer).DialContext(ctx, network, address)
			}
		}()
		<-done
		return conn, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 20 * time.Second}
}

// load is tickets that come in at the help desk of the machine.
type load struct {
	*machine
	web   *http.Client
	from  string // the journal's cursor
	began time.Time
	stop  chan struct{}
	added chan int
}

const control = "http://127.0.0.1:8080/_control"

// load begins to add tickets, those of the demonstration again and again.
func (m *machine) load() *load {
	m.Helper()
	return m.loadOf(perSecond)
}

// loadOf adds that many a second.
func (m *machine) loadOf(tickets int) *load {
	m.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "demo", "tickets.json"))
	if err != nil {
		m.Fatal(err)
	}
	var list []struct{ Subject, Body string }
	if err := json.Unmarshal(text, &list); err != nil {
		m.Fatal(err)
	}
	l := &load{machine: m, web: m.client(), from: m.now(), began: time.Now(), stop: make(chan struct{}), added: make(chan int, 1)}
	go func() {
		each := time.NewTicker(time.Second / time.Duration(tickets))
		defer each.Stop()
		n := 0
		defer func() { l.added <- n }()
		for {
			select {
			case <-l.stop:
				return
			case <-each.C:
				one := list[n%len(list)]
				body, _ := json.Marshal([]map[string]string{{"title": fmt.Sprintf("%s (%d)", one.Subject, n), "body": one.Body}})
				answer, err := l.web.Post(control+"/tickets", "application/json", bytes.NewReader(body))
				if err != nil {
					m.Errorf("a ticket could not be added: %v", err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
					m.Errorf("a ticket could not be added: %s", answer.Status)
					return
				}
				n++
			}
		}
	}()
	return l
}

// desk are the tickets of the help desk, and how many of them have how many notes of otai.
func (l *load) desk() (tickets int, notes map[int]int) {
	l.Helper()
	answer, err := l.web.Get(control + "/tickets")
	if err != nil {
		l.Fatal(err)
	}
	defer answer.Body.Close()
	var list []struct {
		Queue    string
		Articles []struct{ Subject string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		l.Fatal(err)
	}
	notes = make(map[int]int)
	for _, ticket := range list {
		n := 0
		for _, a := range ticket.Articles {
			if a.Subject == "Automatic classification" {
				n++
			}
		}
		if n == 1 && ticket.Queue == "Incoming" {
			n = 0
		}
		notes[n]++
	}
	return len(list), notes
}

// end stops it, and judges: each ticket is changed, and once.
func (l *load) end() {
	l.Helper()
	close(l.stop)
	added, took := <-l.added, time.Since(l.began)
	l.until("each ticket is changed", func() bool { _, notes := l.desk(); return notes[0] == 0 })
	time.Sleep(2 * time.Second)
	all, notes := l.desk()
	l.Logf("%d tickets in %s, %.1f/s; by number of notes: %v", added, took.Round(time.Second), float64(added)/took.Seconds(), notes)
	if notes[1] != all || all < added {
		l.Errorf("of %d tickets, by number of notes: %v", all, notes)
	}
}

// changes are the times at which a ticket was changed since the load began, in order.
func (l *load) changes() (times []time.Time) {
	l.Helper()
	for _, line := range l.lines(l.from) {
		if strings.Contains(line.Text, `"message":"ticket changed"`) {
			times = append(times, line.At)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	return times
}

// gap is the longest time without a change that ends or begins within a stretch.
func gap(times []time.Time, from, to time.Time) (longest time.Duration) {
	for i := 1; i < len(times); i++ {
		if times[i].Before(from) || times[i-1].After(to) {
			continue
		}
		longest = max(longest, times[i].Sub(times[i-1]))
	}
	return longest
}

func TestAGapIsFoundWhereverItBegins(t *testing.T) {
	base := time.Unix(1000, 0)
	var times []time.Time
	for _, s := range []int{0, 1, 2, 6, 7} {
		times = append(times, base.Add(time.Duration(s)*time.Second))
	}
	for name, c := range map[string]struct{ from, to, want int }{
		"within":          {1, 7, 4},
		"begun before":    {4, 7, 4},
		"ends afterwards": {1, 3, 4},
		"around":          {3, 4, 4},
		"before it":       {0, 1, 1},
		"after it":        {7, 8, 1},
	} {
		at := func(s int) time.Time { return base.Add(time.Duration(s) * time.Second) }
		if got := gap(times, at(c.from), at(c.to)); got != time.Duration(c.want)*time.Second {
			t.Errorf("%s: %s, want %d s", name, got, c.want)
		}
	}
}
