package decisions

import (
	"strconv"
	"strings"
	"time"
)

// Columns are the columns of a table of records. Later releases add columns behind them.
func Columns() []string {
	return []string{
		"time", "run", "end", "runner", "host", "system", "ticket", "number", "action", "step", "reason", "label", "confidence",
		"model", "revision", "sha256", "truncated", "old_queue", "new_queue", "old_priority", "new_priority", "old_state", "new_state",
		"other_fields", "notes", "outcome", "at", "config", "title",
	}
}

// Row is the record as a row of such a table. Of several writes it has the first old and the
// last new value of each field.
func (r Record) Row() []string {
	label, confidence := r.Label()
	certainty := ""
	if label != "" {
		certainty = number(confidence)
	}
	model, truncated := Classification{}, ""
	if n := len(r.Classifications); n > 0 {
		model = r.Classifications[n-1]
		truncated = strconv.FormatBool(model.Truncated)
	}
	before, after := r.Changes()
	of := func(values map[string]Value, name string) string {
		if v, ok := values[name]; ok && v != (Value{}) {
			return v.String()
		}
		return ""
	}
	var others, outcomes, places []string
	for _, name := range sorted(after) {
		if name != Queue && name != Priority && name != State {
			others = append(others, name)
		}
	}
	notes := 0
	for _, w := range r.Writes {
		notes += w.Note
		outcomes = add(outcomes, string(w.Outcome))
		places = add(places, w.At)
	}
	row := []string{
		r.Time.UTC().Format(time.RFC3339Nano), r.Run, strconv.Itoa(r.End), r.Runner, r.Host, r.System, r.Ticket, r.Number, string(r.Action), r.Step, r.Reason,
		label, certainty, model.Model, model.Revision, model.SHA256, truncated,
		of(before, Queue), of(after, Queue), of(before, Priority), of(after, Priority), of(before, State), of(after, State),
		strings.Join(others, " "), strconv.Itoa(notes), strings.Join(outcomes, ", "), strings.Join(places, " "), r.Config, r.Title,
	}
	for i := range row {
		row[i] = inert(row[i])
	}
	return row
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Changes are the fields that the record's writes changed: as the first of them found a
// field and as the last one left it. What is in doubt isn't among them.
func (r Record) Changes() (before, after map[string]Value) {
	before, after = make(map[string]Value), make(map[string]Value)
	for _, w := range r.Writes {
		if w.Outcome != Done {
			continue
		}
		for name, v := range w.New {
			if _, had := after[name]; !had {
				if old, known := w.Old[name]; known {
					before[name] = old
				}
			}
			after[name] = v
		}
	}
	return before, after
}

func add(list []string, text string) []string {
	for _, had := range list {
		if had == text {
			return list
		}
	}
	if text == "" {
		return list
	}
	return append(list, text)
}

// number writes a confidence, without digits that say nothing.
func number(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }
