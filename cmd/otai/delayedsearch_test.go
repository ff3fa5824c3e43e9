package main_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// RUNS 11, T14: a search in flight outlives a claim. What one host's search found before
// another host's run worked at it is claimed only by a search that begins after that run.
func TestATicketAtWhichAnotherHostsRunEndedMeanwhileIsNotClaimedByASearchFromBefore(t *testing.T) {
	t.Parallel()
	delayedSearch(t, false)
}

func TestATicketAtWhichAnotherHostsRunIsAtWorkIsNotClaimedByASearchFromBefore(t *testing.T) {
	t.Parallel()
	delayedSearch(t, true)
}

func delayedSearch(t *testing.T, atWork bool) {
	database := postgres(t)
	w := newWitness(t)
	id := w.add("x")[0]
	held, search, write := make(chan bool), make(chan bool), make(chan bool)
	releaseSearch, releaseWrite := sync.OnceFunc(func() { close(search) }), sync.OnceFunc(func() { close(write) })
	t.Cleanup(releaseWrite) // before the help desk ends
	t.Cleanup(releaseSearch)
	first := sync.OnceFunc(func() { close(held) })
	searches := 0
	w.treats(func(q *request) treatment {
		switch {
		case q.Door == "late" && q.Operation == "ticket-search":
			searches++
			if searches == 1 {
				return treatment{hook: func() { first(); <-search }}
			}
		case q.Door == "other" && q.update() && atWork:
			return treatment{hook: func() { <-write }}
		}
		return treatment{}
	})
	begin := func(door, runner, subject string) {
		config := strings.NewReplacer("id: sort", "id: "+runner, "Sorted", subject, "PT0S", "PT0.3S").Replace(rowConfig(1, `timeout: PT50S, proxy: "${OTAI_DOOR}"`, noteStep))
		live(t, w.environment("OTAI_DOOR="+w.door(door), "OTAI_DATABASE_URL="+database.url), "run", "-c", writeFile(t, config))
	}
	begin("late", "read", "Read")
	select {
	case <-held:
	case <-time.After(patient):
		t.Fatal("it doesn't search")
	}
	begin("other", "sort", "Sorted")
	if atWork {
		eventually(t, "the other host is at work", func() bool { return len(w.updatesOf(id)) > 0 })
	} else {
		eventually(t, "the other host's run has ended", func() bool {
			return count(t, database, `otai.run WHERE runner LIKE '%sort%' AND outcome = 'applied'`) == 1
		})
	}
	releaseSearch()
	searched := func() (all []request) {
		return w.seen(func(q *request) bool { return q.Door == "late" && q.Operation == "ticket-search" })
	}
	eventually(t, "it searches again", func() bool { return len(searched()) >= 4 })
	again := searched()[1].Arrived
	read := func(before time.Time) int {
		return len(w.seen(func(q *request) bool {
			return q.Door == "late" && q.Operation != "ticket-search" && q.about(id) && (before.IsZero() || q.Arrived.Before(before))
		}))
	}
	if n := read(again); n != 0 {
		t.Errorf("%d requests are about a ticket that the search from before has found", n)
	}
	if atWork {
		if n := read(time.Time{}); n != 0 {
			t.Errorf("%d requests are about a ticket that another host's run works at", n)
		}
		releaseWrite()
	}
	eventually(t, "both have noted", func() bool {
		ticket := w.ticket(id)
		return notesIn(ticket, "Read") > 0 && notesIn(ticket, "Sorted") > 0
	})
	if ticket := w.ticket(id); notesIn(ticket, "Read") != 1 || notesIn(ticket, "Sorted") != 1 {
		t.Errorf("it has %d and %d notes", notesIn(ticket, "Read"), notesIn(ticket, "Sorted"))
	}
	if n := count(t, database, `otai.run WHERE runner LIKE '%read%'`); n != 1 {
		t.Errorf("the late one has %d runs", n)
	}
}

// count counts rows of the database.
func count(t *testing.T, c cluster, of string) (n int) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+of).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
