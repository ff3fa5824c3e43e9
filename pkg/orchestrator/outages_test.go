package orchestrator

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// What several runners meet at one service is said once, and nothing that is new is kept quiet.
func TestAnOutageIsSaidOnceWhoeverMeetsIt(t *testing.T) {
	// Each line is what one runner meets, in seconds from the beginning: "fails" is an outage of the service desk,
	// "fails long" one that its runs before have met, "refused" what it refuses, "models" an outage of another service,
	// "breaks" what no service has to do with; "works", "ends" and "searches" are attempts that worked, or whose search did; "stuck" and "flows" are
	// what somebody else finds out. Attempts begin a second before.
	for name, c := range map[string]struct {
		met  []string
		want string // who says at level error that it fails, and in lower case who says that it works again
	}{
		"one runner":                          {[]string{"1 A fails", "7 A fails", "20 A works"}, "A a"},
		"three runners":                       {[]string{"1 A fails", "2 B fails", "3 C fails", "8 A fails", "9 B fails", "30 A works", "31 B works", "32 C works"}, "A a"},
		"those after it end first":            {[]string{"1 A fails", "2 B fails", "20 B works", "30 A works"}, "A a"},
		"an attempt from before its end":      {[]string{"1 A fails", "2 B fails", "20 A works", "20 B fails", "40 B works"}, "A a"},
		"one that goes on alone":              {[]string{"1 A fails", "2 B fails", "20 A works", "30 B fails", "60 B works"}, "A a B b"},
		"it comes and goes":                   {[]string{"1 A fails", "2 B fails", "10 A works", "11 B works", "20 A fails", "21 B fails", "30 A works", "31 B works"}, "A a A a"},
		"another runner is the first one":     {[]string{"1 A fails", "2 B fails", "10 A works", "11 B works", "20 B fails", "21 A fails", "30 A works", "31 B works"}, "A a B b"},
		"one that worked after it was said":   {[]string{"1 A fails", "10 B works", "20 B fails", "30 C fails"}, "A B"},
		"one whose run has failed":            {[]string{"1 A fails", "10 B ends", "20 B fails"}, "A"},
		"one whose search worked":             {[]string{"1 A fails", "10 B searches", "20 B fails"}, "A"},
		"one that is heard of no more":        {[]string{"1 A fails", "400 B fails", "401 C fails"}, "A B"},
		"different reasons":                   {[]string{"1 A fails", "2 B refused", "3 C refused", "4 D refused otherwise"}, "A B D"},
		"refused first":                       {[]string{"1 A refused", "2 B fails", "3 C fails"}, "A B"},
		"refused, then an outage":             {[]string{"1 A refused", "20 A fails", "21 B fails"}, "A"},
		"different services":                  {[]string{"1 A fails", "2 B models", "3 C models", "20 A works", "21 B works", "22 C works"}, "A B a b"},
		"what no service has to do with":      {[]string{"1 A breaks", "2 B breaks"}, "A B"},
		"runs have met it for long":           {[]string{"1 A fails long", "2 B fails", "3 C fails long"}, "A"},
		"a standstill":                        {[]string{"40 A stuck", "45 A stuck", "50 A stuck", "60 A flows", "65 A flows"}, "A a"},
		"a standstill of one that fails":      {[]string{"1 A fails", "50 A stuck", "60 A flows", "61 A works"}, "A a"},
		"a standstill that fails at last":     {[]string{"40 A stuck", "60 A fails", "70 A stuck", "80 A works", "81 A flows"}, "A a"},
		"standstills at one service":          {[]string{"40 A stuck", "41 B stuck", "45 A stuck", "46 B stuck", "60 A fails", "61 B fails", "70 A works", "71 B works", "75 A flows"}, "A a"},
		"a standstill beside an outage":       {[]string{"1 A fails", "41 B stuck", "50 A works", "51 B flows"}, "A a"},
		"a standstill that outlasts it":       {[]string{"1 A fails", "41 B stuck", "50 A works", "56 B stuck", "115 B stuck", "130 B flows"}, "A a B b"},
		"tickets are set aside for it":        {[]string{"30 A fails", "60 A ends", "65 A stuck", "75 A fails", "90 A works"}, "A a a"},
		"a standstill of code of its own":     {[]string{"1 A fails", "41 B blocks", "45 C blocks"}, "A B C"},
		"a standstill comes and goes":         {[]string{"40 A stuck", "50 A flows", "90 A stuck", "100 A flows"}, "A a A a"},
		"it flows, and is stuck at once anew": {[]string{"40 A stuck", "45 B stuck", "50 A flows", "111 B stuck", "112 A stuck"}, "A a B"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				all := &outages{users: func(string) []string { return []string{"A", "B"} }}
				of := make(map[string]*outage)
				began := time.Now()
				for _, line := range c.met {
					var after int
					var who, what string
					_, _ = fmt.Sscan(line, &after, &who, &what)
					time.Sleep(time.Until(began.Add(time.Duration(after) * time.Second)))
					o := of[who]
					if o == nil {
						o = newOutage("root."+who, who, slog.New(slog.NewTextHandler(&log, nil)), all)
						of[who] = o
					}
					meets(o, what, strings.Contains(line, "long"), strings.Contains(line, "otherwise"))
				}
				var said []string
				for line := range strings.Lines(log.String()) {
					who := line[strings.Index(line, " id=")+4:][:1]
					if !strings.Contains(line, "level=ERROR") {
						who = strings.ToLower(who)
					}
					said = append(said, who)
				}
				if got := strings.Join(said, " "); got != c.want {
					t.Errorf("said by %s, want %s\n%s", got, c.want, log.String())
				}
			})
		})
	}
}

// meets is what a runner meets in an attempt that began a second ago.
func meets(o *outage, what string, lasts, otherwise bool) {
	begun := time.Now().Add(-time.Second)
	at := &RunError{Path: o.path + ".steps[0]", services: []string{"desk"}}
	in := working
	switch what {
	case "fails":
		at.Err = fmt.Errorf("%s: %w", o.id, api.ErrTemporary) // no two say the same
	case "models":
		at.Err, at.services = api.ErrTemporary, []string{"models"}
	case "refused":
		at.Err = fmt.Errorf("%v: %w", otherwise, api.ErrDenied)
	case "breaks":
		at.Err, at.services = errors.New("no service"), nil
	case "works":
		o.over(begun, searching, working)
		o.well(begun)
		return
	case "ends": // a run, of which only its ticket knows that it failed
		o.over(begun, searching, working)
		return
	case "searches":
		o.over(begun, searching)
		return
	case "stuck":
		o.isStuck(time.Now().Add(-40*time.Second), "desk", "nothing ends", "wait")
		return
	case "blocks":
		o.isStuck(time.Now().Add(-40*time.Second), "", "nothing ends", "wait")
		return
	case "flows":
		o.flows()
		return
	}
	var err error = at
	if lasts {
		err = &RunError{Path: o.path, Err: fmt.Errorf("a loop: %w", &LastingError{Since: begun.Add(-30 * time.Second), Err: err, Passes: true})}
	}
	o.failedSince(begun, err, 5*time.Second, in)
	if s := o.state(); lasts && s.Attempts == 1 && !s.Since.Equal(begun.Add(-30*time.Second)) {
		o.logger.Error("the time before doesn't count", "id", o.id)
	}
}

func TestAnOutageNamesWhoNeedsWhatIsOut(t *testing.T) {
	for name, c := range map[string]struct {
		users []string
		want  string
	}{
		"one":  {[]string{"A"}, ""},
		"two":  {[]string{"A", "B"}, `service=desk runners="A, B"`},
		"many": {strings.Split("ABCDEFGHIJKLM", ""), `runners="A, B, C, D, E, F, G, H, I, J, …"`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o := newOutage("root.A", "A", slog.New(slog.NewTextHandler(&log, nil)), &outages{users: func(string) []string { return c.users }})
			meets(o, "fails", false, false)
			if said := log.String(); !strings.Contains(said, c.want) || c.want == "" && strings.Contains(said, "runners=") {
				t.Errorf("said: %s", said)
			}
		})
	}
}
