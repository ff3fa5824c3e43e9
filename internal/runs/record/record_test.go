package record_test

import (
	"encoding/json"
	"testing"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func end(outcome store.Outcome, effects ...store.Effect) record.End {
	k := store.Ticket{Runner: "sort", System: "desk", Ticket: "1", Fetched: true, Picture: []byte(`{"number":"2026","fields":{"queue":{"id":"2","name":"in"}}}`)}
	return record.End{Run: store.Run{ID: "r", Runner: "sort", Hash: "h"}, Outcome: outcome, Subject: &k, Tickets: []store.Ticket{k}, Effects: effects}
}

func wrote(ticket string, state store.EffectState, more string) store.Effect {
	return store.Effect{
		Key: "move " + ticket, Step: "run/move", Operation: store.OpUpdate, System: "desk", Ticket: ticket, State: state, Begun: 1,
		Intent:  []byte(`{"change":{"fields":{"queue":{"name":"out"}},"from":{"queue":{"id":"2","name":"in"}}},"at":"c.yml:1:2","step":"move"}`),
		Outcome: []byte(`{"change":{"fields":{"queue":{"name":"out"}},"from":{"queue":{"id":"2","name":"in"}}},"at":"c.yml:1:2","step":"move"` + more + `}`),
	}
}

func TestWhichRecordsTheEndOfARunLeaves(t *testing.T) {
	loop := end(store.Left)
	loop.Loop = true
	wroteInLoop := end(store.Applied, wrote("1", store.Done, ""))
	wroteInLoop.Loop = true
	nobody := end(store.Left)
	nobody.Subject = nil
	for name, c := range map[string]struct {
		end  record.End
		want []string // ticket and action
	}{
		"left":                                {end(store.Left), []string{"1 left"}},
		"applied":                             {end(store.Applied, wrote("1", store.Done, "")), []string{"1 applied"}},
		"two tickets":                         {end(store.Applied, wrote("1", store.Done, ""), wrote("2", store.Done, "")), []string{"1 applied", "2 applied"}},
		"another one alone":                   {end(store.Applied, wrote("2", store.Done, "")), []string{"2 applied"}},
		"refused beside another":              {end(store.Dead, wrote("2", store.Done, "")), []string{"2 applied", "1 refused"}},
		"in doubt":                            {end(store.Dead, wrote("1", store.Intent, "")), []string{"1 refused"}},
		"done, after it was in doubt":         {end(store.Applied, wrote("1", store.Done, `,"recorded":"in doubt"`)), []string{"1 settled"}},
		"done, as a record has it already":    {end(store.Applied, wrote("1", store.Done, `,"recorded":"done"`)), []string{"1 left"}},
		"all as wanted":                       {end(store.Applied, wrote("1", store.Done, `,"unsent":true`)), []string{"1 left"}},
		"refused and closed count as nothing": {end(store.Gone, wrote("1", store.Refused, ""), wrote("1", store.Closed, "")), []string{"1 gone"}},
		"a loop":                              {loop, nil},
		"a loop that wrote":                   {wroteInLoop, []string{"1 applied"}},
		"nobody":                              {nobody, nil},
	} {
		t.Run(name, func(t *testing.T) {
			made := record.Maker{Machine: "m"}.Of(c.end)
			got, written := made.Stored, made.Marked()
			var have []string
			for _, d := range got {
				var r decisions.Record
				if err := json.Unmarshal(d.Body, &r); err != nil || r.Host != "m" || string(r.Action) != d.Action {
					t.Errorf("%v: %+v", err, r)
				}
				have = append(have, d.Ticket+" "+d.Action)
			}
			if len(have) != len(c.want) {
				t.Fatalf("%q, want %q", have, c.want)
			}
			for i := range have {
				if have[i] != c.want[i] {
					t.Errorf("%q, want %q", have, c.want)
				}
			}
			// What is recorded once isn't recorded again.
			for i := range c.end.Effects {
				for _, w := range written {
					if w.Key == c.end.Effects[i].Key && w.State == c.end.Effects[i].State {
						c.end.Effects[i] = w
					}
				}
			}
			for _, d := range (record.Maker{}).Of(c.end).Stored {
				var r decisions.Record
				if err := json.Unmarshal(d.Body, &r); err != nil || len(r.Writes) > 0 {
					t.Errorf("%v: once more: %s", err, d.Body)
				}
			}
		})
	}
}

func BenchmarkMaking(b *testing.B) {
	e := end(store.Applied, wrote("1", store.Done, ""))
	e.Said.Classify(decisions.Classification{Step: "classify", Label: "IT", Confidence: 0.9, Scores: []decisions.Score{{Label: "IT"}, {Label: "HR"}, {Label: "X"}}}, false)
	m := record.Maker{Machine: "m", Versions: map[string]string{"otai": "1", "otobo-znuny": "1"}}
	b.ReportAllocs()
	for b.Loop() {
		m.Of(e)
	}
}
