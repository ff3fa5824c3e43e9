package decisions

import "strings"

// Written is what was done to the ticket, in a few words: fields old and new, notes. "" if
// nothing was.
func (r Record) Written() string {
	var parts []string
	for _, w := range r.Writes {
		if w.Outcome == Done {
			parts = append(parts, w.parts()...)
		}
	}
	return strings.Join(parts, ", ")
}

// Attrs are the keys and values by which a log line names a decision.
func (r Record) Attrs() []any {
	attrs := []any{"run", r.Run, "runner", r.Runner, "ticket", r.Ticket, "action", string(r.Action), "written", r.Written()}
	if r.Number != "" {
		attrs = append(attrs, "number", r.Number)
	}
	if label, confidence := r.Label(); label != "" {
		attrs = append(attrs, "label", label, "confidence", confidence)
	}
	if n := len(r.Classifications); n > 0 {
		attrs = append(attrs, "model", r.Classifications[n-1].Model)
	}
	return attrs
}
