package runs

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// The answer says what was done: a run that had ended isn't ended by a cancel.
func TestAnswersSayWhatWasDone(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "note", d.write("1"))
		d.end(r)
		ended := d.runs(store.Filter{})
		if len(ended) != 1 || ended[0].Outcome != store.Applied {
			t.Fatalf("runs are %+v", ended)
		}
		for _, c := range []struct {
			verb string
			args store.RequestArgs
			want string
		}{
			{store.VerbDiscard, store.RequestArgs{Runs: []string{ended[0].ID}}, "0 ended, 1 had ended before and stay as they are"},
			{store.VerbDiscard, store.RequestArgs{Runs: []string{ended[0].ID}}, "0 ended, 1 had ended before and stay as they are"},
			{store.VerbRetry, store.RequestArgs{Runs: []string{ended[0].ID}}, "0 tried again: what is named isn't set aside, dead, or waiting for a cause; --handled takes up tickets that were handled"},
			{store.VerbRetry, store.RequestArgs{Cause: "nope"}, "0 tried again: nothing of that is set aside, dead, or waits for a cause"},
			{store.VerbRetry, store.RequestArgs{Handled: true, Runner: "nobody"}, "0 tried again: no such ticket stands as handled"},
			{store.VerbRetry, store.RequestArgs{Handled: true}, "1 tried again"},
		} {
			args, err := json.Marshal(c.args)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Execute(t.Context(), d.store, record.Maker{}, store.Request{Verb: c.verb, Args: args}); err != nil || got != c.want {
				t.Errorf("%s %+v: %q, %v", c.verb, c.args, got, err)
			}
		}
	})
}

// slowRecords is a store whose records take long to be read, as ten thousand of them do.
type slowRecords struct{ store.Store }

func (s slowRecords) Decisions(ctx context.Context, f store.DecisionFilter) ([]store.Decision, error) {
	time.Sleep(30 * time.Second)
	return s.Store.Decisions(ctx, f)
}

// A pause acts within a second on all hosts, also while one of them prepares a large revert.
func TestARevertOfManyKeepsNoOtherRequestWaiting(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.over = slowRecords{d.store}
		d.die()
		id := d.askRevert(store.Range{})
		time.Sleep(5 * time.Second)
		args, err := json.Marshal(store.RequestArgs{Runner: "sort"})
		if err != nil {
			t.Fatal(err)
		}
		pause, err := d.store.Ask(t.Context(), store.Request{Verb: store.VerbPause, Args: args})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if r, _, err := d.store.Asked(t.Context(), pause); err != nil || r.Answer == "" || !d.engine.Paused(d.place) {
			t.Errorf("a second later the pause is answered with %q, %v; the runner is paused: %v", r.Answer, err, d.engine.Paused(d.place))
		}
		time.Sleep(time.Minute)
		if r, _, err := d.store.Asked(t.Context(), id); err != nil || r.Answer != "nothing was written there" {
			t.Errorf("the revert is answered with %q, %v", r.Answer, err)
		}
	})
}
