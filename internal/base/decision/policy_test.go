package decision

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func queue(name string) Target { return Target{Queue: &api.Entity{Name: name}} }

func thresholds(t *testing.T, raw any) Thresholds {
	t.Helper()
	read, err := ReadThresholds(raw)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestWhatIsDecided(t *testing.T) {
	byLabel := map[string]any{"default": 0.9, "VPN": 0.95}
	for name, c := range map[string]struct {
		apply, suggest any
		otherwise      Target
		label          string
		confidence     float64
		action         Action
		target, reason string
	}{
		"at the threshold it is applied":                     {0.9, 0.6, Target{}, "VPN", 0.9, Applied, "IT", "at least 0.9 (apply_from)"},
		"above it, too":                                      {0.9, 0.6, Target{}, "VPN", 1, Applied, "IT", "at least 0.9"},
		"just below it is suggested, and looks so":           {0.9, 0.6, Target{}, "VPN", 0.89999999, Suggested, "IT", "0.8999 is at least 0.6 (suggest_from)"},
		"below both it is left":                              {0.9, 0.6, Target{}, "VPN", 0.59, Left, "", "0.59 is below 0.6 (suggest_from)"},
		"a threshold of the label's own":                     {byLabel, 0.6, Target{}, "VPN", 0.94, Suggested, "IT", "at least 0.6"},
		"and the one for the rest":                           {byLabel, 0.6, Target{}, "Billing", 0.94, Applied, "Finance", "at least 0.9"},
		"nothing is applied without apply_from":              {nil, 0.6, Target{}, "VPN", 1, Suggested, "IT", "at least 0.6"},
		"nothing is suggested without suggest_from":          {0.9, nil, Target{}, "VPN", 0.8, Left, "", "0.8 is below 0.9 (apply_from)"},
		"without both everything is suggested":               {nil, nil, Target{}, "VPN", 0.01, Suggested, "IT", "everything is suggested"},
		"a label without a row is left":                      {0.9, 0.6, Target{}, "Cats", 1, Left, "", `no row for the label "Cats"`},
		"a label that the map leaves":                        {0.9, 0.6, queue("Rest"), "Other", 1, Left, "", `leaves the label "Other" to people`},
		"otherwise is applied where apply_from is given":     {0.9, nil, queue("Rest"), "Cats", 1, Applied, "Rest", "otherwise counts"},
		"also below both":                                    {0.9, 0.6, queue("Rest"), "VPN", 0.1, Applied, "Rest", "otherwise counts"},
		"else it is suggested":                               {nil, 0.6, queue("Rest"), "VPN", 0.1, Suggested, "Rest", "otherwise counts"},
		"also without any threshold":                         {nil, nil, queue("Rest"), "Cats", 0.1, Suggested, "Rest", "otherwise counts"},
		"a label that no threshold is about":                 {map[string]any{"Billing": 0.5}, nil, Target{}, "VPN", 1, Left, "", `neither apply_from nor suggest_from is about the label "VPN"`},
		"not even suggested, as others have one":             {nil, map[string]any{"Billing": 0.5}, queue("Rest"), "VPN", 1, Suggested, "Rest", "otherwise counts"},
		"what isn't a number reaches nothing":                {0, 0, Target{}, "VPN", math.NaN(), Left, "", "NaN is below 0"},
		"zero as a threshold is reached by everything":       {0, nil, Target{}, "VPN", 0, Applied, "IT", "0 is at least 0"},
		"labels are compared as they are":                    {0, nil, Target{}, "vpn", 1, Left, "", "no row"},
		"a confidence above all that is possible is reached": {1, nil, Target{}, "VPN", 0.99999, Left, "", "0.9999 is below 1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Policy{
				Map:   map[string]Target{"VPN": queue("IT"), "Billing": queue("Finance"), "Other": {}},
				Apply: thresholds(t, c.apply), Suggest: thresholds(t, c.suggest), Otherwise: c.otherwise,
			}
			got := p.Decide(c.label, c.confidence)
			if got.Action != c.action || got.Target.Short() != c.target || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %s %q because %s, want %s %q because %s", got.Action, got.Target.Short(), got.Reason, c.action, c.target, c.reason)
			}
		})
	}
}

func TestThresholdsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		raw  any
		want string
	}{
		"a word":              {"high", "number from 0 to 1"},
		"above one":           {90, "90 is not a confidence"},
		"below zero":          {-0.1, "-0.1 is not a confidence"},
		"a list":              {[]any{0.9}, "number from 0 to 1"},
		"of a label":          {map[string]any{"VPN": 9}, "VPN: 9 is not a confidence"},
		"an empty mapping":    {map[string]any{}, "names no confidence"},
		"a label without one": {map[string]any{"VPN": nil}, "VPN: it must be a number"},
	} {
		if _, err := ReadThresholds(c.raw); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if x, ok := thresholds(t, " 0.75 ").Of("any"); !ok || x != 0.75 {
		t.Errorf("a text is %v, %v", x, ok)
	}
}

func TestASuggestionAboveWhatIsAppliedIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		suggest, apply any
		want           []string
	}{
		"as it should be":      {0.6, 0.9, nil},
		"equal":                {0.9, 0.9, nil},
		"above":                {0.95, 0.9, []string{"default"}},
		"for one label":        {0.6, map[string]any{"default": 0.9, "VPN": 0.5}, []string{"VPN"}},
		"the other way":        {map[string]any{"VPN": 0.95}, 0.9, []string{"VPN"}},
		"for two":              {map[string]any{"A": 1, "B": 1}, 0.5, []string{"A", "B"}},
		"nothing is applied":   {0.6, nil, nil},
		"nothing is suggested": {nil, 0.6, nil},
	} {
		if diff := cmp.Diff(c.want, thresholds(t, c.suggest).Above(thresholds(t, c.apply)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		row    Row
		short  string
		update api.TicketUpdate
	}{
		"names":            {Row{Queue: " IT::VPN ", Priority: "4 high"}, "IT::VPN, 4 high", api.TicketUpdate{Queue: &api.Entity{Name: "IT::VPN"}, Priority: &api.Entity{Name: "4 high"}}},
		"a mapping":        {Row{Queue: map[string]any{"name": "IT"}}, "IT", api.TicketUpdate{Queue: &api.Entity{Name: "IT"}}},
		"an id":            {Row{State: map[string]any{"id": 5}}, "id 5", api.TicketUpdate{State: &api.Entity{ID: "5"}}},
		"a queue's number": {Row{Queue: int64(24)}, "24", api.TicketUpdate{Queue: &api.Entity{Name: "24"}}},
		"a type":           {Row{Type: "Incident"}, "Incident", api.TicketUpdate{Fields: map[string]any{"Type": "Incident"}}},
		"a type's id":      {Row{Type: map[string]any{"id": "3"}}, "id 3", api.TicketUpdate{Fields: map[string]any{"TypeID": "3"}}},
		"nothing":          {Row{}, "", api.TicketUpdate{}},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := c.row.Target()
			if err != nil || target.Short() != c.short {
				t.Errorf("got %q, %v, want %q", target.Short(), err, c.short)
			}
			if diff := cmp.Diff(c.update, target.Update(), cmp.AllowUnexported(api.TicketUpdate{}, api.Entity{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, row := range map[string]Row{
		"an empty text": {Queue: " "}, "a list": {Queue: []any{"IT"}}, "an unknown key": {Queue: map[string]any{"nam": "IT"}}, "no key": {Queue: map[string]any{}}, "yes": {Type: true},
	} {
		if err := row.Validate(); !errors.As(err, new(*api.FieldError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheNoteOfADecision(t *testing.T) {
	target := Target{Queue: &api.Entity{Name: "IT"}, Priority: &api.Entity{Name: "4 high"}}
	for name, c := range map[string]struct {
		action   Action
		given    Text
		language string
		want     Text
	}{
		"a suggestion":  {Suggested, Text{}, English, Text{"Suggestion of otai", "otai suggests: queue IT, priority 4 high.\nLabel: VPN, confidence 89 %.\nNothing else was changed."}},
		"in German":     {Suggested, Text{}, German, Text{"Vorschlag von otai", "otai schlägt vor: Queue IT, Priorität 4 high.\nLabel: VPN, Konfidenz 89 %.\nSonst wurde nichts geändert."}},
		"applied":       {Applied, Text{}, German, Text{"Von otai zugeordnet", "Von otai gesetzt: Queue IT, Priorität 4 high.\nLabel: VPN, Konfidenz 89 %."}},
		"given":         {Applied, Text{"{label}?", "{target}, {confidence}"}, English, Text{"VPN?", "queue IT, priority 4 high, 89 %"}},
		"given in part": {Applied, Text{Subject: "Sorted"}, English, Text{"Sorted", "Set by otai: queue IT, priority 4 high.\nLabel: VPN, confidence 89 %."}},
	} {
		t.Run(name, func(t *testing.T) {
			got := TextOf(c.action, c.given, c.language).Fill("VPN", Percent(0.8999), target.In(c.language))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// inOrder is a mapping that keeps its order, as those of a configuration do.
type inOrder []struct {
	key   string
	value any
}

func (m inOrder) Keys() (keys []string) {
	for _, e := range m {
		keys = append(keys, e.key)
	}
	return keys
}

func (m inOrder) Get(key string) (any, bool) {
	for _, e := range m {
		if e.key == key {
			return e.value, true
		}
	}
	return nil, false
}

func TestMappingsInOrderAreMappings(t *testing.T) {
	if x, ok := thresholds(t, inOrder{{"VPN", 0.5}, {ForAll, 0.9}}).Of("VPN"); !ok || x != 0.5 {
		t.Errorf("a threshold is %v, %v", x, ok)
	}
	target, err := ReadOtherwise(inOrder{{Queue, inOrder{{"id", 5}}}})
	if err != nil || target.Short() != "id 5" {
		t.Errorf("otherwise is %q, %v", target.Short(), err)
	}
}
