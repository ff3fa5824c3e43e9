package config

import (
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// bounds reads what a service's writes are bounded by.
func (d decoder) bounds(f field) bounds.Bounds {
	return bounds.Bounds{Allow: d.allow(f.key("allow")), TicketsPerHour: d.ticketsPerHour(f.key("max_changes"))}
}

// said reports whether something is given. A key without a value is a mistake: a bound that
// its author began to write must not be none.
func (d decoder) said(f field, hint string) bool {
	if f.Node != nil && f.isEmpty() {
		d.diags.ReportError(f.At, f.path(), "empty-value", hint, "nothing is given here")
	}
	return !f.isEmpty()
}

func (d decoder) allow(f field) *bounds.Allow {
	if !d.said(f, "list what may be written, or remove the key: then nothing is bounded") {
		return nil
	}
	m := d.mapping(f)
	d.keys(m, vocabulary.AllowKeys)
	out := &bounds.Allow{Queues: d.values(m.key("queues")), Priorities: d.values(m.key("priorities")), States: d.values(m.key("states"))}
	if notes := m.key("notes"); d.said(notes, "write internal, or remove the key") {
		out.InternalNotes = d.oneOf(d.text(notes), notes, []string{"internal"}) != ""
	}
	return out
}

// values reads a list of names and of mappings with an id; one value stands for a list of one.
func (d decoder) values(f field) *bounds.Values {
	if !d.said(f, "list names, or write [] if none may be written; remove the key if any may") {
		return nil
	}
	out := &bounds.Values{}
	if !f.isList() {
		d.value(f, out)
		return out
	}
	for i := range f.Items {
		d.value(f.item(i), out)
	}
	return out
}

func (d decoder) value(f field, out *bounds.Values) {
	switch {
	case f.isMapping():
		id, name := f.key("id"), f.key("name")
		d.keys(f, []string{"id", "name"})
		switch {
		case id.isEmpty() == name.isEmpty():
			d.diags.ReportError(f.At, f.path(), "bad-value", "write a name, or {id: 5}; for both write two entries", "an entry is a name or an id")
		case name.isEmpty():
			out.IDs = d.plainText(id, out.IDs)
		default:
			out.Names = d.plainText(name, out.Names)
		}
	case f.isEmpty() || f.isList():
		d.wrongType(f, "a name or a mapping with id")
	default:
		if _, text := f.Value.(string); !text {
			d.diags.ReportError(f.At, f.path(), "wrong-type", "write {id: "+f.Text+`} for an id, or "`+f.Text+`" in quotes for a name`, "this is %s, it must be a name", Describe(f.Plain()))
			return
		}
		out.Names = d.plainText(f, out.Names)
	}
}

// plainText adds a text that is what it says: a bound is not to depend on a ticket, nor on
// who starts otai.
func (d decoder) plainText(f field, list []string) []string {
	text := d.text(f)
	switch {
	case strings.TrimSpace(text) == "":
		d.diags.ReportError(f.At, f.path(), "bad-value", "write the name as the help desk has it", "a name is empty")
	case jinja.HasTemplate(text), strings.Contains(text, "${"):
		d.diags.ReportError(f.At, f.path(), "bad-value", "write the name itself", "bounds have neither variables nor templates")
	}
	return append(list, text)
}

func (d decoder) ticketsPerHour(f field) int {
	if !d.said(f, "write { tickets_per_hour: 100 }, or remove the key") {
		return 0
	}
	m := d.mapping(f)
	d.keys(m, vocabulary.MaxChangesKeys)
	n := m.key("tickets_per_hour")
	if m.Node != nil && n.isEmpty() {
		d.diags.ReportError(m.At, m.path(), "missing-key", "write tickets_per_hour: 100", "tickets_per_hour is missing")
		return 0
	}
	if m.Node == nil {
		return 0
	}
	number, err := strconv.Atoi(n.Text) // of a variable it is a text
	switch {
	case err != nil:
		d.wrongType(n, "a whole number")
	case number < 1:
		d.diags.ReportError(n.At, n.path(), "bad-value", "write 1 at least; `otai runs pause` lets nothing be changed", "%s is not a number of tickets", n.Text)
	default:
		return number
	}
	return 0
}
