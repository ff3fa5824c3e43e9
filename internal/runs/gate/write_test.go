package gate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// begun is a run that has fetched ticket 1.
func (w *world) begun() *run {
	r := w.m.run("a")
	same(w.T, w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}), []string{"1"})
	return r
}

// killed is the run in its next process: what it had not stored is lost.
func (w *world) killed(r *run, full bool) *run {
	w.restart(full)
	next := r.again()
	next.searched = true
	return next
}

func (w *world) effect(r *run) store.Effect {
	w.Helper()
	all := r.Effects()
	if len(all) != 1 {
		w.Fatalf("%d effects", len(all))
	}
	return all[0]
}

func TestAWriteIsStoredBeforeItIsSentAndSentOnce(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(_ string, apply func()) error {
			if e := w.effect(r); e.State != store.Intent || e.Begun == 0 || e.Until-e.Begun != (45*time.Second+moment).Microseconds() {
				t.Errorf("before the request the store has %+v", e)
			}
			apply()
			return nil
		}
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); err != nil {
			t.Fatal(err)
		}
		e := w.effect(r)
		if e.State != store.Done || strings.Contains(string(e.Intent), "moved") {
			t.Errorf("after it: %s", e.Intent)
		}
		next := w.killed(r, full)
		if err := w.s.UpdateTicket(next.ctx(t), "1", queue("it")); err != nil {
			t.Fatal(err)
		}
		if n := w.d.count("update"); n != 1 || w.d.notes("1") != 1 {
			t.Errorf("%d updates, %d notes", n, w.d.notes("1"))
		}
	})
}

// TestWhatWasAnsweredBeforeAFreezeDoesNotCount: another host has the run when the process wakes.
func TestWhatWasAnsweredBeforeAFreezeDoesNotCount(t *testing.T) {
	for name, frozen := range map[string]int{"at the intent": 1, "at the fence": 2} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.begun()
				answers := 0
				w.m.answered = func() {
					if answers++; answers < frozen {
						time.Sleep(moment) // so that the fence is asked, too
						return
					}
					time.Sleep(stale)
					w.m.refuse = store.ErrFence
				}
				if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, store.ErrFence) {
					t.Errorf("%v, want that the run is lost", err)
				}
				if n := w.d.count("update"); n != 0 {
					t.Errorf("%d updates were sent", n)
				}
			})
		})
	}
}

func TestAKilledWriteIsFinishedFromItsIntent(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrived bool          // the request had been carried out
		later   time.Duration // or is, so long after the kill
		sends   int
	}{
		{"after the help desk was done", true, 0, 1},
		{"before the request arrived", false, 0, 2},
		{"and the help desk carries it out 5 seconds later", false, 5 * time.Second, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.begun()
				ctx, kill := context.WithCancel(r.ctx(t))
				w.d.before = func(_ string, apply func()) error {
					if test.arrived {
						apply()
					}
					if test.later > 0 {
						time.AfterFunc(test.later, apply)
					}
					kill()
					return context.Canceled
				}
				if err := w.s.UpdateTicket(ctx, "1", queue("it")); err == nil {
					t.Fatal("the killed call has no error")
				}
				w.d.before = nil
				next := w.killed(r, full)
				// Rendered anew it would say something else: the intent's own values count.
				err := w.s.UpdateTicket(next.ctx(t), "1", queue("sales"))
				if !test.arrived {
					if !errors.Is(err, ErrStopped) || len(next.waits) != 1 || next.waits[0].Reason != store.ReasonUntil {
						t.Fatalf("%v, waits %v", err, next.waits)
					}
					if left := time.Until(time.UnixMicro(next.waits[0].Until)); left < 44*time.Second || left > 46*time.Second {
						t.Errorf("waits %v", left)
					}
					time.Sleep(46 * time.Second)
					next = next.again()
					err = w.s.UpdateTicket(next.ctx(t), "1", queue("sales"))
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := w.d.tickets["1"].Queue.Name; got != "it" || w.d.notes("1") != 1 || w.d.count("update") != test.sends {
					t.Errorf("queue %s, %d notes, %d updates", got, w.d.notes("1"), w.d.count("update"))
				}
				if e := w.effect(next); e.State != store.Done {
					t.Errorf("the effect is %s", e.State)
				}
			})
		})
	}
}

func TestAnUnknownOutcomeIsLookedForAtOnce(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(_ string, apply func()) error {
			apply()
			return fmt.Errorf("the answer did not come: %w", api.ErrUncertain)
		}
		if err := w.s.AddNote(r.ctx(t), "1", hello); err != nil {
			t.Fatal(err)
		}
		if len(r.waits) != 0 || w.d.notes("1") != 1 || w.effect(r).State != store.Done {
			t.Errorf("waits %v, %d notes", r.waits, w.d.notes("1"))
		}
	})
}

func TestAnEqualNoteFromBeforeIsNotTakenForOurs(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.d.change("1", api.TicketUpdate{Notes: []api.Note{hello}}) // last month's
		r := w.begun()
		w.d.before = func(string, func()) error { return fmt.Errorf("lost: %w", api.ErrUncertain) }
		err := w.s.AddNote(r.ctx(t), "1", hello)
		if !errors.Is(err, ErrStopped) || len(r.waits) != 1 {
			t.Fatalf("%v, %v", err, r.waits)
		}
		w.d.before = nil
		time.Sleep(time.Minute)
		if err := w.g.Finish(t.Context(), r.again(), w.effect(r)); err != nil {
			t.Fatal(err)
		}
		if n := w.d.notes("1"); n != 2 {
			t.Errorf("%d notes", n)
		}
	})
}

func TestWhatAPersonChangedSinceIsLeft(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(string, func()) error { return fmt.Errorf("lost: %w", api.ErrUncertain) }
		u := api.TicketUpdate{Queue: &api.Entity{Name: "it"}, Priority: &api.Entity{Name: "high"}, Fields: map[string]any{"Color": "green"}, Notes: []api.Note{hello}}
		if err := w.s.UpdateTicket(r.ctx(t), "1", u); !errors.Is(err, ErrStopped) {
			t.Fatal(err)
		}
		w.d.before = nil
		w.d.change("1", api.TicketUpdate{Priority: &api.Entity{Name: "low"}})
		time.Sleep(24 * time.Hour)
		next := w.killed(r, full)
		if err := w.s.UpdateTicket(next.ctx(t), "1", u); err != nil {
			t.Fatal(err)
		}
		got := w.d.tickets["1"]
		if got.Priority.Name != "low" || got.Queue.Name != "it" || got.Fields["Color"] != "green" || w.d.notes("1") != 1 {
			t.Errorf("%+v", got)
		}
		if !strings.Contains(w.logs.String(), "left as it is") {
			t.Error("nothing was said")
		}
	})
}

func TestATicketThatSomebodyEndedGetsNothingMore(t *testing.T) {
	for _, state := range []string{"closed successful", "merged"} {
		t.Run(state, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.begun()
				if err := w.s.UpdateTicket(r.ctx(t), "1", api.TicketUpdate{Priority: &api.Entity{Name: "high"}}); err != nil {
					t.Fatal(err)
				}
				w.d.change("1", api.TicketUpdate{State: &api.Entity{Name: state}})
				next := w.killed(r, full)
				err := w.s.AddNote(next.ctx(t), "1", hello)
				if w.d.notes("1") != 0 {
					t.Error("it was noted")
				}
				if merged := state == "merged"; (len(next.gone) == 1) != merged || (err != nil) != merged {
					t.Errorf("%v, gone %v", err, next.gone)
				}
			})
		})
	}
}

func TestARunThatWasOvertakenBeforeItsFirstIntentEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*world)
		end    bool
	}{
		{"nobody changed it", func(*world) {}, false},
		{"somebody moved it", func(w *world) { w.d.change("1", api.TicketUpdate{Queue: &api.Entity{Name: "sales"}}) }, true},
		{"the customer wrote", func(w *world) {
			w.d.change("1", api.TicketUpdate{Notes: []api.Note{{Subject: "Re", Body: "b", Author: "customer"}}})
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				for _, pause := range []time.Duration{10 * time.Second, 31 * time.Second, 0} {
					w := newWorld(t, full, "1")
					r := w.begun()
					test.change(w)
					time.Sleep(pause)
					if pause == 0 { // another process looks, however short the pause
						r = w.killed(r, full)
					}
					err := w.s.UpdateTicket(r.ctx(t), "1", queue("it"))
					end := test.end && pause != 10*time.Second
					if errors.Is(err, ErrStopped) != end || (len(r.overtaken) == 1) != end || (w.d.count("update") == 0) != end {
						t.Errorf("after %v: %v, overtaken %v, %d updates", pause, err, r.overtaken, w.d.count("update"))
					}
				}
			})
		})
	}
}

func TestTheFenceStopsARunThatIsNoLongerOurs(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(_ string, apply func()) error { t.Error("it was sent"); return nil }
		w.m.refuse = store.ErrFence
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, store.ErrFence) {
			t.Error(err)
		}
		if len(r.Effects()) != 0 {
			t.Error("an intent was stored")
		}
	})
}

func TestRejectionsAreCountedByTheFieldAndTheValueRefused(t *testing.T) {
	wrongQueue := &api.FieldError{Field: "queue", Err: fmt.Errorf("%w: is deactivated", api.ErrInvalid)}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a queue", fmt.Errorf("refused: %w", wrongQueue), store.CauseKey("router", "desk", "update", "queue", "it")},
		{"another field", fmt.Errorf("%w", &api.FieldError{Field: "fields.Color", Err: api.ErrInvalid}), ""},
		{"a right", fmt.Errorf("no right: %w", api.ErrDenied), store.CauseKey("router", "desk", "update", "", "denied")},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.begun()
				w.d.before = func(string, func()) error { return test.err }
				u := api.TicketUpdate{Queue: &api.Entity{Name: "it"}, Fields: map[string]any{"Color": "blue"}}
				err := w.s.UpdateTicket(r.ctx(t), "1", u)
				if !errors.Is(err, test.err) || len(r.rejections) != 1 || r.rejections[0].Cause == "" || test.want != "" && r.rejections[0].Cause != test.want || !r.rejections[0].Write {
					t.Fatalf("%v, %+v", err, r.rejections)
				}
				cause := r.rejections[0].Cause
				if e := w.effect(r); e.State != store.Refused || strings.Contains(string(e.Intent), "moved") {
					t.Errorf("%s %s", e.State, e.Intent)
				}
				// Closed, it holds the next one back, but for the one that may try.
				w.m.causes = []store.Cause{{Key: cause, Closed: true}}
				w.d.before = nil
				time.Sleep(2 * time.Second)
				r = r.again()
				if err := w.s.UpdateTicket(r.ctx(t), "1", u); !errors.Is(err, ErrStopped) || len(r.waits) != 1 || r.waits[0].Cause != cause || w.d.count("update") != 1 {
					t.Fatalf("%v, %v", err, r.waits)
				}
				r = r.again()
				r.tries = cause
				if err := w.s.UpdateTicket(r.ctx(t), "1", u); err != nil || w.d.count("update") != 2 {
					t.Fatal(err)
				}
				if !strings.Contains(strings.Join(r.later.Success, " "), cause) {
					t.Errorf("its success opens %q", r.later.Success)
				}
			})
		})
	}
}

func TestAClosedCauseLeavesOtherValuesAlone(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.m.causes = []store.Cause{{Key: store.CauseKey("router", "desk", "update", "queue", "it"), Closed: true}}
		r := w.begun()
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("sales")); err != nil {
			t.Fatal(err)
		}
	})
}

type partly struct{ error }

func (partly) Partly() bool    { return true }
func (p partly) Unwrap() error { return p.error }

// Znuny with ro and move_into on the target: the move is done, the note refused.
func TestAMoveWhoseNoteIsRefusedWaitsAndNoFurtherTicketIsMovedThere(t *testing.T) {
	missing := store.CauseKey("router", "desk", "note missing", "queue", "it")
	for _, said := range []bool{true, false} {
		t.Run(fmt.Sprint("the ticket system says so: ", said), func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.begun()
				denied := fmt.Errorf("the agent needs rw on the group it: %w", api.ErrDenied)
				w.d.before = func(id string, _ func()) error {
					w.d.change(id, api.TicketUpdate{Queue: &api.Entity{Name: "it"}})
					if said {
						return partly{denied}
					}
					return denied
				}
				err := w.s.UpdateTicket(r.ctx(t), "1", queue("it"))
				if !errors.Is(err, api.ErrDenied) || len(r.rejections) != 1 || r.rejections[0].Cause != missing || len(r.waits) != 1 || r.waits[0].Cause != missing {
					t.Fatalf("%v %+v %v", err, r.rejections, r.waits)
				}
				if !strings.Contains(w.logs.String(), "level=ERROR") || !strings.Contains(w.logs.String(), "group it") {
					t.Error("no error line names the group")
				}
				w.m.causes = []store.Cause{{Key: missing, Closed: true}}
				time.Sleep(time.Minute)
				// Another ticket isn't moved.
				other := w.m.run("b")
				w.d.tickets["2"] = &api.Ticket{ID: "2", Queue: inbox.Queue}
				if err := w.s.UpdateTicket(other.ctx(t), "2", api.TicketUpdate{Queue: &api.Entity{Name: "it"}}); !errors.Is(err, ErrStopped) {
					t.Error(err)
				}
				// The right is there: the one that may try is finished, with one note.
				w.d.before = nil
				r = r.again()
				r.tries = missing
				if err := w.g.Finish(t.Context(), r, w.effect(r)); err != nil {
					t.Fatal(err)
				}
				if w.d.notes("1") != 1 {
					t.Errorf("%d notes", w.d.notes("1"))
				}
			})
		})
	}
}

func TestATicketThatAnotherRunWorksAtIsBusy(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.begun()
		other := w.m.run("b")
		other.runner = "other"
		if err := w.s.AddNote(other.ctx(t), "1", hello); !errors.Is(err, ErrStopped) || len(other.waits) != 1 || other.waits[0].Reason != store.ReasonBusy {
			t.Errorf("%v, %v", err, other.waits)
		}
	})
}

func TestATicketThatCannotBeReadWaits(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(string, func()) error { return fmt.Errorf("lost: %w", api.ErrUncertain) }
		_ = w.s.UpdateTicket(r.ctx(t), "1", queue("it"))
		delete(w.d.tickets, "1")
		r = r.again()
		if err := w.g.Finish(t.Context(), r, w.effect(r)); !errors.Is(err, ErrStopped) || len(r.waits) != 1 || r.waits[0].Reason != store.ReasonGone || len(r.rejections) != 0 {
			t.Errorf("%v %v", err, r.waits)
		}
		if w.effect(r).State != store.Intent {
			t.Error("the effect is given up")
		}
	})
}

func TestAStoreWithoutAPastLooksBeforeItNotes(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.d.change("1", api.TicketUpdate{Notes: []api.Note{hello}}) // by an otai whose store is lost
		time.Sleep(time.Minute)
		w.m.values[store.ValueBirth] = strconv.FormatInt(time.Now().UnixMicro(), 10)
		r := w.begun()
		if err := w.s.AddNote(r.ctx(t), "1", hello); err != nil {
			t.Fatal(err)
		}
		if err := w.s.AddNote(r.ctx(t), "1", api.Note{Subject: "otai", Body: "something else"}); err != nil {
			t.Fatal(err)
		}
		if n := w.d.notes("1"); n != 2 {
			t.Errorf("%d notes", n)
		}
		r.end(store.Handled)
	})
}

func TestWritesOfOneProcessToOneTicketAreOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1")
		var mu sync.Mutex
		var all sync.WaitGroup
		at, most := 0, 0
		w.d.before = func(_ string, apply func()) error {
			mu.Lock()
			at++
			most = max(most, at)
			mu.Unlock()
			time.Sleep(time.Second)
			apply()
			mu.Lock()
			at--
			mu.Unlock()
			return nil
		}
		r := w.begun()
		for i := range 4 {
			next := r.again()
			next.writes["note1"] = i // another write each
			all.Go(func() {
				_ = w.s.AddNote(next.ctx(t), "1", api.Note{Subject: "otai", Body: fmt.Sprint("note ", i)})
			})
		}
		all.Wait()
		if most != 1 || w.d.notes("1") != 4 {
			t.Errorf("%d at once, %d notes", most, w.d.notes("1"))
		}
	})
}

// creating is a desk that makes tickets.
type creating struct {
	*level11
	made int
	err  error
}

func (c *creating) CreateTicket(ctx context.Context, _ api.Ticket) (string, error) {
	if err := c.ask(ctx); err != nil {
		return "", err
	}
	c.made++
	if c.err != nil {
		return "", c.err
	}
	return "42", nil
}

func TestANewTicketIsMadeOnceAndIsInDoubtWithoutAnOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		desk := &creating{level11: &level11{desk: w.d}}
		s := w.g.Wrap("desk", desk).(api.TicketCreator)
		r := w.m.run("a")
		ticket := api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{Name: "it"}, Fields: map[string]any{"n": 2.0}}
		for range 2 {
			if id, err := s.CreateTicket(r.ctx(t), ticket); err != nil || id != "42" {
				t.Fatal(id, err)
			}
			r = r.again()
		}
		if desk.made != 1 {
			t.Errorf("%d made", desk.made)
		}
		desk.err = fmt.Errorf("lost: %w", api.ErrUncertain)
		b := w.m.run("b")
		if _, err := s.CreateTicket(b.ctx(t), ticket); err == nil || len(b.doubt) != 1 {
			t.Errorf("%v, in doubt: %v", err, b.doubt)
		}
		b = b.again()
		if err := w.g.Finish(t.Context(), b, w.effect(b)); !errors.Is(err, ErrStopped) || len(b.doubt) != 1 || desk.made != 2 {
			t.Errorf("%v, in doubt: %v, %d made", err, b.doubt, desk.made)
		}
	})
}

func TestAnIntentIsReadAsItWasStored(t *testing.T) {
	u := api.TicketUpdate{
		Subject: new(""), Queue: &api.Entity{ID: "5"}, Owner: &api.Entity{Name: "o"},
		Fields: map[string]any{"i": int64(1 << 60), "f": 2.0, "n": nil, "l": []any{"a", 1.5}},
		Notes:  []api.Note{{Subject: "s", Body: "b", VisibleToCustomer: true, Fields: map[string]any{"Once": true}}},
	}
	s, err := storedUpdate(u)
	if err != nil {
		t.Fatal(err)
	}
	b, err := intent{Update: s}.encode()
	if err != nil {
		t.Fatal(err)
	}
	i, err := decodeIntent(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := i.Update.restore()
	if err != nil || fmt.Sprintf("%#v %#v", got.Fields, got.Notes) != fmt.Sprintf("%#v %#v", u.Fields, u.Notes) || *got.Subject != "" || got.Queue.ID != "5" || got.State != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsCertainlyNotDoneIsSentAgainWithoutAWait(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(string, func()) error { return fmt.Errorf("connection refused: %w", api.ErrTemporary) }
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, api.ErrTemporary) || len(r.failed) != 1 || len(r.waits) != 0 {
			t.Fatalf("%v, failed %v, waits %v", err, r.failed, r.waits)
		}
		w.d.before = nil
		r = r.again()
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); err != nil || w.d.notes("1") != 1 {
			t.Errorf("%v, %d notes", err, w.d.notes("1"))
		}
	})
}

func TestTheWaitIsByTheClockOfTheBootAndAnewAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1")
		boot, since := "one", time.Now()
		clock := func() (string, int64) { return boot, int64(time.Since(since)) }
		w.m.clock, w.g.options.Clock = clock, clock
		r := w.begun()
		w.d.before = func(string, func()) error { return fmt.Errorf("lost: %w", api.ErrUncertain) }
		_ = w.s.UpdateTicket(r.ctx(t), "1", queue("it"))
		w.d.before = nil
		left := func() time.Duration {
			r = r.again()
			if err := w.g.Finish(t.Context(), r, w.effect(r)); err == nil {
				return 0
			}
			return time.Until(time.UnixMicro(r.waits[0].Until)).Round(time.Second)
		}
		time.Sleep(15 * time.Second)
		if got := left(); got != 30*time.Second {
			t.Errorf("on the same boot it waits %v more", got)
		}
		boot, since = "two", time.Now()
		if got := left(); got != 45*time.Second {
			t.Errorf("on another one %v", got)
		}
		time.Sleep(40 * time.Second)
		if got := left(); got != 5*time.Second {
			t.Errorf("then %v", got)
		}
		time.Sleep(6 * time.Second)
		if got := left(); got != 0 || w.d.notes("1") != 1 {
			t.Errorf("at last %v, %d notes", got, w.d.notes("1"))
		}
	})
}

// An item that begins to work at a ticket after another runner's run ended there reads it
// again, although the search was a moment ago.
func TestWorkThatBeginsAfterAnotherRunEndedReadsTheTicketAgain(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		row := w.m.rows["router 1"]
		row.EndedAt = 7 // as the store says when the item begins
		w.m.rows["router 1"] = row
		w.d.change("1", api.TicketUpdate{Queue: &api.Entity{Name: "sales"}})
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, ErrStopped) || len(r.overtaken) != 1 {
			t.Errorf("%v, overtaken %v", err, r.overtaken)
		}
	})
}
