package supervise

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// DiedError is the end of a command whose worker died, and isn't replaced.
type DiedError struct {
	Death   crashes.Death
	Stopped bool // it was to stop
	Deaths  int  // in all
}

func (e *DiedError) Error() string {
	text := "the worker process died"
	if e.Stopped {
		text += " while it was to stop"
	} else {
		text += times(e.Deaths)
	}
	return text + how(e.Death)
}

// how says how a worker died, behind that it did.
func how(d crashes.Death) string {
	text := " by " + d.How + ", " + where(d)
	if p := d.Plugin; p != nil {
		text += fmt.Sprintf("; it is put down to the plugin %s (%s)", p.Name, p.Path)
	} else if suspects := names(d.Suspects); len(suspects) > 0 {
		text += "; it may have been one of the plugins " + strings.Join(suspects, ", ")
	}
	if reason := crashes.ShareReason(d.Cause); reason != "" { // nobody here knows what is secret
		text += "; " + reason
	}
	switch {
	case d.Trace != "":
		text += "; its trace is in " + d.Trace
	case d.Cause != "":
		text += "; no trace of it is kept, as `otai run` keeps one"
	}
	return text
}

// times says how often, if that is why the command ends.
func times(deaths int) string {
	if deaths < 2 {
		return ""
	}
	return " twice, so the command ends; the last time"
}

func names(plugins []crashes.Plugin) []string {
	list := make([]string, len(plugins))
	for i, p := range plugins {
		list[i] = p.Name + " (" + p.Path + ")"
	}
	return list
}

// where says what the worker did.
func where(d crashes.Death) string {
	if d.At == "" {
		return "while " + d.Stage
	}
	return fmt.Sprintf("while %s %s", d.Stage, d.At)
}

// death is that of a worker, with whom it is put down to.
func (s *supervisor) death(c *child, e ending) *crashes.Death {
	d := &crashes.Death{
		Time: time.Now(), Pid: c.pid, Frozen: c.givenUp != "", Stage: c.stage.Stage, At: c.stage.At, Trace: c.trace,
	}
	switch {
	case e.status.Signaled():
		d.How = "signal: " + e.status.Signal().String()
		d.Killed = e.status.Signal() == unix.SIGKILL && c.givenUp == ""
	default:
		d.How = fmt.Sprintf("exit status %d", e.status.ExitStatus())
	}
	if c.givenUp != "" {
		d.How += ", " + c.givenUp
	}
	known := slices.Concat(c.plugins, c.met)
	if p := c.stage.Plugin; p != nil {
		known = append(known, *p)
	}
	reading := crashes.Name(bytes.NewReader(e.report), d.Frozen, known) // where no trace is kept
	if file, err := d.Open(); err == nil {
		reading = crashes.Name(file, d.Frozen, known)
		_ = file.Close()
	}
	first, _, _ := strings.Cut(string(e.report), "\n")
	d.Cause, d.Frame, d.Plugin = cmp.Or(first, reading.Cause), reading.Frame, reading.Plugin
	if c.well() {
		s.history.inDoubt = 0 // the next one is a first one again
	}
	w := c.atWork(slices.Compact(slices.Sorted(slices.Values(slices.Concat(e.places, c.stuck)))))
	d.Ready = c.ready || len(w.called) > 0 && (d.Plugin == nil || !has(w.outside, *d.Plugin))
	switch {
	case d.Plugin != nil:
		s.history.inDoubt = 0
	case reading.Own:
		s.doubt(d, w.only())
		d.InTurn = w.crowded()
	default:
		// What may call what in the system was set before, and not by who calls now.
		s.suspect(c, d, w, e.status.Signaled() && e.status.Signal() == unix.SIGSYS)
	}
	d.InTurn = !c.ready && d.InTurn && !d.Killed
	return d
}

// well reports whether the worker had done its work for long.
func (c *child) well() bool { return c.ready && time.Since(c.readyAt) >= wellFor }

// mostUnsaid is of how many deaths in a row a worker hears beside the last one.
const mostUnsaid = 16

// settle notes a death, decides what follows from it, and says so.
func (s *supervisor) settle(c *child, d *crashes.Death) (v outcome) {
	well := c.well()
	before := s.history
	decide := func(m *crashes.Memory) {
		known, within := crashes.Known{}, 0
		if d.Plugin != nil {
			of := m.Of(*d.Plugin)
			if known = *of; !d.Killed {
				within = of.Died(d.Time)
			}
		}
		s.history = before
		if v = s.history.judge(*d, known, within, well, s.Options); v.refuse {
			m.Of(*d.Plugin).Refused = &crashes.Rejection{Time: d.Time, How: d.How, Stage: d.Stage, At: d.At, Trace: d.Trace}
		}
		if v.end || s.asked != 0 {
			return
		}
		m.Restarts++
		if d.Plugin != nil && !d.Killed {
			m.Of(*d.Plugin).Restarts++
		}
	}
	unkept := s.keep(d, decide)
	if unkept != nil {
		if decide(&crashes.Memory{Plugins: make(map[string]*crashes.Known)}); v.refuse {
			// Nothing will keep the next worker from opening it, but what it hears of this death.
			d.Refused = s.folder == ""
			v.refuse, v.pause = false, pauseAfter(s.history.deaths)
		}
	}
	switch {
	case s.replaced == nil || c.stage.Stage != StageOpening:
		s.unsaid = nil
	case len(s.replaced.Cause) < maxMessage/(2*mostUnsaid) && len(s.unsaid) < mostUnsaid:
		// The worker that was to say why has died before it could.
		before := *s.replaced
		before.Suspects = nil
		s.unsaid = append(s.unsaid, before)
	}
	s.replaced = d
	s.View.change(func(v *Snapshot) { v.Restarts, v.Death = v.Restarts+1, d })
	s.report(*d, v, unkept)
	return v
}

var errNoFolder = errors.New("this command keeps nothing in the state folder")

// keep writes down a death and what is decided of it.
func (s *supervisor) keep(d *crashes.Death, decide func(*crashes.Memory)) error {
	if s.folder == "" {
		return errNoFolder
	}
	return errors.Join(crashes.Keep(s.folder, d), crashes.Change(s.folder, decide))
}

// report logs a death. The line has nothing of the trace: what is secret there, only a worker
// knows, and the next one says why this one died.
func (s *supervisor) report(d crashes.Death, v outcome, unkept error) {
	attrs := []any{"how", d.How, "stage", d.Stage}
	if d.At != "" {
		attrs = append(attrs, "at", d.At)
	}
	if d.Plugin != nil {
		attrs = append(attrs, "plugin", d.Plugin.Name, "file", d.Plugin.Path)
	}
	if len(d.Suspects) > 0 {
		attrs = append(attrs, "one_of", names(d.Suspects))
	}
	if d.Trace != "" {
		attrs = append(attrs, "trace", d.Trace)
	}
	switch {
	case unkept == nil && d.Plugin != nil && s.Report != nil:
		attrs = append(attrs, "report", s.Report(d.Plugin.Name))
	case unkept != nil && s.folder != "":
		attrs = append(attrs, "err", unkept.Error())
	}
	if v.end || s.asked != 0 {
		return // the error says it all
	}
	attrs = append(attrs, "pause", v.pause)
	if v.refuse {
		s.log().Error("the worker process died and is started again without the plugin that it is put down to", attrs...)
		return
	}
	s.log().Error("the worker process died and is started again", attrs...)
}
