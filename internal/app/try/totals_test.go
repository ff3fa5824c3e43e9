package try

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/trial"
)

func TestTheReportSaysHowManyMaxChangesLets(t *testing.T) {
	change := func(ticket string, action decisions.Action, writes ...decisions.Write) (p trial.Prediction) {
		p.System, p.Ticket, p.Action, p.Writes = "desk", ticket, action, writes
		return p
	}
	write := decisions.Write{Operation: "update"}
	predictions := []trial.Prediction{
		change("1", decisions.Applied, write), change("1", decisions.Applied, write), change("2", decisions.Suggested, write),
		change("3", decisions.Applied, write), change("4", decisions.Left), change("5", decisions.Refused, write),
	}
	for name, c := range map[string]struct {
		bounds []int
		want   string
	}{
		"one, too low":  {[]int{0, 2}, "Of the 3 tickets that would be changed only 2 would be within an hour, by max_changes of desk"},
		"one, enough":   {[]int{3}, ""},
		"none":          {[]int{0}, ""},
		"which of two?": {[]int{1, 1}, ""},
	} {
		d := &config.Document{}
		for _, n := range c.bounds {
			var s config.Service
			s.ID, s.Bounds = "desk", bounds.Bounds{TicketsPerHour: n}
			d.Services = append(d.Services, s)
		}
		r := &Result{Predictions: predictions}
		r.bound(&app.Setup{Document: d})
		lead := strings.Join(r.Report().Lead, "\n")
		if said := strings.Contains(lead, "by max_changes of"); said != (c.want != "") || !strings.Contains(lead, c.want) {
			t.Errorf("%s: %s", name, lead)
		}
	}
}

// Who begins with suggestions wants to know where tickets would go, not that they stay.
func TestAReportShowsWhatIsOnlySuggested(t *testing.T) {
	p := func(ticket string, action decisions.Action, target string) trial.Prediction {
		var p trial.Prediction
		p.Ticket, p.Action, p.Read.Queue = ticket, action, &decisions.Value{Name: "Incoming"}
		p.Pipes = []decisions.Pipe{{Action: action, Label: target, Target: map[string]decisions.Value{decisions.Queue: {Name: target}, decisions.Priority: {Name: "4 high"}}}}
		p.Writes = []decisions.Write{{Operation: "note", Note: 1}}
		return p
	}
	applied := p("4", decisions.Applied, "HR")
	applied.Writes = []decisions.Write{{Operation: "update", Old: map[string]decisions.Value{decisions.Queue: {Name: "Incoming"}}, New: map[string]decisions.Value{decisions.Queue: {Name: "HR"}}, Note: 1}}
	r := resultOf([]trial.End{{Runner: "sort", Found: true, Predictions: []trial.Prediction{p("1", decisions.Suggested, "HR"), p("2", decisions.Suggested, "HR"), p("3", decisions.Suggested, "Incoming"), applied}}})
	want := []Move{{From: "Incoming", To: "HR", Tickets: 2, Suggested: true}, {From: "Incoming", To: "HR", Tickets: 1}, {From: "Incoming", To: "Incoming", Tickets: 1}}
	if !slices.Equal(r.Moves, want) {
		t.Errorf("%+v, want %+v", r.Moves, want)
	}
	for i, want := range []string{"suggested: queue: → HR, priority: → 4 high; a note", "suggested: queue: → HR, priority: → 4 high; a note", "suggested: queue: → Incoming, priority: → 4 high; a note", "queue: Incoming → HR; a note"} {
		if got := changes(r.Predictions[i]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var terminal, table strings.Builder
	if err := errors.Join(r.Report().Text(&terminal, func(text string) string { return text }), r.csv(&table)); err != nil {
		t.Fatal(err)
	}
	if want := "Incoming  HR (suggested)        2"; !strings.Contains(terminal.String(), want) {
		t.Errorf("the terminal doesn't show %q:\n%s", want, terminal.String())
	}
	if want := ",queue: → HR; priority: → 4 high\n"; strings.Count(table.String(), want) != 2 {
		t.Errorf("the table doesn't have %q twice:\n%s", want, table.String())
	}
}

func TestTheReportSaysByWhichOrderTicketsWent(t *testing.T) {
	for want, order := range map[string][]string{"": {"sort"}, "by the order of the configuration: sort, close.": {"sort", "close"}} {
		lead := strings.Join((&Result{turns: order}).Report().Lead, "\n")
		if said := strings.Contains(lead, "by the order of"); said != (want != "") || !strings.Contains(lead, want) {
			t.Errorf("%v: %s", order, lead)
		}
	}
}

// A configuration that can do its work with no ticket isn't right, whatever the tickets are.
func TestARunnerThatCanDoItsWorkWithNoTicketIsSaid(t *testing.T) {
	p := func(runner string, action decisions.Action, impossible bool) (p trial.Prediction) {
		p.Runner, p.Action, p.Impossible, p.Reason = runner, action, impossible, "no model words is on this machine"
		return p
	}
	const said = "the runner sort can't do its work with any of its 2 tickets: no model words is on this machine"
	for name, c := range map[string]struct {
		predictions []trial.Prediction
		want        string
	}{
		"none":                {nil, ""},
		"each":                {[]trial.Prediction{p("sort", decisions.Refused, true), p("sort", decisions.Refused, true)}, said},
		"one of two":          {[]trial.Prediction{p("sort", decisions.Refused, true), p("sort", decisions.Applied, false)}, ""},
		"all by allow":        {[]trial.Prediction{p("sort", decisions.Refused, false), p("sort", decisions.Refused, false)}, ""},
		"one of two runners":  {[]trial.Prediction{p("sort", decisions.Refused, true), p("other", decisions.Left, false), p("sort", decisions.Refused, true)}, said},
		"and another, failed": {[]trial.Prediction{p("sort", decisions.Refused, true), p("other", trial.Failed, false), p("sort", decisions.Refused, true)}, "of 2 tickets, 1 could not be predicted since something failed, and 0 could not be read\n" + said},
	} {
		t.Run(name, func(t *testing.T) {
			byRunner := map[string][]trial.Prediction{}
			for _, one := range c.predictions {
				byRunner[one.Runner] = append(byRunner[one.Runner], one)
			}
			var ends []trial.End
			for _, runner := range []string{"sort", "other"} {
				ends = append(ends, trial.End{Runner: runner, Found: true, Predictions: byRunner[runner]})
			}
			got := ""
			if err := resultOf(ends).undone(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
