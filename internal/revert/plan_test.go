package revert_test

import (
	"reflect"
	"testing"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/revert"
)

func queue(name string) decisions.Value { return decisions.Value{Name: name} }

func moved(runner string, outcome decisions.Outcome, from, to decisions.Value) decisions.Record {
	return decisions.Record{Runner: runner, Writes: []decisions.Write{{
		Operation: "update", Outcome: outcome,
		Old: map[string]decisions.Value{decisions.Queue: from}, New: map[string]decisions.Value{decisions.Queue: to},
	}}}
}

func TestWhatOtaiWroteIsPutBackAndNothingOfWhatPeopleDid(t *testing.T) {
	one := func(w decisions.Write) []decisions.Record {
		w.Operation, w.Outcome = "update", decisions.Done
		return []decisions.Record{{Runner: "sort", Writes: []decisions.Write{w}}}
	}
	back := func(was, to decisions.Value, runners ...string) revert.Plan {
		return revert.Plan{Fields: map[string]revert.Field{decisions.Queue: {Was: was, Back: to}}, Kept: map[string]string{}, Runners: runners}
	}
	kept := func(name, why string) revert.Plan {
		return revert.Plan{Fields: map[string]revert.Field{}, Kept: map[string]string{name: why}}
	}
	nothing := revert.Plan{Fields: map[string]revert.Field{}, Kept: map[string]string{}}
	further := decisions.Further("Type")
	for name, c := range map[string]struct {
		records []decisions.Record
		want    revert.Plan
	}{
		"no record":                        {nil, nothing},
		"one move":                         {[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN"))}, back(queue("VPN"), queue("In"), "a")},
		"one in doubt":                     {[]decisions.Record{moved("a", decisions.InDoubt, queue("In"), queue("VPN"))}, nothing},
		"a chain of two":                   {[]decisions.Record{moved("b", decisions.Done, queue("In"), queue("VPN")), moved("a", decisions.Done, queue("VPN"), queue("Done"))}, back(queue("Done"), queue("In"), "a", "b")},
		"there and back":                   {[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN")), moved("", decisions.Done, queue("VPN"), queue("In"))}, nothing},
		"a person between":                 {[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN")), moved("b", decisions.Done, queue("Desk"), queue("Done"))}, back(queue("Done"), queue("Desk"), "b")},
		"there, a person, and there again": {[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN")), moved("a", decisions.Done, queue("In"), queue("VPN"))}, back(queue("VPN"), queue("In"), "a")},
		"by id, renamed since": {
			[]decisions.Record{moved("a", decisions.Done, decisions.Value{ID: "1", Name: "In"}, decisions.Value{ID: "2", Name: "VPN"}), moved("a", decisions.Done, decisions.Value{ID: "2", Name: "VPN old"}, queue("Done"))},
			back(queue("Done"), decisions.Value{ID: "1", Name: "In"}, "a"),
		},
		"by name, its id read later": {
			[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN")), {Runner: "b", Read: decisions.Read{Queue: &decisions.Value{ID: "2", Name: "VPN"}}}},
			back(decisions.Value{ID: "2", Name: "VPN"}, queue("In"), "a"),
		},
		"another one read later": {
			[]decisions.Record{moved("a", decisions.Done, queue("In"), queue("VPN")), {Runner: "b", Read: decisions.Read{Queue: &decisions.Value{ID: "3", Name: "Desk"}}}},
			back(queue("VPN"), queue("In"), "a"),
		},
		"not known before": {one(decisions.Write{New: map[string]decisions.Value{decisions.Priority: queue("5")}}), kept(decisions.Priority, "what it had before isn't known")},
		"a text before":    {one(decisions.Write{Old: map[string]decisions.Value{decisions.Title: {Hash: "x"}}, New: map[string]decisions.Value{decisions.Title: {Hash: "y"}}}), kept(decisions.Title, "texts that it had before aren't kept")},
		"no owner before":  {one(decisions.Write{Old: map[string]decisions.Value{decisions.Owner: {}}, New: map[string]decisions.Value{decisions.Owner: queue("ann")}}), kept(decisions.Owner, "it had none before, and can't be made empty")},
		"an empty further one": {
			one(decisions.Write{Old: map[string]decisions.Value{further: {}}, New: map[string]decisions.Value{further: queue("Incident")}}),
			revert.Plan{Fields: map[string]revert.Field{further: {Was: queue("Incident")}}, Kept: map[string]string{}, Runners: []string{"sort"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := revert.Of(c.records); !reflect.DeepEqual(got, c.want) {
				t.Errorf("planned\n%+v\nwanted\n%+v", got, c.want)
			}
		})
	}
}
