package supervise

import (
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// moment is when code of a plugin runs.
type moment string

const (
	starts  moment = "in its Start"
	left    moment = "in a Start that was given up"
	works   moment = "in a call"
	closes  moment = "in its Close"
	nowhere moment = "not at all"
)

// endedBy is a worker that code of a ends while code of b runs, too, unless that has to start first what
// may be guilty and to begin the work afterwards.
func endedBy(a, b moment, aIsLast bool, before *crashes.Death) *child {
	guilty, other := crashes.Plugin{Name: "otai-a", SHA256: "a", Needed: true}, crashes.Plugin{Name: "otai-b", SHA256: "b", Needed: true}
	c := &child{stage: message{Stage: StageStart}, plugins: []crashes.Plugin{guilty, other}, places: map[int]message{
		0: {Life: true, Plugin: &guilty}, 1: {Life: true, Plugin: &other}, 2: {At: "steps[0]", Plugin: &guilty}, 3: {At: "steps[1]", Plugin: &other},
	}}
	if before != nil && before.InTurn {
		switch {
		case a == starts && (b != left || before.Suspects[0].Name == guilty.Name):
			b = nowhere // its turn has come before, or comes later
		case a == works || a == closes:
			c.ready = true // all have been started
			if b == starts {
				b = nowhere
			}
		}
	}
	if a == closes || a == works && b != starts && b != left || b == closes {
		c.ready = true
	}
	said := map[moment]string{starts: StageStarting, left: StageStarting, closes: StageClosing}
	say := func(m moment, p *crashes.Plugin) {
		if said[m] != "" {
			c.stage = message{Stage: said[m], At: "services." + p.Name, Plugin: p}
		}
	}
	if c.ready {
		c.stage = message{Stage: StageReady}
	}
	if aIsLast {
		say(b, &other)
	}
	say(a, &guilty)
	if !aIsLast {
		say(b, &other)
	}
	return c
}

// places are those at which it works.
func placesOf(a, b moment) (places []int) {
	for n, m := range []moment{a, b} {
		switch m {
		case starts, left, closes:
			places = append(places, n)
		case works:
			places = append(places, n+2)
		}
	}
	return places
}

func TestNoInnocentPluginIsRefusedWhateverRunsBesideIt(t *testing.T) {
	for _, a := range []moment{starts, works, closes} {
		for _, b := range []moment{starts, left, works, closes, nowhere} {
			for _, aIsLast := range []bool{true, false} {
				if b == left && !aIsLast {
					continue // what was given up has begun before
				}
				t.Run(string(a)+", and another "+string(b)+map[bool]string{true: "", false: ", which began later"}[aIsLast], func(t *testing.T) {
					s, memory := &supervisor{}, crashes.Memory{Plugins: make(map[string]*crashes.Known)}
					var before *crashes.Death
					deaths, named := 0, false
					for deaths < 5 {
						c := endedBy(a, b, aIsLast, before)
						beside := b
						if before != nil && before.InTurn && (b == starts || a == starts && b == works || b == left && a == starts) {
							beside = nowhere
						}
						d := s.death(c, ending{places: placesOf(a, beside)})
						deaths++
						named = named || d.Plugin != nil && d.Plugin.Name == "otai-a"
						known := crashes.Known{}
						if d.Plugin != nil {
							known = *memory.Of(*d.Plugin)
						}
						if v := s.history.judge(*d, known, deaths, false, Options{}); v.refuse {
							memory.Of(*d.Plugin).Refused = &crashes.Rejection{}
						}
						before = d
						if of := memory.Plugins["a"]; of != nil && of.Refused != nil {
							break
						}
					}
					if of := memory.Plugins["b"]; of != nil && of.Refused != nil {
						t.Errorf("the innocent one is refused after %d deaths", deaths)
					}
					of := memory.Plugins["a"]
					switch refused := of != nil && of.Refused != nil; {
					case a == starts && b != closes && (!refused || deaths > 2):
						t.Errorf("after %d deaths it is still opened", deaths)
					case a != starts && refused:
						t.Error("it is needed, and refused for what it did at work")
					}
					if sometimesAlone := b == nowhere || a == starts && b != closes || a == works && b == starts; sometimesAlone && !named {
						t.Errorf("it is never named, as in %+v", before)
					}
				})
			}
		}
	}
}

// What is said of a start holds until the next is said: a call after it is not a start.
func TestAStartThatIsOverIsNone(t *testing.T) {
	p, other := crashes.Plugin{Name: "otai-a", SHA256: "a", Needed: true}, crashes.Plugin{Name: "otai-b", SHA256: "b", Needed: true}
	for name, c := range map[string]struct {
		places []int
		want   atWork
	}{
		"its own call":     {[]int{2}, atWork{called: []crashes.Plugin{p}}},
		"another's call":   {[]int{3}, atWork{called: []crashes.Plugin{other}}},
		"another's start":  {[]int{1}, atWork{outside: []crashes.Plugin{other}}},
		"it isn't over":    {[]int{0, 1}, atWork{outside: []crashes.Plugin{p, other}}},
		"a call beside it": {[]int{0, 2}, atWork{outside: []crashes.Plugin{p}, called: []crashes.Plugin{p}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := endedBy(starts, nowhere, true, nil).atWork(c.places)
			if !slices.Equal(got.outside, c.want.outside) || !slices.Equal(got.called, c.want.called) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	older := endedBy(starts, nowhere, true, nil)
	delete(older.places, 0) // of a release that doesn't count starts
	if got := older.atWork(nil); !slices.Equal(got.outside, []crashes.Plugin{p}) {
		t.Errorf("%+v", got)
	}
}

// A trace names who it was: at work that is not a start, whatever is started meanwhile.
func TestACallThatATraceNamesIsNoStart(t *testing.T) {
	for name, c := range map[string]struct {
		a, b  moment
		ready bool
	}{
		"in a call beside another's start": {works, starts, true},
		"in its own start beside a call":   {starts, works, false},
		"in its own start":                 {starts, nowhere, false},
	} {
		t.Run(name, func(t *testing.T) {
			of := endedBy(c.a, c.b, true, nil)
			for n, m := range of.places {
				p := *m.Plugin
				p.Package = "example.com/" + p.SHA256
				m.Plugin = &p
				of.places[n] = m
			}
			of.plugins = []crashes.Plugin{*of.places[0].Plugin, *of.places[1].Plugin}
			d := (&supervisor{}).death(of, ending{places: placesOf(c.a, c.b), report: []byte("panic: late\n\ngoroutine 1 [running]:\nexample.com/a.F(...)\n\t/f.go:1\n")})
			if d.Plugin == nil || d.Plugin.SHA256 != "a" || d.Ready != c.ready || d.InTurn {
				t.Errorf("%+v", d)
			}
		})
	}
}
