package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/decisions"
	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// askedBefore is a store with requests of before.
type askedBefore struct {
	twoDesks
	requests []store.Request
	runs     []store.Run
	progress map[int64]store.Progress
}

func (s askedBefore) Requests(context.Context) (open []store.Request, err error) {
	for _, r := range s.requests {
		if r.Answer == "" {
			open = append(open, r)
		}
	}
	return open, nil
}

func (s askedBefore) Asked(_ context.Context, id int64) (store.Request, bool, error) {
	for _, r := range s.requests {
		if r.ID == id {
			return r, true, nil
		}
	}
	return store.Request{}, false, nil
}

func (s askedBefore) Runs(_ context.Context, f store.Filter) ([]store.Run, error) {
	if f.Place == "" {
		return nil, nil
	}
	return s.runs, nil
}

func (s askedBefore) Progress(_ context.Context, prefix string) (store.Progress, error) {
	id, _ := engine.RequestOf(prefix)
	return s.progress[id], nil
}

func TestWhichRequestIsGoneOnWith(t *testing.T) {
	put := func(id int64, answer string, in store.Range) store.Request {
		args, err := json.Marshal(store.RequestArgs{Range: &in})
		if err != nil {
			t.Fatal(err)
		}
		return store.Request{ID: id, Verb: store.VerbRevert, Args: args, Answer: answer}
	}
	of := func(id int64) []store.Run { return []store.Run{{ID: fmt.Sprintf("revert-%d-ab12", id)}} }
	hour := store.Range{Since: 1000}
	for name, c := range map[string]struct {
		request  store.Request
		runs     []store.Run
		progress store.Progress
		in       store.Range
		want     bool
		held     bool
	}{
		"the same, not begun":                     {put(1, "", hour), nil, store.Progress{}, hour, true, false},
		"the same, under way":                     {put(1, "9 tickets are looked at", hour), of(1), store.Progress{All: 9, Ended: 3}, hour, true, false},
		"the same, under way, some wait":          {put(1, "9 tickets are looked at", hour), of(1), store.Progress{All: 9, Ended: 3, Held: 2}, hour, true, true},
		"the same, all that is left waits":        {put(1, "9 tickets are looked at", hour), of(1), store.Progress{All: 9, Ended: 7, Held: 2}, hour, false, false},
		"the same, over":                          {put(1, "9 tickets are looked at", hour), nil, store.Progress{All: 9, Ended: 9}, hour, false, false},
		"the last hour, a minute later":           {put(1, "", hour), nil, store.Progress{}, store.Range{Since: 1060}, true, false},
		"from earlier on":                         {put(1, "", hour), nil, store.Progress{}, store.Range{Since: 900}, false, false},
		"until another time":                      {put(1, "", hour), nil, store.Progress{}, store.Range{Since: 1000, Until: 1100}, false, false},
		"one ticket of it":                        {put(1, "", hour), nil, store.Progress{}, store.Range{Since: 1000, Ticket: "7"}, false, false},
		"the same ticket":                         {put(1, "", store.Range{Ticket: "7", System: "east"}), nil, store.Progress{}, store.Range{Ticket: "7", System: "east"}, true, false},
		"that of another help desk":               {put(1, "", store.Range{Ticket: "7", System: "west"}), nil, store.Progress{}, store.Range{Ticket: "7", System: "east"}, false, false},
		"the same runs, in another order":         {put(1, "", store.Range{Runs: []string{"a", "b"}}), nil, store.Progress{}, store.Range{Runs: []string{"b", "a"}}, true, false},
		"further runs":                            {put(1, "", store.Range{Runs: []string{"a"}}), nil, store.Progress{}, store.Range{Runs: []string{"b", "a"}}, false, false},
		"a request that isn't about putting back": {store.Request{ID: 1, Verb: store.VerbPause, Args: []byte("{}")}, nil, store.Progress{}, store.Range{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Desk{redactor: redactor.New(func(string) (string, bool) { return "", false }), store: askedBefore{requests: []store.Request{c.request}, runs: c.runs, progress: map[int64]store.Progress{1: c.progress}}}
			found, ok, err := d.underWay(t.Context(), c.in)
			if err != nil || ok != c.want || ok && (found.ID != 1 || found.held != c.held) {
				t.Errorf("%+v, %v: %v", found, ok, err)
			}
		})
	}
}

// What was written after a request had been taken up may not be among its tickets.
func TestWhatWasWrittenSinceIsPutBackToo(t *testing.T) {
	wrote := func(run string) decisions.Record {
		return decisions.Record{Run: run, System: "east", Ticket: "7", Writes: []decisions.Write{{
			Operation: "update", Outcome: decisions.Done,
			Old: map[string]decisions.Value{decisions.Queue: {Name: "Incoming"}}, New: map[string]decisions.Value{decisions.Queue: {Name: "IT"}},
		}}}
	}
	for name, c := range map[string]struct {
		records []decisions.Record
		until   int64
		want    bool
	}{
		"nothing":            {nil, 0, false},
		"by a run":           {[]decisions.Record{wrote("r1")}, 0, true},
		"by what puts back":  {[]decisions.Record{wrote("revert-1-ab12")}, 0, false},
		"a decision alone":   {[]decisions.Record{{Run: "r1", System: "east", Ticket: "7"}}, 0, false},
		"the range was over": {[]decisions.Record{wrote("r1")}, 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Desk{redactor: redactor.New(func(string) (string, bool) { return "", false }), store: twoDesks{records: c.records}}
			if got, err := d.writtenSince(t.Context(), store.Range{Until: c.until}, 500); got != c.want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	t.Run("of both requests", func(t *testing.T) {
		back := map[string]string{"queue": "Incoming"}
		r := Reverted{Request: 1, Tickets: []RevertedTicket{{Ticket: "1", Back: back}, {Ticket: "2", Reason: "refused"}}, Waiting: 1}.and(
			Reverted{Request: 2, Tickets: []RevertedTicket{{Ticket: "1", Reason: "it is as it was before"}, {Ticket: "2", Back: back}, {Ticket: "3", Back: back}}})
		got := ""
		for _, ticket := range r.Tickets {
			got += fmt.Sprint(ticket.Ticket, len(ticket.Back), ticket.Reason, " ")
		}
		if got != "11 21 31 " || r.Request != 2 || r.Waiting != 0 {
			t.Errorf("%q, %+v", got, r)
		}
	})
}
