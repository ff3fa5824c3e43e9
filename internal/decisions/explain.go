package decisions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Explain is the record in plain sentences, one a line. The first line says when, who and
// what. at writes a time.
func (r Record) Explain(at func(time.Time) string) []string {
	lines := []string{fmt.Sprintf("%s, runner %s: %s.", at(r.Time), orWord(r.Runner, "(none)"), r.Action.sentence())}
	if r.Reason != "" {
		where := ""
		if r.Step != "" {
			where = " (step " + r.Step + ")"
		}
		lines = append(lines, "The reason"+where+": "+strings.TrimRight(r.Reason, ".")+".")
	}
	if text := r.Read.sentence(); text != "" {
		lines = append(lines, text)
	}
	for _, c := range r.Classifications {
		lines = append(lines, c.sentence())
	}
	for _, p := range r.Pipes {
		lines = append(lines, p.sentence())
	}
	for _, w := range r.Writes {
		lines = append(lines, w.sentence())
	}
	versions := ""
	for _, name := range sorted(r.Versions) {
		versions += ", " + name + " " + r.Versions[name]
	}
	return append(lines, fmt.Sprintf("This was run %s on %s, by the configuration %s%s.", r.Run, orWord(r.Host, "an unknown machine"), orWord(r.Config, "(unknown)"), versions))
}

func (a Action) sentence() string {
	switch a {
	case Applied:
		return "the ticket was changed"
	case Suggested:
		return "a change was suggested in a note, and nothing else was changed"
	case Refused:
		return "the run was given up after it was refused, and isn't tried again by itself"
	case Left:
		return "the ticket was left as it was"
	case Overtaken:
		return "somebody changed the ticket first, so nothing was written"
	case Gone:
		return "the ticket was merged, or can't be read any more"
	case Canceled:
		return "a person gave the run up"
	case Reverted:
		return "what otai had written was put back"
	case Settled:
		return "a write of which nothing was known turned out to be done"
	}
	return string(a)
}

func (r Read) sentence() string {
	var parts []string
	for _, of := range []struct {
		name  string
		value *Value
	}{{"in the queue", r.Queue}, {"with the priority", r.Priority}, {"in the state", r.State}} {
		if of.value != nil {
			parts = append(parts, of.name+" "+of.value.String())
		}
	}
	if r.Lock != "" {
		parts = append(parts, "with the lock "+r.Lock)
	}
	if len(parts) == 0 {
		return ""
	}
	return "It was read " + listed(parts) + "."
}

func (c Classification) sentence() string {
	model := orWord(c.Model, "The model of the service")
	if c.Model != "" {
		model = "The model " + model
	}
	var which []string
	if c.Revision != "" {
		which = append(which, "revision "+short(c.Revision))
	}
	if c.SHA256 != "" {
		which = append(which, "sha256 "+short(c.SHA256))
	}
	if len(which) > 0 {
		model += " (" + strings.Join(which, ", ") + ")"
	}
	text := fmt.Sprintf("%s said %s with a confidence of %s", model, c.Label, number(c.Confidence))
	var next []string
	for _, s := range c.Scores {
		if s.Label != c.Label {
			next = append(next, s.Label+" "+number(s.Confidence))
		}
	}
	if len(next) > 0 {
		text += "; then came " + listed(next)
	}
	text += place(c.Step, c.At) + "."
	if c.Truncated {
		text += " The text was longer than the model can read."
	}
	return text
}

func (p Pipe) sentence() string {
	verb := map[Action]string{Applied: "decided to apply", Suggested: "decided to suggest", Left: "decided to leave the ticket"}[p.Action]
	if verb == "" {
		verb = "decided: " + string(p.Action)
	}
	var target []string
	for _, name := range sorted(p.Target) {
		target = append(target, name+" "+p.Target[name].String())
	}
	text := "The pipe " + verb
	if len(target) > 0 {
		text += ": " + listed(target)
	}
	if p.Label != "" {
		text += fmt.Sprintf(" for %s at %s", p.Label, number(p.Confidence))
	}
	text += place(p.Step, p.At)
	if p.Reason != "" {
		text += ": " + strings.TrimRight(p.Reason, ".")
	}
	return text + "."
}

// parts are the fields that it wrote, old and new, and its notes.
func (w Write) parts() []string {
	var parts []string
	for _, name := range sorted(w.New) {
		old := "(unknown)"
		if v, ok := w.Old[name]; ok {
			old = v.String()
		}
		parts = append(parts, fmt.Sprintf("%s %s → %s", name, old, w.New[name]))
	}
	switch {
	case w.Note == 1:
		parts = append(parts, "one note")
	case w.Note > 1:
		parts = append(parts, fmt.Sprintf("%d notes", w.Note))
	}
	return parts
}

func (w Write) sentence() string {
	what := listed(w.parts())
	switch {
	case w.Operation == "once" && w.Outcome == Done:
		return "A step that isn't repeated was carried out" + place(w.Step, w.At) + "."
	case w.Operation == "once":
		return "Nobody knows whether a step that isn't repeated was carried out" + place(w.Step, w.At) + "."
	case w.Outcome == InDoubt:
		return "Nobody knows whether this was written: " + orWord(what, "something") + place(w.Step, w.At) + "."
	case w.Operation == "create":
		return "Made this ticket: " + orWord(what, "without further fields") + place(w.Step, w.At) + "."
	}
	return "Written: " + orWord(what, "nothing that changed a field") + place(w.Step, w.At) + "."
}

// place says which step it was, and where it stands.
func place(step, at string) string {
	switch {
	case step != "" && at != "":
		return " (step " + step + ", " + at + ")"
	case step+at != "":
		return " (" + strings.TrimSpace(step+at) + ")"
	}
	return ""
}

// short is enough of a long sum for people.
func short(sum string) string {
	if len(sum) > 12 {
		return sum[:12] + "…"
	}
	return sum
}

func listed(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func orWord(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

func sorted[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
