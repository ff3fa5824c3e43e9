package decisions_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/open-ticket-ai/otai/internal/decisions"
)

func whole() decisions.Record {
	return decisions.Record{
		Time: time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC), Run: "r", End: 1, Runner: "sort", Host: "h", System: "desk", Ticket: "4711", Number: "2026",
		Action: decisions.Applied, Step: "move", Reason: "=HYPERLINK(1)", Read: decisions.Read{Queue: &decisions.Value{Name: "in", ID: "2"}, Lock: "unlock"},
		Classifications: []decisions.Classification{{
			Step: "classify", At: "config.yml:3:5", Label: "IT", Confidence: 0.93, Model: "org/m", Revision: strings.Repeat("a", 40), SHA256: strings.Repeat("b", 64), Truncated: true,
			Scores: []decisions.Score{{Label: "IT", Confidence: 0.93}, {Label: "HR", Confidence: 0.04}},
		}},
		Pipes: []decisions.Pipe{{Step: "decide", Action: decisions.Applied, Target: map[string]decisions.Value{"queue": {Name: "IT"}}, Label: "IT", Confidence: 0.93, Reason: "sure"}},
		Writes: []decisions.Write{
			{Step: "move", At: "config.yml:9:7", Operation: "update", Old: map[string]decisions.Value{"queue": {Name: "in", ID: "2"}}, New: map[string]decisions.Value{"queue": {Name: "mid"}}, Outcome: decisions.Done},
			{Step: "move2", Operation: "update", Old: map[string]decisions.Value{"queue": {Name: "mid"}}, New: map[string]decisions.Value{"queue": {Name: "IT"}, "fields.Type": {Name: "Incident"}}, Note: 1, Outcome: decisions.Done},
			{Step: "note", Operation: "note", Note: 1, Outcome: decisions.InDoubt},
		},
		Config: "h1", Versions: map[string]string{"otai": "1"},
	}
}

func TestARecordIsAsItsSchemaSays(t *testing.T) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(decisions.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("decision", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("decision")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []decisions.Record{whole(), {End: 1}} {
		body, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decisions.Decode(body, r.Time, 1)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(again))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%v\n%s", err, again)
		}
		known := parsed.(map[string]any)["properties"].(map[string]any)
		for key := range value.(map[string]any) {
			if known[key] == nil {
				t.Errorf("the schema hasn't %q", key)
			}
		}
	}
}

func TestARowHasTheFirstOldAndTheLastNewValue(t *testing.T) {
	row, columns := whole().Row(), decisions.Columns()
	if len(row) != len(columns) {
		t.Fatalf("%d columns for %d", len(columns), len(row))
	}
	for column, want := range map[string]string{
		"old_queue": "in", "new_queue": "IT", "label": "IT", "confidence": "0.93", "notes": "2", "outcome": "done, in doubt",
		"other_fields": "fields.Type", "reason": "'=HYPERLINK(1)", "truncated": "true", "at": "config.yml:9:7",
	} {
		if got := row[slices.Index(columns, column)]; got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
}

func TestARecordIsExplained(t *testing.T) {
	got := whole().Explain(func(time.Time) string { return "today" })
	want := []string{
		"today, runner sort: the ticket was changed.",
		"The reason (step move): =HYPERLINK(1).",
		"It was read in the queue in and with the lock unlock.",
		"The model org/m (revision aaaaaaaaaaaa…, sha256 bbbbbbbbbbbb…) said IT with a confidence of 0.93; then came HR 0.04 (step classify, config.yml:3:5). The text was longer than the model can read.",
		"The pipe decided to apply: queue IT for IT at 0.93 (decide): sure.",
		"Written: queue in → mid (step move, config.yml:9:7).",
		"Written: fields.Type (unknown) → Incident, queue mid → IT and one note (move2).",
		"Nobody knows whether this was written: one note (note).",
		"This was run r on h, by the configuration h1, otai 1.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it reads\n%s", strings.Join(got, "\n"))
	}
	for _, a := range decisions.Actions() {
		if (decisions.Record{Action: a}).Explain(func(time.Time) string { return "" })[0] == ", runner (none): "+string(a)+"." {
			t.Errorf("%s isn't explained", a)
		}
	}
}
