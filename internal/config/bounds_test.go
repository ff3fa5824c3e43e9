package config_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config"
)

func readBounds(t *testing.T, lines string) (bounds.Bounds, []string) {
	t.Helper()
	d, diags := config.Read(config.Options{Files: []config.Source{{
		Name: "f",
		Data: []byte("services:\n  desk:\n    use: acme:Desk\n" + lines + "orchestrator: {params: {steps: []}}\n"),
	}}})
	if d == nil {
		t.Fatal(diags)
	}
	var got []string
	for _, p := range diags {
		got = append(got, strconv.Itoa(p.Line)+":"+strconv.Itoa(p.Column)+" "+p.Code+": "+p.Hint)
	}
	return d.Services[0].Bounds, got
}

func TestTheBoundsOfAService(t *testing.T) {
	names := func(list ...string) *bounds.Values { return &bounds.Values{Names: list} }
	for _, tt := range []struct {
		what, lines string
		want        bounds.Bounds
	}{
		{"none", "", bounds.Bounds{}},
		{"all", "    allow: { queues: [IT, 'IT::VPN', {id: 7}, {name: HR}], priorities: ['3 normal'], states: [{id: '4'}], notes: internal }\n", bounds.Bounds{Allow: &bounds.Allow{
			Queues: &bounds.Values{Names: []string{"IT", "IT::VPN", "HR"}, IDs: []string{"7"}}, Priorities: names("3 normal"), States: &bounds.Values{IDs: []string{"4"}}, InternalNotes: true,
		}}},
		{"nothing may be written", "    allow: { queues: [], priorities: [], states: [] }\n", bounds.Bounds{Allow: &bounds.Allow{Queues: &bounds.Values{}, Priorities: &bounds.Values{}, States: &bounds.Values{}}}},
		{"one for a list of one", "    allow: { queues: IT, states: { id: 4 } }\n", bounds.Bounds{Allow: &bounds.Allow{Queues: names("IT"), States: &bounds.Values{IDs: []string{"4"}}}}},
		{"how many tickets", "    max_changes: { tickets_per_hour: 100 }\n", bounds.Bounds{TicketsPerHour: 100}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			got, diags := readBounds(t, tt.lines)
			if diags != nil {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMistakesInBoundsAreSaidWhereTheyStand(t *testing.T) {
	for lines, want := range map[string]string{
		"    alow: { queues: [IT] }\n":                       "4:5 unknown-key: did you mean allow?",
		"    allow: { queue: [IT] }\n":                       "4:14 unknown-key: did you mean queues?",
		"    allow: { notes: public }\n":                     "4:21 bad-value: possible: internal",
		"    allow: { notes: internl }\n":                    "4:21 bad-value: did you mean internal?",
		"    allow:\n":                                       "4:11 empty-value: list what may be written",
		"    allow: { queues: }\n":                           "4:22 empty-value: list names, or write []",
		"    allow: [IT]\n":                                  "4:12 wrong-type: ",
		"    allow: { queues: [IT, 5] }\n":                   `4:27 wrong-type: write {id: 5} for an id, or "5" in quotes`,
		"    allow: { queues: [{ id: 5, name: IT }] }\n":     "4:23 bad-value: write a name, or {id: 5}",
		"    allow: { queues: [{ idd: 5 }] }\n":              "unknown-key: did you mean id?",
		"    allow: { queues: ['${QUEUE}'] }\n":              "4:23 bad-value: write the name itself",
		"    allow: { queues: ['{{ x }}'] }\n":               "4:23 bad-value: write the name itself",
		"    allow: { queues: [' '] }\n":                     "4:23 bad-value: write the name as the help desk has it",
		"    allow: { queues: [[IT]] }\n":                    "4:23 wrong-type: ",
		"    max_changes: { tickets_per_hour: 0 }\n":         "4:38 bad-value: write 1 at least",
		"    max_changes: { tickets_per_hour: many }\n":      "4:38 wrong-type: ",
		"    max_changes: { tickets_per_hour: 1.5 }\n":       "4:38 wrong-type: ",
		"    max_changes: 100\n":                             "4:18 wrong-type: ",
		"    max_changes: {}\n":                              "4:18 missing-key: write tickets_per_hour: 100",
		"    max_change: { tickets_per_hour: 9 }\n":          "4:5 unknown-key: did you mean max_changes?",
		"    max_changes: { ticket_per_hour: 9 }\n":          "4:20 unknown-key: did you mean tickets_per_hour?",
		"    params: { allow: { queues: [IT] } }\n":          "",
		"    max_changes: { tickets_per_hour: '${N:-5}' }\n": "4:38 wrong-type: ",
	} {
		_, diags := readBounds(t, lines)
		if got := strings.Join(diags, "\n"); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s\ngot  %s\nwant %s", lines, got, want)
		}
	}
}

// What may happen stands in the files.
func TestBoundsAreGivenByNoVariable(t *testing.T) {
	lines := "    allow: { queues: [IT] }\n    max_changes: { tickets_per_hour: 5 }\n"
	for variable, want := range map[string]string{
		`OTAI__SERVICES__DESK__ALLOW__QUEUES=["HR"]`:                  "allow",
		`OTAI__SERVICES__DESK__ALLOW__NOTES=internal`:                 "allow",
		`OTAI__SERVICES__DESK__ALLOW=`:                                "allow",
		`OTAI__SERVICES__DESK__ALLOW={}`:                              "allow",
		`otai__services__desk__Allow__priorities=[]`:                  "allow",
		`CFG__SERVICES__DESK={"allow": {"queues": ["HR"]}}`:           "allow",
		`OPEN_TICKET_AI__SERVICES={"desk": {"allow": {}}}`:            "allow",
		`OTAI__OTAI__SERVICES=[{"id": "desk", "allow": {}}]`:          "allow",
		`OTAI__SERVICES__DESK__MAX_CHANGES__TICKETS_PER_HOUR=700`:     "max_changes",
		`OTAI__SERVICES__DESK__MAX_CHANGES={"tickets_per_hour": 700}`: "max_changes",
	} {
		for what, o := range map[string]config.Options{
			"environment": {Env: []string{variable}},
			".env":        {DotEnv: []config.Source{{Name: ".env", Data: []byte(strings.Replace(variable, "=", "='", 1) + "'")}}},
		} {
			o.Files = []config.Source{{Name: "c", Data: []byte("services:\n  desk:\n    use: acme:Desk\n" + lines + "orchestrator: {params: {steps: []}}\n")}}
			_, diags := config.Read(o)
			name, _, _ := strings.Cut(variable, "=")
			if len(diags) != 1 || diags[0].Severity != config.SeverityError || diags[0].File != name || !strings.Contains(diags[0].String(), "services.desk."+want+": the bounds of a service") {
				t.Errorf("%s in %s: %v", variable, what, diags)
			}
		}
	}
}
