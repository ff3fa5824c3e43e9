package runs

import (
	"context"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// slowEnds is a store to which ends take a minute.
type slowEnds struct{ store.Store }

func (s slowEnds) Commit(ctx context.Context, b store.Batch) (*store.Cause, error) {
	if b.End != nil {
		time.Sleep(time.Minute)
	}
	return s.Store.Commit(ctx, b)
}

func TestNoWorkerWaitsForTheEndOfARunThatAppliedEverything(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.over = slowEnds{d.store}
		d.die()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		began := time.Now()
		if err := r.End(t.Context(), api.Success(nil), nil); err != nil || time.Since(began) > 0 {
			t.Errorf("the end took %s, error %v", time.Since(began), err)
		}
		next := d.begin()
		d.does(next, "fetch", d.fetch("1", "2")) // the first one has its run still
		if got := next.tickets; len(got) != 1 || got[0].Ticket != "2" {
			t.Errorf("the next run has %v", got)
		}
		if err := next.End(t.Context(), api.Success(nil), nil); err != nil || time.Since(began) < time.Minute {
			t.Errorf("a ticket that is left is stored after %s, error %v", time.Since(began), err)
		}
		_ = stored(r, nil)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

// A process that ends soon asks what is due only when all ends are stored: they may make
// something due.
func TestWhatIsDueSoonIsKnownWhenEndsAreStored(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.over = slowEnds{d.store}
		d.die()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		if err := r.End(t.Context(), api.Success(nil), nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := d.engine.Soon(t.Context(), d.place); err != nil || time.Since(began) < time.Minute {
			t.Errorf("it is known after %s, error %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		next := d.begin()
		if _, err := d.engine.Soon(ctx, d.place); err == nil {
			t.Error("a run is at work, and nobody waits for it")
		}
		d.end(next)
	})
}

func TestTheEndOfTheProcessWaitsForEndsThatAreBeingStored(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		e := New(Options{Store: slowEnds{d.store}, Host: store.Host{Instance: "other"}})
		if err := e.Open(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		r := e.Begin(d.place, nil).(*run)
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		if err := r.End(t.Context(), api.Success(nil), nil); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}
