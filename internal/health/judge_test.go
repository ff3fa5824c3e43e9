package health_test

import (
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
)

var now = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// every is a time each so often until now.
func every(d, since time.Duration) (at []time.Time) {
	for ; since >= 0; since -= d {
		at = append(at, ago(since))
	}
	return at
}

func TestARunnerIsStuckByTheseRulesOnly(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		runner health.Runner
		want   health.State
		why    string // a part of it
	}{
		"nothing was ever found":                        {health.Runner{}, health.Working, ""},
		"all tickets are left, none is found any more":  {health.Runner{Good: ago(time.Hour)}, health.Working, ""},
		"another host takes all":                        {health.Runner{Elsewhere: func() time.Time { return ago(second) }}, health.Working, ""},
		"found, and something ended well since":         {health.Runner{Found: every(10*second, 60*second), Good: ago(5 * second)}, health.Working, ""},
		"found at one due time":                         {health.Runner{Found: []time.Time{ago(50 * second)}}, health.Working, ""},
		"found at two, not for long":                    {health.Runner{Found: every(10*second, 20*second)}, health.Working, ""},
		"found at two, and for long":                    {health.Runner{Found: every(15*second, 30*second), Good: ago(time.Hour)}, health.Stuck, "3 times in a row"},
		"found, and one that began waits":               {health.Runner{Found: every(15*second, 30*second), Waits: "no answer"}, health.Stuck, "ended well; no answer"},
		"found, and another host ended something":       {health.Runner{Found: every(10*second, 60*second), Elsewhere: func() time.Time { return ago(15 * second) }}, health.Working, ""},
		"found, and no other host ended anything":       {health.Runner{Found: every(10*second, 60*second), Elsewhere: func() time.Time { return ago(time.Hour) }}, health.Stuck, "in a row"},
		"it is paused":                                  {health.Runner{Found: every(10*second, 60*second), Paused: ago(time.Hour)}, health.Paused, ""},
		"it waits for a service, which says why itself": {health.Runner{Found: every(10*second, 60*second), Needs: []string{"desk"}}, health.Waiting, "desk"},
		"its search fails, not for long":                {health.Runner{Failing: health.Failing{Since: ago(20 * second), Attempts: 2, Searching: true, Err: "no answer"}}, health.Fails, "no answer"},
		"its search fails for long":                     {health.Runner{Failing: health.Failing{Since: ago(40 * second), Attempts: 3, Searching: true, Err: "no answer"}, Good: ago(second)}, health.Stuck, "no answer"},
		"its runs fail for long":                        {health.Runner{Failing: health.Failing{Since: ago(40 * second), Attempts: 3, Err: "no model"}}, health.Stuck, "no model"},
		"its runs fail, others end well":                {health.Runner{Failing: health.Failing{Since: ago(50 * second), Attempts: 3, Err: "no model"}, Good: ago(second)}, health.Fails, "no model"},
		"one queue of ten refuses":                      {health.Runner{Causes: []health.Cause{{Label: "queue IT", Since: ago(10 * time.Minute), Waiting: 5}}, Good: ago(9 * time.Minute)}, health.Working, "queue IT"},
		"all that it changes is refused":                {health.Runner{Causes: []health.Cause{{Label: "update: denied", Since: ago(40 * second), Waiting: 2, Err: "no right"}}, Good: ago(50 * second)}, health.Stuck, "update: denied (2 waiting); one of them: no right"},
		"a pipe doesn't return":                         {health.Runner{Busy: ago(50 * second), At: "the step ask"}, health.Stuck, "the step ask"},
		"a pipe takes as long as ever":                  {health.Runner{Busy: ago(50 * second), Usual: 35 * second}, health.Working, ""},
		"a request takes as long as it may":             {health.Runner{Busy: ago(35 * second)}, health.Working, ""},
		"an item doesn't return, those before it did":   {health.Runner{Busy: ago(10 * time.Minute), Good: ago(50 * second), At: "the step ask"}, health.Stuck, "the step ask"},
		"its items end while it waits for them":         {health.Runner{Busy: ago(10 * time.Minute), Good: ago(second)}, health.Working, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.runner.Name = "support"
			r := health.Judge(health.Facts{Now: now, Runners: []health.Runner{c.runner}})
			p := r.Parts[len(r.Parts)-1]
			if p.Kind != health.KindRunner || p.State != c.want || !strings.Contains(p.Why, c.why) || (c.why == "" && c.want == health.Working && p.Why != "") {
				t.Errorf("got %+v, want %s because of %q", p, c.want, c.why)
			}
			if r.Ready != (c.want != health.Stuck) {
				t.Errorf("ready is %v while the runner is %s", r.Ready, p.State)
			}
		})
	}
}

func TestOtherPartsThanRunners(t *testing.T) {
	for name, c := range map[string]struct {
		facts health.Facts
		kind  string
		want  health.State
		ready bool
	}{
		"the store is lost for a moment":          {health.Facts{Store: health.Store{Lost: ago(time.Second)}}, health.KindStore, health.Working, true},
		"the store is lost":                       {health.Facts{Store: health.Store{Lost: ago(4 * time.Second)}}, health.KindStore, health.Lost, false},
		"a plugin that nothing needs isn't there": {health.Facts{Plugins: []health.Plugin{{Name: "otai-x", Why: "built otherwise"}}}, health.KindPlugin, health.Off, true},
		"a service has started":                   {health.Facts{Services: []health.Service{{Name: "desk", Started: true}}}, health.KindService, health.Working, true},
		"a service starts":                        {health.Facts{Services: []health.Service{{Name: "desk"}}}, health.KindService, health.Starting, false},
		"the start of a service failed once":      {health.Facts{Services: []health.Service{{Name: "desk", Failed: 1, Err: "down"}}}, health.KindService, health.Failed, false},
		"a service isn't started any more":        {health.Facts{Services: []health.Service{{Name: "desk", GivenUp: true}}}, health.KindService, health.Failed, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.Now = now
			r := health.Judge(c.facts)
			for _, p := range r.Parts {
				if p.Kind == c.kind && p.State != c.want {
					t.Errorf("it is %s, want %s", p.State, c.want)
				}
			}
			if r.Ready != c.ready {
				t.Errorf("ready is %v", r.Ready)
			}
		})
	}
}
