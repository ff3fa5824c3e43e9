package supervise

import (
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

func TestWhatFollowsFromADeath(t *testing.T) {
	var (
		plugin  = &crashes.Plugin{Name: "otai-words"}
		needed  = &crashes.Plugin{Name: "otai-words", Needed: true}
		worked  = crashes.Known{Ready: time.Now()}
		unknown = crashes.Known{}
	)
	for name, c := range map[string]struct {
		before history
		death  crashes.Death
		known  crashes.Known
		within int
		well   bool
		o      Options
		want   outcome
	}{
		"the first one of nobody":                     {want: outcome{}},
		"the second":                                  {before: history{deaths: 1, row: 1}, want: outcome{pause: time.Second}},
		"the third":                                   {before: history{deaths: 2, row: 2}, want: outcome{pause: 2 * time.Second}},
		"the seventh":                                 {before: history{deaths: 6, row: 6}, want: outcome{pause: 32 * time.Second}},
		"the hundredth":                               {before: history{deaths: 99, row: 99}, want: outcome{pause: time.Minute}},
		"after a minute of work":                      {before: history{deaths: 9, row: 9}, well: true, want: outcome{}},
		"before the work, a plugin that is new":       {death: crashes.Death{Plugin: needed}, known: unknown, within: 1, want: outcome{refuse: true}},
		"before the work, nothing needs it":           {death: crashes.Death{Plugin: plugin}, known: worked, within: 1, want: outcome{refuse: true}},
		"before the work, it is needed and worked":    {death: crashes.Death{Plugin: needed}, known: worked, within: 1, want: outcome{}},
		"again, it is needed and worked":              {before: history{deaths: 1, row: 1}, death: crashes.Death{Plugin: needed}, known: worked, within: 2, want: outcome{pause: time.Second}},
		"before the work, by SIGKILL from outside":    {death: crashes.Death{Plugin: needed, Killed: true}, known: unknown, want: outcome{}},
		"at work, nothing needs it, twice an hour":    {before: history{deaths: 1, row: 1}, death: crashes.Death{Plugin: plugin, Ready: true}, known: worked, within: 2, want: outcome{pause: time.Second}},
		"at work, nothing needs it, thrice an hour":   {before: history{deaths: 2, row: 2}, death: crashes.Death{Plugin: plugin, Ready: true}, known: worked, within: 3, want: outcome{refuse: true}},
		"at work, it is needed, thrice an hour":       {before: history{deaths: 2, row: 2}, death: crashes.Death{Plugin: needed, Ready: true}, known: worked, within: 3, want: outcome{pause: 2 * time.Second}},
		"a command that ends by itself":               {o: Options{Once: true}, want: outcome{}},
		"a command that ends by itself, second":       {before: history{deaths: 1, row: 1}, o: Options{Once: true}, want: outcome{end: true, pause: time.Second}},
		"a command that ends by itself, after a time": {before: history{deaths: 1, row: 1}, well: true, o: Options{Once: true}, want: outcome{end: true}},
		"one that answers, before it does":            {o: Options{Once: true, Answers: true}, want: outcome{}},
		"one that answers, while it does":             {death: crashes.Death{Ready: true}, o: Options{Once: true, Answers: true}, want: outcome{end: true}},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.before
			if got := h.judge(c.death, c.known, c.within, c.well, c.o); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheNextDeathAfterAPluginWasRefusedIsAFirstOne(t *testing.T) {
	h := history{deaths: 5, row: 5}
	h.judge(crashes.Death{Plugin: &crashes.Plugin{}}, crashes.Known{}, 1, false, Options{})
	if v := h.judge(crashes.Death{}, crashes.Known{}, 0, false, Options{}); v.pause != 0 {
		t.Errorf("a pause of %v", v.pause)
	}
}

func TestSIGKILLAtTheOpeningOfOneFileCountsFromTheThirdInARowOn(t *testing.T) {
	for name, c := range map[string]struct {
		stages []string
		files  []string
		worked bool
		want   bool
	}{
		"thrice at one file":              {[]string{StageOpening, StageOpening, StageOpening}, []string{"a", "a", "a"}, false, true},
		"thrice, and another in between":  {[]string{StageOpening, StageOpening, StageOpening}, []string{"a", "b", "a"}, false, false},
		"thrice, not at the opening":      {[]string{StageStarting, StageStarting, StageStarting}, []string{"a", "a", "a"}, false, false},
		"thrice, one that worked already": {[]string{StageOpening, StageOpening, StageOpening}, []string{"a", "a", "a"}, true, false},
		"twice":                           {[]string{StageOpening, StageOpening}, []string{"a", "a"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var h history
			var v outcome
			known := crashes.Known{}
			if c.worked {
				known.Ready = time.Now()
			}
			for n, stage := range c.stages {
				v = h.judge(crashes.Death{Killed: true, Stage: stage, Plugin: &crashes.Plugin{SHA256: c.files[n], Needed: true}}, known, 0, false, Options{})
			}
			if v.refuse != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

// otai's own crash is put down to nobody, but for the third in a row while one and the same file is
// dealt with: its code may have spoiled what otai's meets with.
func TestACrashOfOtaisOwnCodeIsPutDownToAPluginFromTheThirdInARowOn(t *testing.T) {
	const own = "panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\ngithub.com/open-ticket-ai/otai/pkg/registry.(*Registry).Add(...)\n\t/registry.go:1\n"
	const nobody = "SIGSEGV: segmentation violation\n\ngoroutine 1 [running]:\nexample.com/other.F(...)\n\t/f.go:1\n"
	for name, c := range map[string]struct {
		reports, files []string
		want           string // the file of the plugin that the last one is put down to
		suspects       int
	}{
		"once":                                {[]string{own}, []string{"a"}, "", 1},
		"twice":                               {[]string{own, own}, []string{"a", "a"}, "", 1},
		"thrice":                              {[]string{own, own, own}, []string{"a", "a", "a"}, "a", 0},
		"thrice, and another file in between": {[]string{own, own, own, own}, []string{"a", "a", "b", "a"}, "", 1},
		"thrice, and another death between":   {[]string{own, own, nobody, own}, []string{"a", "a", "a", "a"}, "", 1},
		"while no file is dealt with":         {[]string{own, own, own}, []string{"", "", ""}, "", 0},
		"another death is the file's at once": {[]string{nobody}, []string{"a"}, "a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &supervisor{}
			var d *crashes.Death
			for n, report := range c.reports {
				of := &child{pid: 1, stage: message{Stage: StageOpening}}
				if file := c.files[n]; file != "" {
					of.stage.Plugin = &crashes.Plugin{Name: "otai-" + file, SHA256: file, Package: "example.com/" + file}
				}
				d = s.death(of, ending{report: []byte(report)})
			}
			got := ""
			if d.Plugin != nil {
				got = d.Plugin.SHA256
			}
			if got != c.want || len(d.Suspects) != c.suspects {
				t.Errorf("it is put down to %q, suspects are %v", got, d.Suspects)
			}
		})
	}
}

// Without a trace nobody knows which of the plugins it was. The only one that nothing needs costs
// nobody anything, so it is left out at the third death in a row.
func TestOfSeveralThatMayHaveDoneItTheOneThatNothingNeedsIsLeftOut(t *testing.T) {
	needed, spare, other := crashes.Plugin{SHA256: "needed", Needed: true}, crashes.Plugin{SHA256: "spare"}, crashes.Plugin{SHA256: "other"}
	for name, c := range map[string]struct {
		plugins []crashes.Plugin
		deaths  int
		well    bool // in between
		killed  bool
		refused bool
	}{
		"thrice":                         {[]crashes.Plugin{needed, spare}, 3, false, false, true},
		"twice":                          {[]crashes.Plugin{needed, spare}, 2, false, false, false},
		"long work in between":           {[]crashes.Plugin{needed, spare}, 3, true, false, false},
		"two that nothing needs":         {[]crashes.Plugin{needed, spare, other}, 3, false, false, false},
		"all are needed":                 {[]crashes.Plugin{needed, {SHA256: "too", Needed: true}}, 3, false, false, false},
		"thrice by SIGKILL from outside": {[]crashes.Plugin{needed, spare}, 3, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &supervisor{}
			var v outcome
			var d *crashes.Death
			for range c.deaths {
				of := &child{plugins: c.plugins, ready: true, readyAt: time.Now()}
				if c.well {
					of.readyAt = of.readyAt.Add(-wellFor)
				}
				e := ending{}
				if c.killed {
					e.status = 9 // as wait(2) has it
				}
				d = s.death(of, e)
				d.Ready = true
				v = s.history.judge(*d, crashes.Known{Ready: time.Now()}, 1, c.well, Options{})
			}
			if v.refuse != c.refused || c.refused && d.Plugin.SHA256 != "spare" {
				t.Errorf("%+v of %+v", v, d)
			}
		})
	}
}

// A worker that was stopped goes on at SIGCONT, and its step may have ended before it dies.
func TestAFrozenWorkersPlacesAreThoseOfWhenItWasGivenUp(t *testing.T) {
	of := &child{givenUp: "since it no longer reported that it works", stuck: []int{3}, places: map[int]message{3: {At: "steps[0]", Plugin: &crashes.Plugin{SHA256: "a"}}}}
	if d := (&supervisor{}).death(of, ending{}); d.Plugin == nil || d.Plugin.SHA256 != "a" || d.At != "steps[0]" {
		t.Errorf("%+v", d)
	}
}
