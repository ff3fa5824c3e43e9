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
func (twoWait) Pauses(context.Context) ([]store.Pause, error)     { return nil, nil }
func (twoWait) Requests(context.Context) ([]store.Request, error) { return nil, nil }
func (twoWait) Causes(context.Context) ([]store.Cause, error) {
	return []store.Cause{{Key: "c1", Label: "update: queue Sales", Closed: true}}, nil
}

func (twoWait) Now(context.Context) (int64, error)                  { return 0, nil }
func (twoWait) Value(context.Context, string) (string, bool, error) { return "", false, nil }

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

// oneHangs is a store in which a run's step and another host's step have not ended.
type oneHangs struct{ twoWait }

func (oneHangs) Value(context.Context, string) (string, bool, error) {
	return `[{"host":"h1","path":"orchestrator.params.steps[0].params.run","at":"config.yml:9:5","step":"wait","use":"slow:Pipe","plugin":"otai-slow","file":"otai_slow.so"},
		{"host":"h2","path":"orchestrator.params.steps[0].params.run","plugin":"otai-other"}]`, true, nil
}

func (oneHangs) Runs(context.Context, store.Filter) ([]store.Run, error) {
	return []store.Run{{ID: "r1"}}, nil
}

func (oneHangs) Load(context.Context, string) (*store.Loaded, error) {
	return &store.Loaded{Run: store.Run{ID: "r1", State: store.Running, Owner: "h1", Place: "orchestrator.params.steps[0]"}}, nil
}

func TestAStepThatHasNotEndedIsNamedWithItsPluginAndPlace(t *testing.T) {
	d := &Desk{store: oneHangs{}, redactor: app.NewRedactor(func(string) (string, bool) { return "", false })}
	w, err := d.Waiting(t.Context())
	if err != nil || len(w.Long) != 2 {
		t.Fatalf("%v, %v", w.Long, err)
	}
	r, err := d.Show(t.Context(), "r1")
	if err != nil || len(r.Long) != 1 {
		t.Fatalf("%v, %v", r.Long, err)
	}
	if l := r.Long[0]; l.Step != "wait" || l.Plugin != "otai-slow" || l.File != "otai_slow.so" || l.At != "config.yml:9:5" {
		t.Errorf("got %+v", l)
	}
}
