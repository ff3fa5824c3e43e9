package sqlite

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// record is as long as a decision.
var record = []byte(strings.Repeat("r", 900))

// ticketOfTen is what the store does for a ticket of ten steps: its claim, eight results,
// two writes with their intents on the disk before, its end with its decision.
func ticketOfTen(t testing.TB, s *Store, id string) {
	ctx := context.Background()
	held := begin(t, s, id, id)
	result := []byte(strings.Repeat("r", 200))
	for step := range 10 {
		key := fmt.Sprint("step", step)
		b := store.Batch{Held: held, AtWork: &key, Steps: []store.Step{{Key: key, Params: "0123456789abcdef", Result: result}}}
		if step >= 8 {
			e := store.Effect{Key: key, Step: key, Operation: "update", System: "s", Service: "svc", Ticket: id, State: store.Intent, Intent: result}
			_, err := s.Commit(ctx, store.Batch{Held: held, Effects: []store.Effect{e}})
			must(t, err, s.Fence(ctx, held, key, time.Minute, "boot", 1))
			b.Effects = []store.Effect{{Key: key, Step: key, Operation: "update", System: "s", Service: "svc", Ticket: id, State: store.Done, Outcome: []byte("ok")}}
		}
		if step == 9 {
			b.Tickets = []store.Ticket{{Runner: "r", System: "s", Ticket: id, Standing: store.Handled, Picture: result}}
			b.End = &store.End{State: store.Ended, Outcome: store.Applied}
			b.Decisions = []store.Decision{{System: "s", Ticket: id, Runner: "r", Action: "applied", Label: "IT", Confidence: 930_000, Body: record}}
		}
		_, err := s.Commit(ctx, b)
		must(t, err)
	}
}

func BenchmarkTicketOfTenSteps(b *testing.B) {
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			s := openIn(b, b.TempDir())
			defer s.Close()
			register(b, s)
			var n atomic.Int64
			start := cpu()
			b.ResetTimer()
			var wait sync.WaitGroup
			for range workers {
				wait.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						ticketOfTen(b, s, fmt.Sprintf("t%07d", i))
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64((cpu()-start).Microseconds())/1000/float64(b.N), "cpu-ms/ticket")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
		})
	}
}

// fill makes ended runs with their effects and the standings of their tickets.
func fill(t testing.TB, s *Store, runs int) {
	t.Helper()
	db := s.db.writing
	tx, err := db.Begin()
	must(t, err)
	for _, statement := range []string{
		`INSERT INTO run (id, runner, place, hash, parent, item_key, state, outcome, reason, cause, attempts, deaths, at_work,
			owner, fence, due_at, due_from, begun, may_try, tried, parked, cancel, item, err, created, ended_at)
			SELECT printf('%07x', value * 2654435761 % 268435456) || value, 'r', 'place', 'h', '', '', 'ended', 'applied', '', '', 0, 0, '', '', 1, NULL, 0, 1, 0, 0, 0, '', NULL, '',
			value, value FROM generate_series(1, ?1)`,
		`INSERT INTO effect (run, effect_key, step, operation, system, service, ticket, state, intent, record, outcome, begun, until, boot, boot_clock, created, changed)
			SELECT id, 'step' || value, 'step', 'update', 's', 'svc', 'old' || created, 'done', NULL, NULL, x'00', 1, 1, '', 0, created, created
			FROM run, generate_series(1, 2) WHERE ?1 > 0`,
		`INSERT INTO ticket (system, ticket, runner, run, working, fetched, standing, hashes, last_run, picture, settled, cause, attempts, due_at, seen, ended_at, released, freed, note, changed)
			SELECT 's', 'old' || created, 'r', '', 0, 0, 'handled', '', id, randomblob(200), 0, '', 0, 0, created, 0, 0, '', '', 0 FROM run WHERE ?1 > 0`,
	} {
		statement = strings.ReplaceAll(statement, "generate_series(1, ?1)", "(WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < ?1) SELECT value FROM c)")
		statement = strings.ReplaceAll(statement, "generate_series(1, 2)", "(SELECT 1 AS value UNION SELECT 2)")
		_, err := tx.Exec(statement, runs)
		must(t, err)
	}
	must(t, tx.Commit())
}

func BenchmarkTicketWithManyEnded(b *testing.B) {
	for _, runs := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint("ended=", runs), func(b *testing.B) {
			s := openIn(b, b.TempDir())
			defer s.Close()
			register(b, s)
			fill(b, s, runs)
			must(b, s.db.writer.outside(emptyLog))
			start := cpu()
			b.ResetTimer()
			for i := range b.N {
				ticketOfTen(b, s, fmt.Sprintf("t%07d", i))
			}
			b.ReportMetric(float64((cpu()-start).Microseconds())/1000/float64(b.N), "cpu-ms/ticket")
		})
	}
}

// behindDead returns what claims one ticket behind 5,000 dead ones.
func behindDead(t testing.TB) (claim func()) {
	s := openIn(t, t.TempDir())
	t.Cleanup(func() { must(t, s.Close()) })
	register(t, s)
	var ids []string
	var front []store.Ticket
	now, _ := s.Now(t.Context())
	for i := range 5000 {
		ids = append(ids, fmt.Sprint("dead", i))
		front = append(front, store.Ticket{Runner: "r", System: "s", Ticket: ids[i], Standing: store.StandingDead, Hashes: []string{"h"}, Seen: now})
	}
	must(t, s.PutTickets(t.Context(), front))
	n := 0
	return func() {
		n++
		mark, err := s.Mark(t.Context())
		must(t, err)
		run := fmt.Sprint("run", n)
		c, err := s.Claim(t.Context(), store.Claim{
			Held: store.Held{Run: run, Host: host, Fence: 1}, Create: &store.Run{ID: run, Runner: "r", Hash: "h"}, Runner: "r", Hash: "h", System: "s",
			Tickets: append(ids, fmt.Sprint("good", n)), Limit: 1, Since: mark,
		})
		must(t, err)
		if len(c.Tickets) != 1 || len(c.Passed)+len(c.Over) != len(ids) {
			t.Fatalf("%d are claimed, %d and %d passed over", len(c.Tickets), len(c.Passed), len(c.Over))
		}
	}
}

func BenchmarkClaimBehindPassed(b *testing.B) {
	claim := behindDead(b)
	start := cpu()
	for b.Loop() {
		claim()
	}
	b.ReportMetric(float64((cpu()-start).Microseconds())/1000/float64(b.N), "cpu-ms/claim")
}

// RUNS 12: the rows of tickets that stand in front aren't read.
func TestAClaimBehindThousandsOfDeadTicketsReadsFewRows(t *testing.T) {
	claim := behindDead(t)
	claim()
	if n := testing.AllocsPerRun(5, claim); n > 5000 { // a row alone takes 24
		t.Errorf("it takes %.0f allocations", n)
	} else {
		t.Logf("it takes %.0f allocations", n)
	}
}
