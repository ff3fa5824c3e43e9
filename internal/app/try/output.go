package try

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/report"
	"github.com/open-ticket-ai/otai/internal/trial"
)

// formats are those of a report, by the ending of its file.
var formats = map[string]func(*Result, io.Writer) error{
	".html":  (*Result).html,
	".htm":   (*Result).html,
	".csv":   (*Result).csv,
	".jsonl": (*Result).lines,
}

// CheckOutput says whether a report can have this name.
func CheckOutput(name string) error {
	if formats[strings.ToLower(filepath.Ext(name))] == nil {
		return fmt.Errorf("the report %q must end in .html, .csv or .jsonl, which says what it is", name)
	}
	return nil
}

// WriteFile makes the report's file, in the format that its name asks for. Its owner alone may
// read it.
func (r *Result) WriteFile(name string) error {
	if err := CheckOutput(name); err != nil {
		return err
	}
	var content bytes.Buffer
	err := formats[strings.ToLower(filepath.Ext(name))](r, &content)
	if err == nil {
		err = files.ReplacePrivate(name, content.Bytes())
	}
	if err != nil {
		return fmt.Errorf("the report %s: %w", name, err)
	}
	return nil
}

// lines writes a prediction a line, in the keys of a decision record.
func (r *Result) lines(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, p := range r.Predictions {
		p.Record = p.Complete()
		if err := e.Encode(p); err != nil {
			return err
		}
	}
	return nil
}

// csvColumns are the columns of the table, and what is in them.
var csvColumns = []struct {
	name string
	of   func(p trial.Prediction) string
}{
	{"number", func(p trial.Prediction) string { return cmp.Or(p.Number, p.Ticket) }},
	{"ticket", func(p trial.Prediction) string { return p.Ticket }},
	{"link", func(p trial.Prediction) string { return p.Link }},
	{"runner", func(p trial.Prediction) string { return p.Runner }},
	{"action", func(p trial.Prediction) string { return string(p.Action) }},
	{"label", func(p trial.Prediction) string { label, _ := p.Label(); return label }},
	{"confidence", confidence},
	{"old_queue", old(decisions.Queue)},
	{"new_queue", wanted(decisions.Queue)},
	{"old_priority", old(decisions.Priority)},
	{"new_priority", wanted(decisions.Priority)},
	{"old_state", old(decisions.State)},
	{"new_state", wanted(decisions.State)},
	{"notes", func(p trial.Prediction) string { return strconv.Itoa(notes(p)) }},
	{"step", func(p trial.Prediction) string { return p.Step }},
	{"reason", func(p trial.Prediction) string { return p.Reason }},
	{"not_judged", func(p trial.Prediction) string { return strings.Join(p.NotJudged, " ") }},
}

func (r *Result) csv(out io.Writer) error {
	w := csv.NewWriter(out)
	var row []string
	for _, c := range csvColumns {
		row = append(row, c.name)
	}
	if r.Titles {
		row = append(row, "title")
	}
	row = append(row, "suggested")
	if err := w.Write(row); err != nil {
		return err
	}
	for _, p := range r.Predictions {
		row = row[:0]
		for _, c := range csvColumns {
			row = append(row, harmless(c.of(p)))
		}
		if r.Titles {
			row = append(row, harmless(p.Title))
		}
		row = append(row, harmless(strings.Join(suggestions(p), "; ")))
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func confidence(p trial.Prediction) string {
	label, c := p.Label()
	if label == "" {
		return ""
	}
	return strconv.FormatFloat(c, 'f', 4, 64)
}

// old is a field as it was before the first write, wanted as it is after the last one.
func old(field string) func(trial.Prediction) string {
	return func(p trial.Prediction) string {
		for _, w := range p.Writes {
			if v, ok := w.Old[field]; ok {
				return v.String()
			}
		}
		read := map[string]*decisions.Value{decisions.Queue: p.Read.Queue, decisions.Priority: p.Read.Priority, decisions.State: p.Read.State}[field]
		if read == nil {
			return ""
		}
		return read.String()
	}
}

func wanted(field string) func(trial.Prediction) string {
	return func(p trial.Prediction) string {
		text := ""
		for _, w := range p.Writes {
			if v, ok := w.New[field]; ok && w.Operation != "create" {
				text = v.String()
			}
		}
		return text
	}
}

func notes(p trial.Prediction) (n int) {
	for _, w := range p.Writes {
		n += w.Note
	}
	return n
}

// changes says in a few words what would be written.
func changes(p trial.Prediction) string {
	var all []string
	if proposed := suggestions(p); len(proposed) > 0 {
		all = append(all, "suggested: "+strings.Join(proposed, ", "))
	}
	for _, w := range p.Writes {
		for _, name := range inOrder(w.New) {
			switch was, known := w.Old[name]; {
			case w.Operation == "create":
				all = append(all, "new ticket: "+name+" "+w.New[name].String())
			case known:
				all = append(all, fmt.Sprintf("%s: %s → %s", name, was, w.New[name]))
			default:
				all = append(all, fmt.Sprintf("%s: → %s", name, w.New[name]))
			}
		}
		switch {
		case w.Note == 1:
			all = append(all, "a note")
		case w.Note > 1:
			all = append(all, fmt.Sprintf("%d notes", w.Note))
		}
	}
	return strings.Join(all, "; ")
}

// suggestions are what a note would propose, a field each.
func suggestions(p trial.Prediction) (all []string) {
	proposed := suggested(p)
	for _, name := range inOrder(proposed) {
		all = append(all, name+": → "+proposed[name].String())
	}
	return all
}

func inOrder(fields map[string]decisions.Value) []string {
	names := slices.Sorted(maps.Keys(fields))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func rank(field string) int {
	i := slices.Index([]string{decisions.Queue, decisions.Priority, decisions.State, decisions.Owner}, field)
	if i < 0 {
		return 9
	}
	return i
}

func (r *Result) html(out io.Writer) error { return r.Report().HTML(out) }

// Report is the result, to be laid out.
func (r *Result) Report() report.Report {
	d := report.Report{
		Title: "What otai would do",
		Lead: []string{
			fmt.Sprintf("Tried over %s, on %s in %s.", r.From, r.Began.Format("2006-01-02 15:04"), time.Duration(r.Seconds*float64(time.Second)).Round(100*time.Millisecond)),
			"Nothing was written. Each ticket counts as free: what a running otai has already done with it is not looked at, and max_changes and pauses are not judged.",
		},
		Facts: []report.Fact{
			{Name: "tickets looked at", Value: strconv.Itoa(r.Tickets)},
			{Name: "found by a runner", Value: strconv.Itoa(r.Predicted)},
		},
		Foot: []string{"otai " + r.Version + ", configuration " + strings.Join(r.Config, ", ")},
	}
	if b := r.Bounded; b != nil {
		d.Lead = append(d.Lead, fmt.Sprintf("Of the %d tickets that would be changed only %d would be within an hour, by max_changes of %s; the runner that wants to change a further one would pause until `otai runs resume`.", b.Tickets, b.TicketsPerHour, b.Service))
	}
	if len(r.turns) > 1 {
		d.Lead = append(d.Lead, fmt.Sprintf("A ticket that several searches find went by the order of the configuration: %s. In otai run they work beside each other, and the one whose search comes first gets it first.", strings.Join(r.turns, ", ")))
	}
	if r.Closed {
		d.Lead = append(d.Lead, "Closed tickets were tried as if they were open: what the searches say about states was left out.")
	}
	if r.Stopped {
		d.Lead = append(d.Lead, "It was stopped before its end: what follows is what was tried until then.")
	}
	if r.Tickets == 0 && !r.Stopped {
		d.Lead = append(d.Lead, "There was no ticket to try: these queues have none, or the agent may not read them, which otai doctor says.")
	}
	for _, a := range r.Actions {
		d.Facts = append(d.Facts, report.Fact{Name: a.Name, Value: strconv.Itoa(a.Count)})
	}
	d.Parts = []string{string(decisions.Applied), string(decisions.Suggested), string(decisions.Refused), string(decisions.Left), string(trial.NotTried), string(trial.Failed)}
	d.Charts = r.charts()
	d.Tables = r.tables()
	return d
}

const mostBars = 12

func (r *Result) charts() []report.Chart {
	runners := report.Chart{Title: "Runners", Unit: "tickets by what would be done with them"}
	for _, t := range r.Runners {
		bar := report.Bar{Label: t.Runner}
		for _, a := range r.Actions { // in one order in all bars
			bar.Parts = append(bar.Parts, report.Part{Name: a.Name, Count: float64(t.Actions.of(a.Name))})
		}
		runners.Bars = append(runners.Bars, bar)
	}
	moves := report.Chart{Title: "Queues", Unit: "tickets from one to another"}
	rest := 0
	for i, m := range r.Moves {
		if i >= mostBars {
			rest += m.Tickets
			continue
		}
		moves.Bars = append(moves.Bars, report.Bar{Label: m.short(), Parts: []report.Part{{Count: float64(m.Tickets)}}})
	}
	if rest > 0 {
		moves.Bars = append(moves.Bars, report.Bar{Label: "others", Parts: []report.Part{{Count: float64(rest)}}})
	}
	return []report.Chart{runners, r.confidences(), moves}
}

// String is the move for people.
func (m Move) String() string {
	if m.From == m.To {
		return "stays in " + m.From
	}
	text := cmp.Or(m.From, "(not known)") + " → " + m.To
	if m.Suggested {
		text += suggestedOnly
	}
	return text
}

const suggestedOnly = " (suggested)"

// short is the move with names of which both fit into a chart.
func (m Move) short() string {
	most := 20
	if m.Suggested {
		most -= len(suggestedOnly) / 2
	}
	m.From, m.To = report.MiddleOut(m.From, most), report.MiddleOut(m.To, most)
	return m.String()
}

// confidences is how sure the models are, in bands.
func (r *Result) confidences() report.Chart {
	c := report.Chart{Title: "Confidence", Unit: "tickets by how sure the model is"}
	bands := []struct {
		least float64
		name  string
	}{{0.95, "95 to 100 %"}, {0.9, "90 to 95 %"}, {0.8, "80 to 90 %"}, {0.7, "70 to 80 %"}, {0.5, "50 to 70 %"}, {0, "below 50 %"}}
	counts := make([]Counts, len(bands))
	any := false
	for _, p := range r.Predictions {
		label, confidence := p.Label()
		if label == "" {
			continue
		}
		any = true
		i := 0
		for confidence < bands[i].least {
			i++
		}
		counts[i].add(string(p.Action))
	}
	if !any {
		return c
	}
	for i, b := range bands {
		bar := report.Bar{Label: b.name}
		for _, a := range r.Actions {
			bar.Parts = append(bar.Parts, report.Part{Name: a.Name, Count: float64(counts[i].of(a.Name))})
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

func (r *Result) tables() []report.Table {
	runners := report.Table{Title: "Runners", Columns: []report.Column{{Name: "runner"}, {Name: "tickets", Number: true}}}
	for _, a := range r.Actions {
		runners.Columns = append(runners.Columns, report.Column{Name: a.Name, Number: true})
	}
	for _, t := range r.Runners {
		row := []report.Cell{{Text: t.Runner}, {Text: strconv.Itoa(t.Tickets)}}
		for _, a := range r.Actions {
			row = append(row, report.Cell{Text: strconv.Itoa(t.Actions.of(a.Name))})
		}
		runners.Rows = append(runners.Rows, row)
	}
	moves := report.Table{Title: "Queues", Columns: []report.Column{{Name: "from"}, {Name: "to"}, {Name: "tickets", Number: true}}}
	for _, m := range r.Moves {
		to := m.To
		switch {
		case m.From == m.To:
			to = "(stays)"
		case m.Suggested:
			to += suggestedOnly
		}
		moves.Rows = append(moves.Rows, []report.Cell{{Text: m.From}, {Text: to}, {Text: strconv.Itoa(m.Tickets)}})
	}
	labels := report.Table{Title: "Labels", Columns: []report.Column{{Name: "label"}, {Name: "tickets", Number: true}, {Name: "confidence", Number: true}}}
	for _, l := range r.Labels {
		labels.Rows = append(labels.Rows, []report.Cell{{Text: l.Label}, {Text: strconv.Itoa(l.Tickets)}, {Text: percent(l.Confidence)}})
	}
	return []report.Table{
		runners, moves, labels, r.failedSearches(),
		ofReasons("Found by no runner", "The search that came closest says why.", "why", r.NotFound),
		ofReasons("Not judged", "Only the help desk understands these criteria, and it could not be asked: the tickets were tried as if they met them.", "criterion", r.NotJudged),
		ofReasons("Not tried", "It may change something outside of otai. --run USE runs it all the same.", "what", r.NotTried),
		r.tickets(),
	}
}

// failedSearches are those of whole runners.
func (r *Result) failedSearches() report.Table {
	t := report.Table{Title: "Failed searches", Columns: []report.Column{{Name: "runner"}, {Name: "why"}}}
	for _, f := range r.Runners {
		if f.Error != "" {
			t.Rows = append(t.Rows, []report.Cell{{Text: f.Runner}, {Text: f.Error}})
		}
	}
	return t
}

func ofReasons(title, lead, column string, list []Reason) report.Table {
	t := report.Table{Title: title, Lead: lead, Columns: []report.Column{{Name: column}, {Name: "tickets", Number: true}}}
	for _, e := range list {
		t.Rows = append(t.Rows, []report.Cell{{Text: e.Why}, {Text: strconv.Itoa(e.Tickets)}})
	}
	return t
}

func percent(f float64) string { return strconv.FormatFloat(f*100, 'f', 1, 64) + " %" }

// tickets is a line for each prediction.
func (r *Result) tickets() report.Table {
	t := report.Table{Title: "Tickets", Long: true, Columns: []report.Column{{Name: "ticket", Short: true}}}
	if r.Titles {
		t.Columns = append(t.Columns, report.Column{Name: "title"})
	}
	t.Columns = append(t.Columns, report.Column{Name: "action", Short: true}, report.Column{Name: "change"}, report.Column{Name: "label"}, report.Column{Name: "confidence", Number: true}, report.Column{Name: "runner"}, report.Column{Name: "reason"})
	for _, p := range r.Predictions {
		label, c := p.Label()
		sure := ""
		if label != "" {
			sure = percent(c)
		}
		row := []report.Cell{{Text: cmp.Or(p.Number, p.Ticket), Link: p.Link}}
		if r.Titles {
			row = append(row, report.Cell{Text: p.Title})
		}
		t.Rows = append(t.Rows, append(row, report.Cell{Text: string(p.Action), Kind: string(p.Action)}, report.Cell{Text: changes(p)}, report.Cell{Text: label}, report.Cell{Text: sure}, report.Cell{Text: p.Runner}, report.Cell{Text: p.Reason}))
	}
	return t
}
