package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/postgres"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A twin is one of two stores to which the same is done: one commits without an answer in
// between where it can, the other always asks.
type twin struct {
	*sqlstore.Store
	leases bool
	given  func() []string // what a queue was given
}

type twins struct {
	*testing.T
	ctx          context.Context //nolint:containedctx // of the test
	blind, asked twin
	stored       map[string]int // batches by how they were stored
}

// begun is the time of SQLite's clock, which stands still.
var begun = time.UnixMicro(1_900_000_000_000_000)

func inSQLite(t *testing.T) twin {
	s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir(), Clock: func() time.Time { return begun }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return twin{s.Store, false, func() []string { return nil }}
}

func inPostgreSQL(t *testing.T) twin {
	pool, err := pgxpool.New(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "CREATE SCHEMA otai; CREATE TABLE given (what text)"); err != nil {
			return err
		}
		return postgres.Migrate(t.Context(), tx, "otai")
	}); err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{
		Pool: pool, Schema: "otai",
		Due: func(ctx context.Context, tx pgx.Tx, _ int64, runs []store.ReadyRun) error {
			for _, r := range runs {
				if _, err := tx.Exec(ctx, "INSERT INTO given VALUES ($1)", fmt.Sprintf("due %s %s %d", r.Run, r.Hash, r.Fence)); err != nil {
					return err
				}
			}
			return nil
		},
		Over: func(ctx context.Context, tx pgx.Tx, run string) error {
			_, err := tx.Exec(ctx, "INSERT INTO given VALUES ($1)", "over "+run)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return twin{s.Store, true, func() []string {
		rows, err := pool.Query(t.Context(), "DELETE FROM given RETURNING what")
		if err != nil {
			t.Fatal(err)
		}
		given, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return given
	}}
}

// databases runs a test for twins of each kind.
func databases(t *testing.T, test func(*twins)) {
	for name, open := range map[string]func(*testing.T) twin{"SQLite": inSQLite, "PostgreSQL": inPostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&twins{T: t, ctx: t.Context(), blind: open(t), asked: open(t), stored: make(map[string]int)})
		})
	}
}

// both does the same to both.
func (w *twins) both(do func(twin) error) {
	w.Helper()
	for _, s := range []twin{w.blind, w.asked} {
		if err := do(s); err != nil {
			w.Fatal(err)
		}
	}
}

// kind is what a caller can know of an error.
func kind(err error) string {
	for name, e := range map[string]error{
		"fence": store.ErrFence, "canceled": store.ErrCanceled, "busy": store.ErrBusy, "missing": store.ErrMissing,
		"nothing": sqlstore.ErrNothing, "unavailable": store.ErrUnavailable,
	} {
		if errors.Is(err, e) {
			return name
		}
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// clocked are columns whose values PostgreSQL takes from its clock or its counter of ends,
// which aren't the same for both: those of now are compared as that.
var clocked = regexp.MustCompile(`\b(due_at|due_from|created|ended_at|changed|begun|until|seen|started|lease_until|since|next_try|fired|made)=(\d+)`)

// rows are all rows of a store.
func (w *twins) rows(s twin) []string {
	w.Helper()
	rows, err := s.Dump(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
	if !s.leases {
		return rows
	}
	rows = slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "meta ") }) // its birth
	for i, row := range rows {
		rows[i] = clocked.ReplaceAllStringFunc(row, func(column string) string {
			name, value, _ := strings.Cut(column, "=")
			n, _ := strconv.ParseInt(value, 10, 64)
			away := time.Until(time.UnixMicro(n))
			switch {
			case n > 0 && name == "ended_at" && strings.HasPrefix(row, "ticket "):
				return name + "=END"
			case away.Abs() < 10*time.Minute:
				return name + "=NOW" + away.Round(time.Minute).String()
			}
			return column
		})
	}
	slices.Sort(rows)
	return rows
}

func differences(a, b []string) string {
	var out []string
	for _, row := range a {
		if !slices.Contains(b, row) {
			out = append(out, "- "+row)
		}
	}
	for _, row := range b {
		if !slices.Contains(a, row) {
			out = append(out, "+ "+row)
		}
	}
	return strings.Join(out, "\n")
}

// same compares all that is in the twins.
func (w *twins) same(what string) {
	w.Helper()
	if d := differences(w.rows(w.blind), w.rows(w.asked)); d != "" {
		w.Fatalf("%s\nwithout an answer in between (-), asked (+):\n%s", what, d)
	}
	blind, asked := w.blind.given(), w.asked.given()
	slices.Sort(blind) // several that become due at once have no order
	slices.Sort(asked)
	if !slices.Equal(blind, asked) {
		w.Fatalf("%s: a queue is given %v, and %v", what, blind, asked)
	}
}

// commit commits a batch to both, and compares answers and rows.
func (w *twins) commit(make func() store.Batch) (answer string) {
	w.Helper()
	b := make()
	what := fmt.Sprintf("%+v", b)
	if b.End != nil {
		what += fmt.Sprintf(" end %+v", *b.End)
	}
	how := "asked"
	if sqlstore.MayBeBlind(b) {
		before := w.rows(w.blind)
		err := w.blind.CommitBlind(w.ctx, make())
		how = "blind"
		if errors.Is(err, sqlstore.ErrNothing) {
			how = "blind, then asked"
			if d := differences(before, w.rows(w.blind)); d != "" {
				w.Fatalf("%s\nan attempt that ended with nothing left something:\n%s", what, d)
			}
		} else {
			answer = kind(err)
		}
	}
	var counted *store.Cause
	if how != "blind" { // as Commit does
		var err error
		counted, err = w.blind.Commit(w.ctx, make())
		answer = kind(err)
	}
	of, err := w.asked.CommitAsked(w.ctx, make())
	if kind(err) != answer {
		w.Fatalf("%s\n%s: the answers are %q, and %q asked", what, how, answer, kind(err))
	}
	if err == nil {
		if (counted == nil) != (of == nil) || of != nil && (counted.Key != of.Key || counted.Tickets != of.Tickets || counted.Closed != of.Closed || counted.Logged != of.Logged) {
			w.Fatalf("%s\nthe causes are %+v, and %+v asked", what, counted, of)
		}
	}
	w.same(what + "\n" + how + ", answered " + answer)
	w.stored[how+" "+answer]++
	return answer
}

const (
	runner = "sort"
	system = "desk"
)

// world begins anew: hosts a and b, and a run r1 of a with the tickets 1 and 2, an open
// effect and a step.
func (w *twins) world() {
	w.Helper()
	w.both(func(s twin) error {
		for table := range s.Tables() {
			if table != "meta" && table != "slot" && table != "request" {
				if err := s.Exec(w.ctx, `DELETE FROM {s}`+table); err != nil {
					return err
				}
			}
		}
		for _, id := range []string{"a", "b"} {
			h := store.Host{ID: id, Instance: id, Version: "1", Places: []store.HostPlace{{Runner: runner, Hash: "h"}}}
			if s.leases {
				h.Lease = time.Minute
			} else if id == "b" {
				break // it would take over what a held
			}
			if err := s.Register(w.ctx, h); err != nil {
				return err
			}
		}
		return w.claims(s, store.Held{Run: "r1", Host: "a", Fence: 1}, runner, "1", "2")
	})
	w.both(func(s twin) error {
		_, err := s.CommitAsked(w.ctx, store.Batch{
			Held: held(1), Steps: []store.Step{{Key: "s", Params: "p", Result: []byte("r")}},
			Effects: []store.Effect{effect("e", "1", store.Intent), effect("d", "1", store.Done)},
		})
		return err
	})
}

func (w *twins) claims(s twin, held store.Held, runner string, tickets ...string) error {
	mark, err := s.Mark(w.ctx)
	if err != nil {
		return err
	}
	_, err = s.Claim(w.ctx, store.Claim{
		Held: held, Create: &store.Run{ID: held.Run, Runner: runner, Hash: "h"}, Runner: runner, Hash: "h",
		System: system, Tickets: tickets, Limit: len(tickets), Since: mark,
	})
	return err
}

func held(n int) store.Held { return store.Held{Run: fmt.Sprint("r", n), Host: "a", Fence: 1} }

func effect(key, ticket string, state store.EffectState) store.Effect {
	return store.Effect{Key: key, Step: "s", Operation: store.OpNote, System: system, Service: "otobo", Ticket: ticket, State: state, Intent: []byte("i")}
}

func row(ticket, run string, working bool, s store.Standing) store.Ticket {
	return store.Ticket{Runner: runner, System: system, Ticket: ticket, Run: run, Working: working, Fetched: true, Standing: s}
}

func ends(o store.Outcome) *store.End { return &store.End{State: store.Ended, Outcome: o} }

func TestCommitAnswersAndStoresTheSameWithAndWithoutAskingFirst(t *testing.T) {
	step, lasts := "t", store.Begin{Effect: "e", Lasts: time.Minute, Boot: "boot", BootClock: 7}
	none := lasts
	none.Effect = "none"
	fresh := lasts
	fresh.Effect = "n"
	done := lasts
	done.Effect = "d"
	sql := func(statement string) func(*twins) {
		return func(w *twins) { w.both(func(s twin) error { return s.Exec(w.ctx, statement) }) }
	}
	leases := func(statement string) func(*twins) {
		return func(w *twins) {
			if w.blind.leases {
				sql(statement)(w)
			}
		}
	}
	whole := store.Batch{
		Held: held(1), AtWork: &step, Steps: []store.Step{{Key: "s", Params: "q"}, {Key: "x", Result: []byte("y")}},
		Documents: []store.Document{{Ticket: "1", Body: []byte("text")}}, Effects: []store.Effect{effect("n", "2", store.Intent)},
		Success: []string{"c"},
	}
	ended := store.Batch{
		Held: held(1), Effects: []store.Effect{effect("e", "1", store.Done)}, Tickets: []store.Ticket{row("1", "", false, store.Handled)},
		Success: []string{"c"}, Forget: true, End: ends(store.Applied),
		Decisions: []store.Decision{decision("1", ""), decision("2", "same")},
	}
	intent := store.Batch{Held: held(1), Effects: []store.Effect{effect("n", "2", store.Intent)}, Begin: &fresh, AtWork: &step}
	canceled := func(verb string) func(*twins) {
		return func(w *twins) {
			w.both(func(s twin) error { _, err := s.Cancel(w.ctx, "r1", verb, nil); return err })
		}
	}
	causes := func(w *twins) {
		for n := range 3 {
			w.both(func(s twin) error {
				id := held(10 + n)
				if err := w.claims(s, id, "other", fmt.Sprint("c", n)); err != nil {
					return err
				}
				_, err := s.CommitAsked(w.ctx, store.Batch{
					Held: id, Rejection: &store.Rejection{Runner: "other", Cause: "c", Label: "c", Ticket: fmt.Sprint("c", n)},
					End: &store.End{State: store.Waiting, Reason: store.ReasonCause, Cause: "c"},
				})
				return err
			})
		}
	}
	items := func(w *twins) {
		w.both(func(s twin) error {
			_, err := s.CommitAsked(w.ctx, store.Batch{
				Held:  held(1),
				Spawn: []store.Run{{ID: "r2", Runner: runner, Hash: "h", Parent: "r1", Key: "k", State: store.Running, Owner: "a", Fence: 1, Item: []byte("i")}},
			})
			return err
		})
	}
	lent := func(w *twins) {
		items(w)
		w.both(func(s twin) error {
			if err := s.Exec(w.ctx, `UPDATE {s}ticket SET working = 0`); err != nil {
				return err
			}
			_, busy, err := s.ClaimOne(w.ctx, held(2), nil, row("1", "", false, ""))
			if busy {
				return store.ErrBusy
			}
			return err
		})
	}
	worked := func(w *twins) { // by another runner's run
		w.both(func(s twin) error {
			if err := s.Exec(w.ctx, `UPDATE {s}ticket SET working = 0`); err != nil {
				return err
			}
			return w.claims(s, held(3), "other", "1")
		})
	}
	of2 := ended
	of2.Held = held(2)
	fence := func(b store.Batch, change func(*store.Held)) store.Batch { change(&b.Held); return b }
	lost := func(h *store.Held) { h.Fence = 2 }
	stranger := func(h *store.Held) { h.Host = "b" }
	unknown := func(h *store.Held) { h.Run = "none" }
	expired := leases(`UPDATE {s}host SET lease_until = lease_until - 120000000 WHERE id = 'a'`)
	last := leases(`UPDATE {s}host SET lease_until = lease_until - 50000000 WHERE id = 'a'`) // of a minute
	dead := leases(`UPDATE {s}host SET dead = 1 WHERE id = 'a'`)
	databases(t, func(w *twins) {
		for _, c := range []struct {
			name  string
			first func(*twins)
			batch store.Batch
			want  string // where they differ, SQLite's|PostgreSQL's
		}{
			{"a step", nil, whole, ""},
			{"a step that is at work already", sql(`UPDATE {s}run SET at_work = 't', deaths = 2`), whole, ""},
			{"another step after deaths at one", sql(`UPDATE {s}run SET at_work = 's', deaths = 2`), whole, ""},
			{"nothing but that a step is at work", nil, store.Batch{Held: held(1), AtWork: &step}, ""},
			{"nothing at all", nil, store.Batch{Held: held(1)}, ""},
			{"forgets", nil, store.Batch{Held: held(1), Forget: true, Steps: whole.Steps}, ""},
			{"an intent", nil, intent, ""},
			{"a request of an intent that is stored", nil, store.Batch{Held: held(1), Begin: &lasts}, ""},
			{"a request without an intent", nil, store.Batch{Held: held(1), Begin: &none}, `run r1 sends a request for the effect "none" without an intent`},
			{"a request of an effect that is done", nil, store.Batch{Held: held(1), Begin: &done}, `run r1 sends a request for the effect "d" without an intent`},
			{"an outcome", nil, store.Batch{Held: held(1), Effects: []store.Effect{effect("e", "1", store.Done)}}, ""},
			{"an end", nil, ended, ""},
			{"an end that left the ticket", nil, store.Batch{Held: held(1), Tickets: ended.Tickets, End: ends(store.Left)}, ""},
			{"an end with the same decision again", sql(`INSERT INTO {s}decision (system, ticket, run, ending, runner, made, action, label, confidence, same)
				VALUES ('s', '2', 'r1', 4, 'sort', 1, 'left', '', 0, 'same')`), ended, ""},
			{"an end with an open effect", nil, store.Batch{Held: held(1), End: ends(store.Gone)}, ""},
			{"an end of a step that was at work", sql(`UPDATE {s}run SET at_work = 's', deaths = 2, may_try = 1, parked = 1`), ended, ""},
			{"a dead end", nil, store.Batch{Held: held(1), Tickets: []store.Ticket{row("1", "r1", true, store.StandingDead)}, End: ends(store.Dead)}, ""},
			{"is set aside", nil, store.Batch{Held: held(1), End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: 1, Counts: true}}, ""},
			{"lets go of a ticket before its end", nil, store.Batch{Held: held(1), Tickets: []store.Ticket{row("2", "", false, "")}}, ""},
			{"an end that counts", nil, store.Batch{Held: held(1), End: &store.End{State: store.Ended, Outcome: store.Overtaken, Counts: true, Err: "e", Reason: "r", Cause: "c"}}, ""},

			{"a step, lost", nil, fence(whole, lost), "fence"},
			{"an intent, lost", nil, fence(intent, lost), "fence"},
			{"an end, lost", nil, fence(ended, lost), "fence"},
			{"a step of another host's", nil, fence(whole, stranger), "fence"},
			{"an end of another host's", nil, fence(ended, stranger), "fence"},
			{"a step of none", nil, fence(whole, unknown), "fence"},
			{"an end of none", nil, fence(ended, unknown), "fence"},
			{"a step of one that waits", sql(`UPDATE {s}run SET state = 'waiting'`), whole, "fence"},
			{"an end of one that is ready", sql(`UPDATE {s}run SET state = 'ready'`), ended, "fence"},
			{"an end of one that has ended", sql(`UPDATE {s}run SET state = 'ended'`), ended, "fence"},
			{"a step, expired", expired, whole, "|fence"},
			{"an intent, expired", expired, intent, "|fence"},
			{"an end, expired", expired, ended, "|fence"},
			{"an outcome, expired", expired, store.Batch{Held: held(1), Fact: true, Effects: []store.Effect{effect("e", "1", store.Done)}}, ""},
			{"a step in the last quarter", last, whole, ""},
			{"an intent in the last quarter", last, intent, "|fence"},
			{"an end in the last quarter", last, ended, ""},
			{"a step of a dead host", dead, whole, "|fence"},
			{"an end of a dead host", dead, ended, "|fence"},

			{"a step, canceled", canceled("cancel"), store.Batch{Held: held(1), AtWork: &step, Steps: whole.Steps}, ""},
			{"a new intent, canceled", canceled("cancel"), whole, "canceled"},
			{"a request, canceled", canceled("cancel"), store.Batch{Held: held(1), Begin: &lasts}, "canceled"},
			{"an outcome, discarded", canceled("discard"), store.Batch{Held: held(1), Effects: []store.Effect{effect("e", "1", store.Done)}}, ""},
			{"an end, discarded", canceled("discard"), ended, ""},

			{"a success where a cause is closed", causes, whole, ""},
			{"an end with the success of a closed cause", causes, ended, ""},
			{"an end of a loop", items, ended, ""},
			{"an end of an item", items, of2, ""},
			{"an end of an item that was lent a ticket", lent, of2, ""},
			{"an end of a loop that lent a ticket", lent, ended, ""},
			{"begins to work where another run does", worked, store.Batch{Held: held(1), Tickets: []store.Ticket{row("1", "r1", true, "")}}, "busy"},
			{"ends where another runner's run works", worked, ended, ""},
			{"a standing of another run's ticket", sql(`UPDATE {s}ticket SET run = 'other'`), ended, ""},
		} {
			w.world()
			if c.first != nil {
				c.first(w)
			}
			w.same(c.name + ", before it")
			got := w.commit(func() store.Batch { return copied(c.batch) })
			want, other, differ := strings.Cut(c.want, "|")
			if differ && w.blind.leases {
				want = other
			}
			if got != want {
				w.Errorf("%s: the answer is %q, want %q", c.name, got, want)
			}
		}
	})
}

// copied is a batch of its own, as a caller's second try would make it.
func copied(b store.Batch) store.Batch {
	b.Effects, b.Tickets, b.Steps = slices.Clone(b.Effects), slices.Clone(b.Tickets), slices.Clone(b.Steps)
	b.Spawn = slices.Clone(b.Spawn)
	return b
}

// Any batch in any state, whether a caller makes it so or not.
func TestCommitAnswersAndStoresTheSameForBatchesByChance(t *testing.T) {
	databases(t, func(w *twins) {
		worlds := 8
		if os.Getenv("OTAI_TEST_ALL") != "" {
			worlds = 500
		}
		for seed := range worlds {
			w.chance(rand.New(rand.NewPCG(13, uint64(seed))))
		}
		w.Log(w.stored)
		if w.stored["blind "] < 15 || w.stored["blind, then asked "] < 2 || w.stored["blind, then asked fence"] < 4 || w.stored["blind, then asked canceled"] == 0 {
			w.Errorf("too few of a kind: %v", w.stored)
		}
	})
}

func (w *twins) chance(r *rand.Rand) {
	w.world()
	w.both(func(s twin) error { return w.claims(s, held(2), "note", "3", "4") })
	for range 15 {
		if n := r.IntN(12); n < 5 {
			w.happens(n, r.IntN(4))
		} else if n < 10 {
			w.happens(goesOn, r.IntN(4))
		}
		seed := r.Uint64()
		w.commit(func() store.Batch { return batch(rand.New(rand.NewPCG(seed, 1))) })
	}
}

// goesOn is that a run is held as at first.
const goesOn = 3

// happens is what others do in between.
func (w *twins) happens(what, n int) {
	run := fmt.Sprint("r", 1+n%2)
	w.both(func(s twin) (err error) {
		switch what {
		case 0:
			if _, err = s.Cancel(w.ctx, run, []string{"cancel", "discard"}[n/2], nil); errors.Is(err, store.ErrMissing) {
				err = nil
			}
		case 1:
			err = s.Exec(w.ctx, `UPDATE {s}run SET fence = fence + 1 WHERE id = '`+run+`'`)
		case 2:
			if s.leases {
				err = s.Exec(w.ctx, fmt.Sprintf(`UPDATE {s}host SET lease_until = lease_until + %d WHERE id = 'a'`, []int{-120e6, -50e6, 120e6, 50e6}[n]))
			}
		case goesOn:
			err = s.Exec(w.ctx, `UPDATE {s}run SET state = 'running', owner = 'a', fence = 1, cancel = '', due_at = NULL WHERE id = '`+run+`'`)
		case 4:
			if err = s.Exec(w.ctx, `DELETE FROM {s}cause`); err == nil && n > 0 {
				err = s.Exec(w.ctx, fmt.Sprintf(`INSERT INTO {s}cause (name, runner, label, tickets, closed, next_try, since) VALUES ('c', 'sort', 'c', 3, %d, 0, 1)`, n%2))
			}
		}
		return err
	})
	w.same("what others do")
}

func decision(ticket, same string) store.Decision {
	return store.Decision{System: "s", Ticket: ticket, Runner: runner, Action: "left", Label: "IT", Confidence: 900_000, Same: same, Body: []byte("{}")}
}

// batch is a batch of one of the runs.
func batch(r *rand.Rand) store.Batch {
	one := func(n int) bool { return r.IntN(n) == 0 }
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	b := store.Batch{Held: held(1 + r.IntN(2)), Durable: one(2), Forget: one(4)}
	if one(15) {
		b.Held.Fence++
	}
	if one(20) {
		b.Held.Host = "b"
	}
	if one(2) {
		key := pick("s", "t")
		b.AtWork = &key
	}
	if one(2) {
		b.Steps = []store.Step{{Key: pick("s", "t", "u"), Params: pick("p", "q"), Result: []byte(pick("x", "y"))}, {Key: "nil"}}
	}
	if one(4) {
		b.Documents = []store.Document{{Ticket: pick("1", "2"), Body: []byte(pick("x", "y"))}}
	}
	states := []store.EffectState{store.Intent, store.Intent, store.Done, store.Refused, store.Closed}
	for _, key := range []string{"e", "f", "g"} {
		if !one(3) {
			continue
		}
		e := effect(key, pick("1", "2", "3"), states[r.IntN(len(states))])
		if one(2) {
			e.Intent, e.Outcome, e.Record = nil, []byte("o"), []byte("r")
		}
		if one(4) {
			e.Begun, e.Until, e.Boot, e.BootClock = 1, 2, "b", 3
		}
		b.Effects = append(b.Effects, e)
	}
	if one(4) {
		b.Success = []string{pick("c", "d"), "e"}
	}
	if one(3) {
		b.Begin = &store.Begin{Effect: pick("e", "f", "g", "none"), Lasts: time.Minute, Boot: "boot", BootClock: 5}
	}
	standings := []store.Standing{store.Free, store.Handled, store.StandingLeft, store.Aside, store.StandingDead}
	for range r.IntN(3) {
		k := row(pick("1", "2", "3", "4"), pick("", b.Held.Run, b.Held.Run), one(2), standings[r.IntN(len(standings))])
		if k.Run == "" {
			k.Working, k.Fetched = false, one(2)
		}
		if one(2) {
			k.Hashes, k.DueAt, k.Note, k.Picture, k.Attempts = []string{"h"}, 5, "n", []byte("p"), 1
		}
		b.Tickets = append(b.Tickets, k)
	}
	if one(20) {
		b.Fact = true
	}
	if one(20) {
		b.Rejection = &store.Rejection{Runner: runner, Cause: "c", Label: "c", Ticket: pick("1", "2", "3")}
	}
	if one(15) {
		b.Spawn = []store.Run{{ID: "i" + fmt.Sprint(r.IntN(3)), Runner: runner, Hash: "h", Parent: b.Held.Run, Key: "k", State: store.Running, Owner: "a", Fence: 1, Item: []byte("i")}}
	}
	if one(4) {
		outcomes := []store.Outcome{store.Applied, store.Left, store.Dead, store.Overtaken, store.Gone}
		b.End = &store.End{State: store.Ended, Outcome: outcomes[r.IntN(len(outcomes))], Counts: one(2), Err: pick("", "e")}
		if one(4) {
			b.End = &store.End{State: store.Waiting, Reason: pick(store.ReasonAside, store.ReasonUntil, store.ReasonCause), Cause: "c", DueAt: 4e15, Parked: one(2)}
		} else if one(2) {
			b.Decisions = []store.Decision{decision(pick("1", "2"), pick("", "same")), decision("3", "")}
		}
	}
	return b
}

// holds and held answer the same about a run, and endHeld ends the same as held and end.
func TestAHeldRunIsHeldWithAndWithoutAnAnswer(t *testing.T) {
	at := "t"
	databases(t, func(w *twins) {
		for _, c := range []struct{ name, statement string }{
			{"held", ""},
			{"a host without a row", `DELETE FROM {s}host`},
			{"expired", `UPDATE {s}host SET lease_until = lease_until - 120000000`},
			{"in the last quarter", `UPDATE {s}host SET lease_until = lease_until - 50000000`},
			{"a dead host", `UPDATE {s}host SET dead = 1`},
			{"another fence", `UPDATE {s}run SET fence = 2`},
			{"another owner", `UPDATE {s}run SET owner = 'b'`},
			{"ready", `UPDATE {s}run SET state = 'ready'`},
			{"ended", `UPDATE {s}run SET state = 'ended'`},
			{"canceled", `UPDATE {s}run SET cancel = 'cancel'`},
			{"discarded", `UPDATE {s}run SET cancel = 'discard'`},
			{"gone", `DELETE FROM {s}run`},
		} {
			prepare := func() {
				w.world()
				if c.statement != "" {
					w.both(func(s twin) error { return s.Exec(w.ctx, c.statement) })
				}
			}
			for _, how := range []struct {
				atWork *string
				sends  bool
			}{{nil, false}, {&at, false}, {nil, true}} {
				prepare()
				blind, asked, err := w.blind.Holds(w.ctx, held(1), how.atWork, how.sends)
				if err != nil || blind != asked {
					w.Errorf("%s, sends %v: it holds %v, and %v asked: %v", c.name, how.sends, blind, asked, err)
				}
				if c.name == "held" && !blind {
					w.Error("a held run isn't")
				}
			}
			prepare()
			b := store.Begin{Effect: "e", Lasts: time.Minute, Boot: "b", BootClock: 1}
			fenced, asked := w.blind.Fence(w.ctx, held(1), b.Effect, b.Lasts, b.Boot, b.BootClock), w.asked.FenceAsked(w.ctx, held(1), b)
			if kind(fenced) != kind(asked) {
				w.Errorf("%s: the fence answers %v, and %v asked", c.name, fenced, asked)
			}
			w.same(c.name + ", a fence")
			prepare()
			e := store.End{State: store.Ended, Outcome: store.Applied, Reason: "r", Cause: "c", Err: "e", Counts: true}
			ended, asked := w.blind.EndsAlone(w.ctx, held(1), e, true), w.asked.EndsAlone(w.ctx, held(1), e, false)
			if (ended == nil) != (asked == nil) || ended != nil && !errors.Is(ended, sqlstore.ErrNothing) {
				w.Errorf("%s: it ends with %v, and with %v asked", c.name, ended, asked)
			}
			w.same(c.name + ", an end")
		}
	})
}
