package runs

import (
	"context"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// twoWait is a store in which two tickets wait for one cause.
type twoWait struct{ store.Store }

func (twoWait) Counts(context.Context) (store.Counts, error)            { return store.Counts{}, nil }
func (twoWait) Runs(context.Context, store.Filter) ([]store.Run, error) { return nil, nil }
func (twoWait) Pauses(context.Context) ([]store.Pause, error)           { return nil, nil }
func (twoWait) Requests(context.Context) ([]store.Request, error)       { return nil, nil }
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
	d := &Desk{store: twoWait{}, redactor: redactor.New(func(string) (string, bool) { return "", false })}
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
	d := &Desk{store: oneHangs{}, redactor: redactor.New(func(string) (string, bool) { return "", false })}
	w, err := d.Waiting(t.Context())
	if err != nil || len(w.Long) != 2 || w.Running != 2 {
		t.Fatalf("%v, %d at work, %v", w.Long, w.Running, err)
	}
	r, err := d.Show(t.Context(), "r1")
	if err != nil || len(r.Long) != 1 {
		t.Fatalf("%v, %v", r.Long, err)
	}
	if l := r.Long[0]; l.Step != "wait" || l.Plugin != "otai-slow" || l.File != "otai_slow.so" || l.At != "config.yml:9:5" {
		t.Errorf("got %+v", l)
	}
}

// oneInDoubt is a store in which a run about no ticket died beside a pipe that is carried out once.
type oneInDoubt struct{ twoWait }

func (oneInDoubt) Runs(context.Context, store.Filter) ([]store.Run, error) {
	return []store.Run{{ID: "r1"}}, nil
}

func (oneInDoubt) Load(context.Context, string) (*store.Loaded, error) {
	return &store.Loaded{
		Run: store.Run{ID: "r1", Runner: "bad", State: store.Ended, Outcome: store.Dead},
		Effects: []store.Effect{{
			Key: "065e once", Step: "065e", Operation: store.OpOnce, Service: "p", State: store.Intent,
			Intent: kept.EncodeOnce(kept.Once{Step: "mail", Use: "mail:SendPipe", Plugin: "otai-mail"}),
		}},
	}, nil
}

func TestARunInDoubtIsListedWithItsStepAndWhatToType(t *testing.T) {
	d := &Desk{store: oneInDoubt{}, redactor: redactor.New(func(string) (string, bool) { return "", false })}
	w, err := d.Waiting(t.Context())
	if err != nil || len(w.Doubts) != 1 {
		t.Fatalf("%v, %v", w.Doubts, err)
	}
	r, err := d.Show(t.Context(), "r1")
	if err != nil || len(r.Effects) != 1 || r.Effects[0].Doubt == nil {
		t.Fatalf("%+v, %v", r.Effects, err)
	}
	for _, got := range []Doubt{w.Doubts[0], *r.Effects[0].Doubt} {
		if got.Run != "r1" || got.Runner != "bad" || got.Step != "mail" || got.Plugin != "otai-mail" || got.IfDone != "otai runs retry r1 --skip-step" || got.IfNotDone != "otai runs retry r1" {
			t.Errorf("got %+v", got)
		}
	}
}
