package try

import (
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

func TestTheReportSaysByWhichOrderTicketsWent(t *testing.T) {
	for want, order := range map[string][]string{"": {"sort"}, "by the order of the configuration: sort, close.": {"sort", "close"}} {
		lead := strings.Join((&Result{turns: order}).Report().Lead, "\n")
		if said := strings.Contains(lead, "by the order of"); said != (want != "") || !strings.Contains(lead, want) {
			t.Errorf("%v: %s", order, lead)
		}
	}
}
