package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
)

func TestWhichRequestsAFaultHits(t *testing.T) {
	for name, c := range map[string]struct {
		rules []Fault
		want  string // per request: the number of the rule, or a dot
	}{
		"each":                 {[]Fault{{}}, "111111111111"},
		"every third":          {[]Fault{{Every: 3}}, "..1..1..1..1"},
		"the second and fifth": {[]Fault{{Nth: []int{2, 5}}}, ".1..1......."},
		"twice at most":        {[]Fault{{Every: 3, Times: 2}}, "..1..1......"},
		"bursts of two":        {[]Fault{{Every: 4, Burst: 2}}, "...11..11..1"},
		"one burst of three":   {[]Fault{{Nth: []int{2}, Burst: 3, Times: 1}}, ".111........"},
		"the first rule wins":  {[]Fault{{Every: 4}, {Every: 2}}, ".2.1.2.1.2.1"},
		"of one operation":     {[]Fault{{On: []string{"ticket-get"}, Every: 2}}, "..1..1..1..1"},
		"never":                {nil, "............"},
	} {
		var ch Injector
		for i := range c.rules {
			c.rules[i].Kind = KindClose
			c.rules[i].Status = i + 1
		}
		ch.Set(Faults{Rules: c.rules})
		got := ""
		for i := range 12 {
			route := "ticket-search"
			if i%3 > 0 {
				route = "ticket-get"
			}
			if tr, is := ch.Next(route); is {
				got += strconv.Itoa(tr.Status)
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestChanceIsRepeatable(t *testing.T) {
	draw := func(seed uint64) (all []bool, fired int) {
		var ch Injector
		ch.Set(Faults{Seed: seed, Rules: []Fault{{Probability: 0.1, Kind: KindClose}}})
		for range 1000 {
			_, is := ch.Next("ticket-get")
			all = append(all, is)
		}
		return all, int(ch.Counters().Rules[0].Fired)
	}
	first, fired := draw(7)
	again, _ := draw(7)
	other, _ := draw(8)
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Error("one seed must give one sequence, another seed another")
	}
	if fired < 60 || fired > 140 {
		t.Errorf("%d of 1000 at a probability of 0.1", fired)
	}
}

func TestFaultsAreCheckedWhenTheyAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"rules": [{"fault": "close"}]}`:     "",
		`{}`:                                  "",
		`{"rules": [{"fault": "explode"}]}`:   `rules[0].fault: "explode" is unknown (close, hang,`,
		`{"rules": [{"fault": "close"}, {}]}`: `rules[1].fault: missing`,
		`{"rules": [{"on": ["TicketGet"], "fault": "close"}]}`:               `no operation is called "TicketGet" (ticket-search,`,
		`{"rules": [{"every": 2, "nth": [1], "fault": "close"}]}`:            `give one of every, nth and probability`,
		`{"rules": [{"every": -2, "fault": "close"}]}`:                       `rules[0].every: must not be negative`,
		`{"rules": [{"nth": [0], "fault": "close"}]}`:                        `requests are counted from 1`,
		`{"rules": [{"probability": 1.5, "fault": "close"}]}`:                `between 0 and 1`,
		`{"rules": [{"burst": -1, "times": -1, "fault": "close"}]}`:          `times: must not`,
		`{"rules": [{"fault": "close", "done": "half"}]}`:                    `not one of nothing, part and all`,
		`{"rules": [{"fault": "close", "after": "Queue"}]}`:                  `done: must be part`,
		`{"rules": [{"fault": "close", "done": "part", "after": "Que"}]}`:    `no step is called "Que" (Ticket, Title,`,
		`{"rules": [{"fault": "close", "done": "part", "steps": -1}]}`:       `steps: must not`,
		`{"rules": [{"fault": "truncate", "done": "nothing"}]}`:              `truncate spoils the answer`,
		`{"rules": [{"fault": "auth-fail", "done": "all"}]}`:                 `after a rejected login nothing is done`,
		`{"rules": [{"delay": "1s", "done": "part"}]}`:                       `without a fault`,
		`{"rules": [{"fault": "close", "lasts": "1s"}]}`:                     `lasts: is for hang and drip`,
		`{"rules": [{"fault": "close", "status": 500}]}`:                     `status: is for`,
		`{"rules": [{"fault": "status", "status": 99}]}`:                     `between 200 and 599`,
		`{"rules": [{"fault": "hang", "body": "x", "headers": {"A": "b"}}]}`: `headers: hang sends none`,
		`{"rules": [{"fault": "close", "delay": "soon"}]}`:                   `"soon" is not a duration; write one like 200ms`,
		`{"rules": [{"fault": "close", "delay": "-1s"}]}`:                    `"-1s" is not a duration`,
		`{"rule": []}`:                    `unknown field "rule"`,
		`{} {}`:                           `something follows`,
		`{"requests_per_connection": -1}`: `requests_per_connection: must not`,
		`{"rules": [{"fault": "close", "done": "part", "steps":1,"after":"Queue"}]}`: `give one of steps and after`,
	} {
		_, err := ReadFaults(strings.NewReader(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestFaultsSurviveJSON(t *testing.T) {
	f := Faults{Seed: 9, RequestsPerConnection: 100, Rules: []Fault{{
		On: []string{"ticket-update"}, Every: 10, Burst: 2, Times: 3, Kind: KindStatus, Done: DonePart, After: operation.StepQueue,
		Delay: Duration(1500 * time.Millisecond), Status: 503, Headers: map[string]string{"Retry-After": "1"},
	}}}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadFaults(bytes.NewReader(text))
	if err != nil || fmt.Sprint(again) != fmt.Sprint(f) {
		t.Errorf("%s became %+v, %v", text, again, err)
	}
}

func FuzzReadFaults(f *testing.F) {
	f.Add([]byte(`{"seed": 1, "rules": [{"on": ["ticket-get"], "every": 3, "fault": "status", "status": 503, "done": "part", "after": "Queue", "delay": "1ms"}]}`))
	f.Add([]byte(`{"requests_per_connection": 9, "rules": [{"nth": [1, 2], "burst": 2, "times": 1, "fault": "hang", "lasts": "1h"}, {"probability": 0.5, "delay_after": "1s"}]}`))
	wholeSteps := []string{operation.StepTitle, operation.StepQueue, operation.StepState, operation.StepPriority, operation.StepArticle, operation.StepField}
	f.Fuzz(func(t *testing.T, data []byte) {
		faults, err := ReadFaults(bytes.NewReader(data))
		if err != nil {
			return
		}
		var ch Injector
		ch.Set(faults)
		for range 20 {
			tr, hit := ch.Next("ticket-update")
			if !hit || tr.Stop() == nil {
				continue
			}
			if n := tr.Stop()(wholeSteps); n < 0 || n > len(wholeSteps) {
				t.Fatalf("it ends after %d steps", n)
			}
		}
		var again Faults
		text, err := json.Marshal(faults)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(normalFaults(faults), normalFaults(again)) {
			t.Fatalf("%+v became %+v", faults, again)
		}
	})
}

// normalFaults makes empty and missing lists alike.
func normalFaults(f Faults) Faults {
	var rules []Fault
	for _, r := range f.Rules {
		if len(r.On) == 0 {
			r.On = nil
		}
		if len(r.Nth) == 0 {
			r.Nth = nil
		}
		if len(r.Headers) == 0 {
			r.Headers = nil
		}
		rules = append(rules, r)
	}
	f.Rules = rules
	return f
}
