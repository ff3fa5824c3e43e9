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
		once   bool
		want   outcome
	}{
		"the first one of nobody":                     {want: outcome{}},
		"the second":                                  {before: history{1, 1}, want: outcome{pause: time.Second}},
		"the third":                                   {before: history{2, 2}, want: outcome{pause: 2 * time.Second}},
		"the seventh":                                 {before: history{6, 6}, want: outcome{pause: 32 * time.Second}},
		"the hundredth":                               {before: history{99, 99}, want: outcome{pause: time.Minute}},
		"after a minute of work":                      {before: history{9, 9}, well: true, want: outcome{}},
		"before the work, a plugin that is new":       {death: crashes.Death{Plugin: needed}, known: unknown, within: 1, want: outcome{refuse: true}},
		"before the work, nothing needs it":           {death: crashes.Death{Plugin: plugin}, known: worked, within: 1, want: outcome{refuse: true}},
		"before the work, it is needed and worked":    {death: crashes.Death{Plugin: needed}, known: worked, within: 1, want: outcome{}},
		"again, it is needed and worked":              {before: history{1, 1}, death: crashes.Death{Plugin: needed}, known: worked, within: 2, want: outcome{pause: time.Second}},
		"before the work, by SIGKILL from outside":    {death: crashes.Death{Plugin: needed, Killed: true}, known: unknown, want: outcome{}},
		"at work, nothing needs it, twice an hour":    {before: history{1, 1}, death: crashes.Death{Plugin: plugin, Ready: true}, known: worked, within: 2, want: outcome{pause: time.Second}},
		"at work, nothing needs it, thrice an hour":   {before: history{2, 2}, death: crashes.Death{Plugin: plugin, Ready: true}, known: worked, within: 3, want: outcome{refuse: true}},
		"at work, it is needed, thrice an hour":       {before: history{2, 2}, death: crashes.Death{Plugin: needed, Ready: true}, known: worked, within: 3, want: outcome{pause: 2 * time.Second}},
		"a command that ends by itself":               {once: true, want: outcome{}},
		"a command that ends by itself, second":       {before: history{1, 1}, once: true, want: outcome{end: true, pause: time.Second}},
		"a command that ends by itself, after a time": {before: history{1, 1}, well: true, once: true, want: outcome{end: true}},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.before
			if got := h.judge(c.death, c.known, c.within, c.well, c.once); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheNextDeathAfterAPluginWasRefusedIsAFirstOne(t *testing.T) {
	h := history{5, 5}
	h.judge(crashes.Death{Plugin: &crashes.Plugin{}}, crashes.Known{}, 1, false, false)
	if v := h.judge(crashes.Death{}, crashes.Known{}, 0, false, false); v.pause != 0 {
		t.Errorf("a pause of %v", v.pause)
	}
}
