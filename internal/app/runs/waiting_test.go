package runs

import (
	"context"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// twoWait is a store in which two tickets wait for one cause.
type twoWait struct{ store.Store }

func (twoWait) Counts(context.Context) (store.Counts, error)      { return store.Counts{}, nil }
func (twoWait) Requests(context.Context) ([]store.Request, error) { return nil, nil }
func (twoWait) Causes(context.Context) ([]store.Cause, error) {
	return []store.Cause{{Key: "c1", Label: "update: queue Sales", Closed: true}}, nil
}

func (twoWait) TicketsBy(_ context.Context, f store.TicketFilter) ([]store.Ticket, error) {
	if !slices.Contains(f.Standings, store.Aside) {
		return nil, nil
	}
	return []store.Ticket{{Ticket: "1", Standing: store.Aside, Cause: "c1", Note: "no right"}, {Ticket: "2", Standing: store.Aside, Cause: "c1"}}, nil
}

func TestWhatIsHeldBackByACauseHasItsLabelAsTheReason(t *testing.T) {
	d := &Desk{store: twoWait{}, redactor: app.NewRedactor(func(string) (string, bool) { return "", false })}
	w, err := d.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Aside) != 2 || w.Aside[0].Note != "no right" || w.Aside[1].Note != "update: queue Sales" {
		t.Errorf("set aside: %+v", w.Aside)
	}
}
