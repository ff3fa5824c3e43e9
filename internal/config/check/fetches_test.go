package check_test

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type deskParams struct {
	BaseURL  string `otai:"base_url,required"`
	Articles string `otai:"articles" default:"all" enum:"all,first"`
}

// found checks a configuration with one fetch and one step after it, and returns
// the diagnostics with the code.
func found(t *testing.T, code, desk, fetch, after string) config.Diagnostics {
	t.Helper()
	text := "services:\n  desk:\n    use: " + desk + "\norchestrator:\n  params:\n    steps:\n" +
		"      - id: fetch\n        use: " + fetch + "\n" +
		"      - id: after\n        use: base:ExpressionPipe\n        params: { expression: " + after + " }\n"
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(text)}}})
	if d == nil || diags.HasErrors() {
		t.Fatalf("reading it:\n%v\n%s", diags, text)
	}
	c := catalogtest.New()
	c.Offered["acme:Desk"] = catalogtest.Service[deskParams, catalogtest.FakeTickets]("Desk")
	c.Offered["otobo-znuny:OTOBOZnunyTicketSystemService"] = catalogtest.Service[deskParams, catalogtest.FakeTickets]("OTOBOZnunyTicketSystemService").
		WithLabel("open-tickets", "{ StateType: [new, open], Locks: [unlock] }")
	c.Offered["acme:FetchAny"] = catalogtest.Pipe[struct {
		Tickets  api.TicketSystem      `inject:"ticket_system"`
		Criteria *catalogtest.Criteria `otai:"ticket_search_criteria"`
	}]("FetchAny")
	var with config.Diagnostics
	for _, p := range check.Check(d, c) {
		if p.Code == code {
			with = append(with, p)
		}
	}
	return with
}

const (
	znuny = "otobo-znuny:OTOBOZnunyTicketSystemService\n    params: { base_url: 'http://x/otobo/nph-genericinterface.pl' }"
	acme  = "acme:Desk\n    params: { base_url: x }"
)

func TestAFetchThatNamesNoStatesIsAWarning(t *testing.T) {
	fetch := func(criteria string) string {
		return "base:FetchTicketsPipe\n        injects: { ticket_system: desk }\n        params: { ticket_search_criteria: " + criteria + " }"
	}
	for name, c := range map[string]struct {
		desk, fetch string
		place, hint string // "" for no warning
	}{
		"a queue alone":                  {znuny, fetch("{ queue: { name: Incoming } }"), "11:43", "fields: { StateType: [new, open], Locks: [unlock] }"},
		"of another help desk":           {acme, fetch("{ queue: { name: Incoming } }"), "11:43", "states: [{ name: … }]"},
		"a lock is not a state":          {znuny, fetch("{ fields: { Locks: [unlock] } }"), "11:43", "StateType"},
		"a list without a state":         {znuny, fetch("{ states: [] }"), "11:43", "StateType"},
		"no criteria at all":             {acme, "acme:FetchAny\n        injects: { ticket_system: desk }", "9:14", "states"},
		"states":                         {znuny, fetch("{ states: [{ name: new }] }"), "", ""},
		"a template of states":           {znuny, fetch(`{ states: "{{ [] }}" }`), "", ""},
		"a state type":                   {znuny, fetch("{ fields: { StateType: Open } }"), "", ""},
		"ids of states":                  {znuny, fetch("{ fields: { StateIDs: [1] } }"), "", ""},
		"ids of state types":             {znuny, fetch("{ fields: { StateTypeIDs: [1] } }"), "", ""},
		"a template of fields":           {znuny, fetch(`{ fields: "{{ {} }}" }`), "", ""},
		"a template of all criteria":     {znuny, fetch(`"{{ {} }}"`), "", ""},
		"a misspelled key is one report": {znuny, fetch("{ statess: [{ name: new }] }"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := found(t, "any-state", c.desk, c.fetch, "1")
			if c.hint == "" {
				if len(got) > 0 {
					t.Fatalf("%v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Severity != config.SeverityWarning || !strings.Contains(got[0].Hint, c.hint) {
				t.Fatalf("want one warning with %q, got %v", c.hint, got)
			}
			if place := strings.TrimPrefix(strings.SplitAfterN(got[0].String(), ": ", 2)[0], "config.yml:"); place != c.place+": " {
				t.Errorf("at %s, want %s", place, c.place)
			}
		})
	}
}

func TestReadingTheFirstArticleAloneIsAdvisedWhereNothingReadsTheOthers(t *testing.T) {
	fetch := func(fields string) string {
		return "base:FetchTicketsPipe\n        injects: { ticket_system: desk }\n        params: { ticket_search_criteria: { limit: 1, fields: { StateType: open" + fields + " } } }"
	}
	with := func(articles string) string { return strings.Replace(znuny, " }", ", articles: "+articles+" }", 1) }
	for name, c := range map[string]struct {
		desk, fetch, after string
		want               bool
	}{
		"nothing reads notes":          {znuny, fetch(""), `"{{ { 'body': 'x' }.body }}"`, true},
		"a template reads notes":       {znuny, fetch(""), `"{{ get_pipe_result('fetch', 'fetched_tickets')[0].notes | length }}"`, false},
		"notes is not a template here": {znuny, fetch(""), "notes", true},
		"the service says first":       {with("first"), fetch(""), "1", false},
		"the service says all":         {with("all"), fetch(""), "1", false},
		"the fetch says it":            {znuny, fetch(", Articles: first"), "1", false},
		"nothing fetches from it":      {znuny, "base:ExpressionPipe\n        params: { expression: 1 }", "1", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := found(t, "all-articles", c.desk, c.fetch, c.after)
			if (len(got) == 1) != c.want {
				t.Fatalf("%v", got)
			}
			if c.want && (got[0].Severity != config.SeverityAdvice || !got.OnlyAdvice() || got.HasErrors() || !strings.HasPrefix(got[0].String(), "config.yml:3:10: advice: ")) {
				t.Errorf("%v", got)
			}
		})
	}
}
