package runs

import (
	"encoding/json"
	"testing"

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
