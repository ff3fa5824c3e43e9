package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// spoiled is a help desk that fails at the reading of some tickets, or leaves them out.
type spoiled struct {
	*level11
	bad     []string
	leftOut []string
	why     error
	read    [][]string
	sick    bool
}

func (s *spoiled) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	s.read = append(s.read, ids)
	if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(s.bad, id) }) {
		return nil, s.why
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(s.leftOut, id) })
	return s.level11.ReadTickets(ctx, ids, c)
}

func (s *spoiled) CheckHealth(context.Context) error {
	if s.sick {
		return errors.New("out of order")
	}
	return nil
}

func spoil(t *testing.T, n int, bad ...string) (*world, *spoiled) {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%03d", i+1)
	}
	w := newWorld(t, true, ids...)
	s := &spoiled{level11: &level11{desk: w.d}, bad: bad, why: fmt.Errorf("500: %w", api.ErrTemporary)}
	w.g = New(Options{Store: w.m}) // whose only service it is
	w.s = w.g.Wrap("spoiled", s).(api.TicketSystem)
	return w, s
}

func hundred() api.SearchCriteria { return api.SearchCriteria{Queue: inbox.Queue, Limit: 100} }

func TestATicketWhoseReadingFailsDoesNotTakeItsBatchWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		bad  []string
		why  error
		most int // readings
	}{
		"one of a hundred":   {bad: []string{"042"}, most: 15},
		"the first":          {bad: []string{"001"}, most: 15},
		"two neighbors":      {bad: []string{"042", "043"}, most: 18},
		"three":              {bad: []string{"001", "050", "100"}, most: 37},
		"in three quarters":  {bad: []string{"001", "030", "060"}, most: 37},
		"it answers nothing": {bad: []string{"042"}, why: api.ErrUncertain, most: 15},
		"it is refused":      {bad: []string{"042"}, why: api.ErrInvalid, most: 15},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := spoil(t, 100, c.bad...)
				if c.why != nil {
					s.why = c.why
				}
				r := w.m.run("a")
				found := w.fetch(r, hundred())
				if len(found) != 100-len(c.bad) || slices.ContainsFunc(found, func(id string) bool { return slices.Contains(c.bad, id) }) {
					t.Errorf("%d tickets are read", len(found))
				}
				same(t, r.aside, c.bad)
				if len(r.Tickets()) != len(found) || len(r.failed)+len(r.rejections) > 0 {
					t.Errorf("the run has %d tickets, failures %v", len(r.Tickets()), r.failed)
				}
				if len(s.read) > c.most {
					t.Errorf("%d readings, want at most %d", len(s.read), c.most)
				}
			})
		})
	}
}

func TestAHelpDeskThatFailsAtEveryReadingIsNotItsTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := spoil(t, 100)
		for id := range w.d.tickets {
			s.bad = append(s.bad, id)
		}
		r := w.m.run("a")
		if _, err := w.s.FindTickets(r.ctx(t), hundred()); !errors.Is(err, api.ErrTemporary) {
			t.Errorf("the search ends with %v", err)
		}
		if len(r.aside) != 0 || len(r.failed) != 1 {
			t.Errorf("set aside: %v, failures: %v", r.aside, r.failed)
		}
		if n := len(s.read); n > mostVain {
			t.Errorf("%d readings to find that out", n)
		}
	})
}

func TestATicketThatFailedBeforeIsReadAlone(t *testing.T) {
	for name, sick := range map[string]bool{"the help desk is healthy": false, "it is not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := spoil(t, 10, "003")
				a := w.m.run("a")
				w.fetch(a, hundred())
				a.end(store.Handled)
				w.m.rows["router 003"] = func() store.Ticket { // what the engine made of it
					row := w.m.rows["router 003"]
					row.Standing, row.DueAt = store.Aside, time.Now().Add(time.Minute).UnixMicro()
					return row
				}()
				w.d.mu.Lock()
				w.d.tickets["011"] = newDesk("011").tickets["011"]
				w.d.mu.Unlock()
				time.Sleep(2 * time.Minute)
				s.read = nil
				b := w.m.run("b")
				same(t, w.fetch(b, hundred()), []string{"011"})
				same(t, b.aside, []string{"003"})
				if n := len(s.read); n > 3 { // both, and those passed over
					t.Errorf("%d readings: %v", n, s.read)
				}
				b.end(store.Handled)
				// It is the only one that is due.
				s.sick = sick
				row := w.m.rows["router 003"]
				row.Standing, row.DueAt = store.Aside, 1
				w.m.rows["router 003"] = row
				c := w.m.run("c")
				_, err := w.s.FindTickets(c.ctx(t), hundred())
				if failed := err != nil; failed != sick || len(c.aside) == 0 != sick {
					t.Errorf("the search ends with %v, set aside: %v", err, c.aside)
				}
			})
		})
	}
}

func TestATicketThatIsFoundAndNeverReadIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := spoil(t, 5)
		s.leftOut = []string{"001"}
		for i := range 6 {
			time.Sleep(2 * spareFor) // each searches anew
			r := w.m.run(fmt.Sprint("r", i))
			if got := w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}); len(got) != 1 || got[0] == "001" {
				t.Errorf("found %v", got)
			}
			if wanted := i == 3; len(r.aside) > 0 != wanted {
				t.Errorf("in search %d set aside: %v", i+1, r.aside)
			}
			r.end(store.Free)
		}
	})
}

func TestATicketThatIsPassedOverAndCannotBeReadStopsNoSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := spoil(t, 6)
		first := w.m.run("a")
		same(t, w.fetch(first, inbox), []string{"001", "002"})
		first.end(store.Handled)
		s.bad = []string{"001"}
		for i := range 40 {
			r := w.m.run(fmt.Sprint("r", i))
			w.fetch(r, inbox)
			r.end(store.Free)
			time.Sleep(2 * time.Second)
		}
		alone := 0
		for _, ids := range s.read {
			if slices.Equal(ids, []string{"001"}) {
				alone++
			}
		}
		if alone > 1 {
			t.Errorf("it was read %d times in a minute", alone)
		}
		if row := w.m.rows["router 002"]; !row.Settled {
			t.Error("the other one was not looked after")
		}
		// Nothing can be read, but what is searched for.
		s.bad = []string{"001", "002"}
		row := w.m.rows["router 002"]
		row.Settled = false
		w.m.rows["router 002"] = row
		w.fetch(w.m.run("z"), inbox)
	})
}

func TestAHalfDoneRunKeepsItsTicketThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := spoil(t, 3)
		r := w.m.run("a")
		same(t, w.fetch(r, inbox), []string{"001", "002"})
		if err := w.s.AddNote(r.ctx(t), "001", hello); err != nil {
			t.Fatal(err)
		}
		s.bad = []string{"001"}
		if _, err := w.s.FindTickets(w.m.run("a").ctx(t), inbox); !errors.Is(err, api.ErrTemporary) {
			t.Errorf("it ends with %v", err)
		}
		s.bad = []string{"002"}
		next := w.m.run("a")
		same(t, w.fetch(next, inbox), []string{"001"})
		same(t, next.aside, []string{"002"})
	})
}
