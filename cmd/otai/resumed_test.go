package main_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// What a process has left, and what it leaves on disk.

// TestTheThreePipeFormIsKilledAfterEachOfItsRequests, with a ticket of 5 MB, which is too
// large to be kept, and with one in which a secret stands.
func TestTheThreePipeFormIsKilledAfterEachOfItsRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body string }{
		{"an ordinary ticket", "Hello"},
		{"5 MB", strings.Repeat("0123456789abcdef ", 5<<20/17)},
		{"a secret", "My password is " + password + ", is it safe?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			id := fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "x", Body: c.body}))
			ids := append([]string{id}, w.addMany(2, "x")...)
			at := make(chan struct{})
			var after atomic.Int64
			w.treats(func(q *request) treatment {
				if q.update() && q.Ticket == id && int64(len(whichDone(w.requests, id))) == after.Load() {
					return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
				}
				return treatment{}
			})
			env := w.environment()
			config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep))
			for n := range 3 {
				after.Store(int64(n))
				l := live(t, env, "run", "-c", config)
				select {
				case <-at:
				case <-time.After(patient):
					t.Errorf("request %d does not come", n+1)
				}
				l.kill()
			}
			after.Store(-1)
			live(t, env, "run", "-c", config)
			w.all(patient, ids, whole)
			time.Sleep(500 * time.Millisecond)
			w.wantAllDone(ids, whole)
			if n := len(w.updatesOf(id)); n != 3 {
				t.Errorf("%d updates were sent, want 3", n)
			}
		})
	}
}

func whichDone(requests []*request, id string) (done []*request) {
	for _, q := range requests {
		if q.update() && q.Ticket == id && !q.Done.IsZero() {
			done = append(done, q)
		}
	}
	return done
}

// TestWhatAProcessLeftIsLookedAtWithinASecondOfTheNextOnesStart, on SQLite and on PostgreSQL.
func TestWhatAProcessLeftIsLookedAtWithinASecondOfTheNextOnesStart(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			var more []string
			if on == "PostgreSQL" {
				more = append(more, "OTAI_DATABASE_URL="+postgres(t).url)
			}
			w := newWitness(t)
			ids := w.add("x", "x", "x")
			at := make(chan struct{}, 1)
			w.treats(func(q *request) treatment {
				if q.update() && q.Number == 1 {
					return treatment{hook: func() { at <- struct{}{} }, after: 2 * time.Second}
				}
				return treatment{}
			})
			env := w.environment(more...)
			config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
			l := live(t, env, "run", "-c", config)
			select {
			case <-at:
			case <-time.After(patient):
				t.Fatal("no update comes")
			}
			l.kill()
			killed := time.Now()
			l = live(t, env, "run", "-c", config)
			eventually(t, "it runs", func() bool { return strings.Contains(l.log.String(), `"message":"otai runs"`) })
			began := time.Now()
			looks := func() []request {
				return w.seen(func(q *request) bool {
					return q.Operation == "ticket-get" && q.Arrived.After(killed) && strings.Contains(string(q.Body["TicketID"]), `"`+ids[0]+`"`)
				})
			}
			eventually(t, "it looks at the ticket", func() bool { return len(looks()) > 0 })
			took := looks()[0].Arrived.Sub(began)
			t.Logf("looked at %s after the start", took.Round(time.Millisecond))
			if limit := time.Duration(float64(time.Second) * busy()); took > limit {
				t.Errorf("the ticket is looked at %s after the start", took)
			}
			w.all(patient, ids, whole)
			w.wantAllDone(ids, whole)
		})
	}
}

// TestAfterTheEndNoTicketTextIsKept, nor a secret that stood in a ticket: not in the
// database, not in what SQLite has beside it, not in a dump of PostgreSQL.
func TestAfterTheEndNoTicketTextIsKept(t *testing.T) {
	t.Parallel()
	const planted = "PlantedTextOfACustomer"
	nothingOf := func(t *testing.T, where string, content []byte) {
		for _, text := range []string{planted, password} {
			if hasText(content, text) {
				t.Errorf("%s: %q is in it", where, text)
			}
		}
	}
	afterAKill := func(t *testing.T, more ...string) (env []string) {
		w := newWitness(t)
		var ids []string
		for range 5 {
			ids = append(ids, fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: planted + "Title", Body: planted + " " + password})))
		}
		at := make(chan struct{}, 1)
		w.treats(func(q *request) treatment {
			if q.update() && q.Number == 4 { // behind the first note
				return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
			}
			return treatment{}
		})
		env = append(w.environment(), more...)
		config := writeFile(t, rowConfig(3, "timeout: PT5S", moveStep+priorityStep+noteStep))
		l := live(t, env, "run", "-c", config)
		<-at
		l.kill()
		l = live(t, env, "run", "-c", config)
		w.all(patient, ids, whole)
		time.Sleep(500 * time.Millisecond)
		l.end(t)
		w.wantAllDone(ids, whole)
		return env
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		files := 0
		_ = filepath.WalkDir(stateOf(afterAKill(t)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			nothingOf(t, path, content)
			if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		})
		if files == 0 {
			t.Error("there is no file in the state folder")
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		db := postgres(t)
		afterAKill(t, "OTAI_DATABASE_URL="+db.url)
		dump := db.Dump(t, db.url)
		if !bytes.Contains(dump, []byte("COPY otai.effect")) {
			t.Errorf("the dump has no effects: %.2000s", dump)
		}
		nothingOf(t, "the dump", dump)
	})
}
