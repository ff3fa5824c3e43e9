package base

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/base/decision"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// keeping is a ticket system that keeps what was decided.
type keeping struct {
	tickets
	suggested []string
	left      []string
	stands    bool // what is to be suggested
}

func (k *keeping) Suggest(_ context.Context, id, what string, u api.TicketUpdate) (bool, error) {
	k.suggested = append(k.suggested, what)
	if k.stands {
		return false, nil
	}
	return true, k.UpdateTicket(context.Background(), id, u)
}

func (k *keeping) Leave(_ context.Context, id, why string) error {
	k.left = append(k.left, id+": "+why)
	return k.err
}

func classifiedAs(label any, confidence any) api.Scope {
	return api.Scope{}.WithResult("classify", api.Success(map[string]any{"label": label, "confidence": confidence}))
}

func decide(t *testing.T, p decisionParams, scope api.Scope) (api.PipeResult, error) {
	t.Helper()
	pipe, err := Options{}.newDecisionPipe(api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Map == nil && p.MapFile == "" {
		p.Map = map[string]decision.Row{"VPN": {Queue: "IT", Type: "Incident"}}
	}
	p.Ticket, p.From, p.Language = "7", "classify", "en"
	return pipe.Process(t.Context(), p, scope)
}

func TestADecisionWritesInOneRequest(t *testing.T) {
	for name, c := range map[string]struct {
		confidence float64
		field      string
		want       string // the update
		action     string
	}{
		"applied":               {0.95, "", "queue IT, fields map[Type:Incident], note Sorted by otai", "applied"},
		"applied, not the hint": {0.95, "DynamicField_Hint", "queue IT, fields map[Type:Incident], note Sorted by otai", "applied"},
		"suggested":             {0.7, "", "note Suggestion of otai", "suggested"},
		"with the field":        {0.7, "DynamicField_Hint", "fields map[DynamicField_Hint:IT, Incident], note Suggestion of otai", "suggested"},
		"left":                  {0.1, "DynamicField_Hint", "", "left"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, desk := range []api.TicketSystem{&tickets{}, &keeping{}} {
				r, err := decide(t, decisionParams{ApplyFrom: 0.9, SuggestFrom: 0.6, SuggestionField: c.field, Tickets: desk}, classifiedAs("VPN", c.confidence))
				if err != nil || !r.Succeeded() || r.Data["action"] != c.action || r.Data["label"] != "VPN" || r.Data["confidence"] != c.confidence || r.Data["reason"] == "" {
					t.Fatalf("%T: got %+v, %v", desk, r, err)
				}
				updates := func() []api.TicketUpdate {
					if k, ok := desk.(*keeping); ok {
						return k.updates
					}
					return desk.(*tickets).updates
				}()
				var got []string
				for _, u := range updates {
					got = append(got, described(u))
				}
				if text := strings.Join(got, " and "); text != c.want {
					t.Errorf("%T: it wrote %q, want %q", desk, text, c.want)
				}
			}
		})
	}
}

// TestATargetIsTheNameThatWasWritten, whatever else it could be read as.
func TestATargetIsTheNameThatWasWritten(t *testing.T) {
	spec, err := params.Describe(reflect.TypeFor[decisionParams]())
	if err != nil {
		t.Fatal(err)
	}
	renderer := jinja.New(jinja.Options{})
	render := func(source string, wantText bool) (any, error) {
		parsed, err := renderer.Parse(source)
		if err != nil {
			return nil, err
		}
		r, err := parsed.Render(t.Context(), api.Scope{})
		if wantText {
			return r.Text, err
		}
		return r.Value, err
	}
	byID := map[string]any{"id": "007"}
	for _, c := range []struct {
		written, want any
	}{
		{"+1", "+1"},
		{"1e3", "1e3"},
		{"1.10", "1.10"},
		{"007", "007"},
		{"true", "true"},
		{"True", "True"},
		{"None", "None"},
		{"2026-11-30", "2026-11-30"},
		{"'q'", "'q'"},
		{"[1]", "[1]"},
		{"0x10", "0x10"},
		{"1_000", "1_000"},
		{"{{ '1' }}.10", "1.10"},
		{"{{ 24 }}", "24"},
		{int64(24), "24"},
		{map[string]any{"name": "+1"}, "+1"},
		{byID, "id 007"},
		{map[string]any{"id": 5}, "id 5"},
		{"{{ {'id': 5} }}", "id 5"},
	} {
		for _, raw := range []map[string]any{
			{"map": map[string]any{"VPN": map[string]any{"queue": c.written, "type": c.written}}},
			{"map": map[string]any{}, "otherwise": map[string]any{"queue": c.written, "type": c.written}},
		} {
			raw["ticket_id"], raw["from"], raw["apply_from"] = "7", "classify", 0.5
			rendered, err := params.Render(spec, raw, render)
			if err != nil {
				t.Fatalf("%v: %v", c.written, err)
			}
			desk := &tickets{}
			p, err := params.Decode(spec, rendered, params.Binder{Inject: func(*params.Spec) (any, error) { return desk, nil }})
			if err != nil {
				t.Errorf("%v: %v", c.written, err)
				continue
			}
			pipe, err := Options{}.newDecisionPipe(api.Host{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := pipe.Process(t.Context(), *p.(*decisionParams), classifiedAs("VPN", 0.9))
			if want := map[string]any{"queue": c.want, "type": c.want}; err != nil || !reflect.DeepEqual(r.Data["target"], want) {
				t.Errorf("%v became %v, %v, want %v", c.written, r.Data["target"], err, want)
			}
		}
	}
	table, err := decision.ReadTable([]byte("label,queue\nA,+1\nB,1e3\nC,007\n"))
	if err != nil || table.Map["A"].Short()+table.Map["B"].Short()+table.Map["C"].Short() != "+11e3007" {
		t.Errorf("the table is %v, %v", table.Map, err)
	}
}

func described(u api.TicketUpdate) string {
	var parts []string
	if u.Queue != nil {
		parts = append(parts, "queue "+u.Queue.String())
	}
	if u.Fields != nil {
		parts = append(parts, fmt.Sprint("fields ", u.Fields))
	}
	for _, n := range u.Notes {
		parts = append(parts, "note "+n.Subject)
	}
	return strings.Join(parts, ", ")
}

func TestTheResultOfADecision(t *testing.T) {
	r, err := decide(t, decisionParams{ApplyFrom: 0.9, Tickets: &tickets{}}, classifiedAs("VPN", 0.9))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"action": "applied", "target": map[string]any{"queue": "IT", "type": "Incident"}, "label": "VPN", "confidence": 0.9,
		"reason": "the confidence 0.9 is at least 0.9 (apply_from)",
	}
	if diff := cmp.Diff(want, r.Data); diff != "" {
		t.Error(diff)
	}
	if r, err = decide(t, decisionParams{ApplyFrom: 0.9, Tickets: &tickets{}}, classifiedAs("VPN", 0)); err != nil || r.Data["target"] != nil || r.Data["action"] != "left" {
		t.Errorf("left: got %v, %v", r.Data, err)
	}
}

func TestASuggestionThatStandsIsLeft(t *testing.T) {
	desk := &keeping{stands: true}
	r, err := decide(t, decisionParams{Tickets: desk}, classifiedAs("VPN", 0.7))
	if err != nil || r.Data["action"] != "left" || !strings.HasPrefix(r.Data["reason"].(string), "the same is suggested already") || len(desk.updates) != 0 {
		t.Errorf("got %v, %v, %d updates", r.Data, err, len(desk.updates))
	}
}

func TestWhatMakesAnotherSuggestion(t *testing.T) {
	what := func(p decisionParams, label string, confidence float64) string {
		desk := &keeping{}
		p.Tickets = desk
		p.Map = map[string]decision.Row{"VPN": {Queue: "IT"}, "WLAN": {Queue: "IT"}, "HR": {Queue: "HR"}}
		if p.Note.Body == "moved" {
			p.Map["VPN"] = decision.Row{Queue: "IT::VPN"}
		}
		if _, err := decide(t, p, classifiedAs(label, confidence)); err != nil || len(desk.suggested) != 1 {
			t.Fatalf("%v, %v", desk.suggested, err)
		}
		return desk.suggested[0]
	}
	base := what(decisionParams{}, "VPN", 0.7)
	if base != what(decisionParams{}, "VPN", 0.75) {
		t.Error("another confidence makes another suggestion")
	}
	note := decisionNote{Body: "{label} {confidence}"}
	if what(decisionParams{Note: note}, "VPN", 0.7) != what(decisionParams{Note: note}, "VPN", 0.75) {
		t.Error("another confidence in a given note makes another suggestion")
	}
	for name, other := range map[string]string{
		"label": what(decisionParams{}, "HR", 0.7), "label of the same target": what(decisionParams{}, "WLAN", 0.7),
		"note": what(decisionParams{Note: decisionNote{Body: "Perhaps IT"}}, "VPN", 0.7), "target": what(decisionParams{Note: decisionNote{Body: "moved"}}, "VPN", 0.7),
	} {
		if other == base {
			t.Errorf("another %s makes the same suggestion", name)
		}
	}
}

func TestALeftTicketIsSaidSo(t *testing.T) {
	desk := &keeping{}
	if _, err := decide(t, decisionParams{SuggestFrom: 0.6, Tickets: desk}, classifiedAs("VPN", 0.5)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"7: the confidence 0.5 is below 0.6 (suggest_from)"}, desk.left); diff != "" {
		t.Error(diff)
	}
}

func TestADecisionThatCanNotBeMadeIsInvalid(t *testing.T) {
	for name, c := range map[string]struct {
		params decisionParams
		scope  api.Scope
		want   string
	}{
		"no step":            {decisionParams{}, api.Scope{}, "from: no step before has this id"},
		"no label":           {decisionParams{}, classifiedAs(nil, 0.5), "no label and confidence"},
		"no confidence":      {decisionParams{}, classifiedAs("VPN", "high"), "no label and confidence"},
		"a bad threshold":    {decisionParams{ApplyFrom: 90}, classifiedAs("VPN", 0.5), "apply_from: 90"},
		"a bad otherwise":    {decisionParams{Otherwise: "IT"}, classifiedAs("VPN", 0.5), "otherwise: it must be leave"},
		"two maps":           {decisionParams{Map: map[string]decision.Row{}, MapFile: "x.csv"}, classifiedAs("VPN", 0.5), "map is given, too"},
		"a missing table":    {decisionParams{MapFile: "/nowhere/x.csv"}, classifiedAs("VPN", 0.5), "/nowhere/x.csv"},
		"a row that is none": {decisionParams{Map: map[string]decision.Row{"VPN": {Queue: true}}}, classifiedAs("VPN", 0.5), "queue: it must be a name"},
	} {
		c.params.Tickets = &tickets{}
		if _, err := decide(t, c.params, c.scope); !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestARefusedDecisionIsAFailedResult(t *testing.T) {
	r, err := decide(t, decisionParams{ApplyFrom: 0.5, Tickets: &tickets{err: fmt.Errorf("no right: %w", api.ErrDenied)}}, classifiedAs("VPN", 0.5))
	if err != nil || !r.Failed() {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err = decide(t, decisionParams{ApplyFrom: 0.5, Tickets: &tickets{err: api.ErrTemporary}}, classifiedAs("VPN", 0.5)); !errors.Is(err, api.ErrTemporary) {
		t.Errorf("got %v", err)
	}
}

func TestATableCountsFromTheFolderOfItsConfiguration(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "map.csv"), []byte("label;queue\nVPN;IT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := api.NewHost(api.HostOptions{Env: func(name string) (string, bool) { return folder, name == "OTAI_CONFIG_DIR.map_file" }})
	pipe, err := Options{}.newDecisionPipe(host)
	if err != nil {
		t.Fatal(err)
	}
	p := decisionParams{Ticket: "1", From: "classify", MapFile: "map.csv", ApplyFrom: 0.5, Language: "en", Tickets: &tickets{}}
	for range 2 {
		r, err := pipe.Process(t.Context(), p, classifiedAs("VPN", 0.5))
		if err != nil || r.Data["action"] != "applied" {
			t.Errorf("got %v, %v", r.Data, err)
		}
		_ = os.Remove(filepath.Join(folder, "map.csv")) // it was read
	}
}

// sink keeps what is said for the record.
type sink struct{ decided []decisions.Pipe }

func (*sink) Classified(decisions.Classification) {}
func (s *sink) Decided(p decisions.Pipe)          { s.decided = append(s.decided, p) }

func TestADecisionIsSaidForTheRecord(t *testing.T) {
	s := &sink{}
	pipe, err := Options{}.newDecisionPipe(api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	p := decisionParams{Ticket: "7", From: "classify", Language: "en", Map: map[string]decision.Row{"VPN": {Queue: "IT", Type: map[string]any{"id": 4}}}, Tickets: &tickets{}}
	if _, err := pipe.Process(decisions.With(t.Context(), s), p, classifiedAs("VPN", 0.5)); err != nil {
		t.Fatal(err)
	}
	want := []decisions.Pipe{{
		Action: decisions.Suggested, Label: "VPN", Confidence: 0.5, Reason: "without apply_from and suggest_from everything is suggested",
		Target: map[string]decisions.Value{"queue": {Name: "IT"}, "fields.Type": {ID: "4"}},
	}}
	if diff := cmp.Diff(want, s.decided); diff != "" {
		t.Error(diff)
	}
}
