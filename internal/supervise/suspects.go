package supervise

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// atWork is whose code a worker ran when it ended.
type atWork struct {
	outside []crashes.Plugin // of calls: it was opened, checked, built, started or closed; the one last begun comes first
	called  []crashes.Plugin
	at      []string // the places of the calls
}

// atWork is known by the numbers of the places at which code ran. What is said of a start holds until
// the next thing is said, and the start may be over; it is counted, too, and that is exact.
func (c *child) atWork(places []int) (w atWork) {
	for _, n := range places {
		switch m, known := c.places[n]; {
		case !known:
		case m.Life:
			w.outside = with(w.outside, *m.Plugin)
		default:
			w.called, w.at = with(w.called, *m.Plugin), append(w.at, m.At)
		}
	}
	if p := c.stage.Plugin; p != nil && (has(w.outside, *p) || !c.countsLife(*p)) {
		w.outside = with([]crashes.Plugin{*p}, w.outside...)
	}
	return w
}

// countsLife reports whether it is counted that code of a plugin runs at the present stage.
func (c *child) countsLife(p crashes.Plugin) bool {
	if c.stage.Stage != StageStarting && c.stage.Stage != StageClosing {
		return false
	}
	for _, m := range c.places {
		if m.Life && m.Plugin.SHA256 == p.SHA256 {
			return true
		}
	}
	return false
}

// only is the plugin whose code ran outside of calls and with no other beside it; else nil.
func (w atWork) only() *crashes.Plugin {
	if len(w.outside) == 1 && len(w.called) == 0 {
		return &w.outside[0]
	}
	return nil
}

// crowded reports whether code ran outside of calls, and other code beside it.
func (w atWork) crowded() bool { return len(w.outside) > 0 && w.only() == nil }

func with(list []crashes.Plugin, more ...crashes.Plugin) []crashes.Plugin {
	for _, p := range more {
		if !has(list, p) {
			list = append(list, p)
		}
	}
	return list
}

func has(list []crashes.Plugin, p crashes.Plugin) bool {
	return slices.ContainsFunc(list, func(other crashes.Plugin) bool { return other.SHA256 == p.SHA256 })
}

// suspect puts a death that left no name to the only plugin whose code ran. Where there were several,
// or none, or anyone may be guilty, it names them all.
func (s *supervisor) suspect(c *child, d *crashes.Death, w atWork, anyone bool) {
	d.Suspects, d.InTurn = with(slices.Clone(w.outside), w.called...), w.crowded()
	if d.At == "" {
		d.At = strings.Join(w.at, ", ")
	}
	switch {
	case len(w.outside) == 0 && (anyone || len(d.Suspects) == 0 && !d.Killed):
		d.Suspects = c.plugins
	case len(d.Suspects) == 1:
		d.Plugin, d.Suspects, s.history.inDoubt = &d.Suspects[0], nil, 0
		return
	}
	if !d.Killed {
		s.doubt(d, onlyUnneeded(d.Suspects))
	}
}

// doubt is for a death that may be a plugin's, which nothing proves: one of otai's own making, which
// its code may have spoiled, or one without a trace, of which it alone of all that were open
// isn't needed. That counts from the third time in a row on. p is nil where there is none.
func (s *supervisor) doubt(d *crashes.Death, p *crashes.Plugin) {
	if p == nil {
		s.history.inDoubt = 0
		return
	}
	if len(d.Suspects) == 0 {
		d.Suspects = []crashes.Plugin{*p}
	}
	if s.history.doubted(*p) >= tooOften {
		d.Plugin, d.Suspects = p, nil
	}
}

// onlyUnneeded is the only one of the plugins that nothing needs; else nil.
func onlyUnneeded(plugins []crashes.Plugin) (found *crashes.Plugin) {
	for _, p := range plugins {
		switch {
		case p.Needed:
		case found != nil:
			return nil
		default:
			found = &p
		}
	}
	return found
}
