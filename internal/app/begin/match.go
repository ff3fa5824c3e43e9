package begin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// row is a label of the model and where its tickets are to go.
type row struct {
	label  string
	target string // queue or priority; "" leaves them
	near   string // one that may be meant; "" if there is none
}

// What labels may be names of, as the keys of a target.
const (
	kindQueue    = "queue"
	kindPriority = "priority"
)

// maxLabels bounds how many labels the help desk is asked for by name.
const maxLabels = 500

// mapLabels proposes a queue for each label of the model, or a priority where no label is
// anything like a queue, and lets people decide about those of another name.
func (d *dialog) mapLabels(m chosenModel, s seen) (rows []row, kind string, err error) {
	given, err := d.givenRows(m)
	if err != nil {
		return nil, "", err
	}
	kind = kindQueue
	rows, near := d.proposed(m, given, kindQueue, s.queues)
	if len(given) == 0 && near == 0 && !anyTarget(rows) {
		if others, alike := d.proposed(m, nil, kindPriority, s.priorities); anyTarget(others) {
			rows, near, kind = others, alike, kindPriority
		}
	}
	if d.ctx.Err() != nil {
		return nil, "", d.ctx.Err()
	}
	if d.o.Ask != nil {
		d.showRows(rows, kind)
	}
	if near > 0 && d.o.Ask != nil && !d.o.Yes {
		q := Question{Text: fmt.Sprintf("Also take the %d marked with ~, whose names are only alike? (yes or no)", near), Default: "yes"}
		err := d.ask("a yes or no", "--yes", q, func(answer string) error {
			switch strings.ToLower(answer) {
			case "y", "yes":
				for i := range rows {
					if rows[i].near != "" {
						rows[i].target, rows[i].near = rows[i].near, ""
					}
				}
			case "n", "no":
			default:
				return fmt.Errorf("please answer yes or no")
			}
			return nil
		})
		if err != nil {
			return nil, "", err
		}
	}
	if !anyTarget(rows) {
		return nil, "", usage("no label of the model %s is the name of a queue (its labels: %s): say which queue is meant with --map LABEL=QUEUE, once for each label", m.written, someOf(m.labels))
	}
	return rows, kind, nil
}

func anyTarget(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.target != "" })
}

// proposed are the rows for the labels, and how many of them are only alike.
func (d *dialog) proposed(m chosenModel, given map[string]string, kind string, known []string) (rows []row, near int) {
	there := d.existing(m.labels[:min(len(m.labels), maxLabels)], kind, known)
	for _, label := range m.labels {
		r := propose(label, there)
		if target, ok := given[label]; ok {
			r = row{label: label, target: target}
		}
		if slices.ContainsFunc(rows, func(other row) bool { return other.label == label }) {
			continue
		}
		if r.near != "" {
			near++
		}
		rows = append(rows, r)
	}
	return rows, near
}

// showRows shows people what is proposed.
func (d *dialog) showRows(rows []row, kind string) {
	const shown = 40
	d.o.Say("\nLabels of the model, and the %s that otai would suggest:\n", kind)
	for _, r := range rows[:min(len(rows), shown)] {
		switch {
		case r.target != "":
			d.o.Say("    %s  ->  %s\n", r.label, r.target)
		case r.near != "":
			d.o.Say("  ~ %s  ->  %s\n", r.label, r.near)
		default:
			d.o.Say("  - %s      is left to people\n", r.label)
		}
	}
	if more := len(rows) - shown; more > 0 {
		d.o.Say("    and %d more\n", more)
	}
}

// givenRows are those of --map.
func (d *dialog) givenRows(m chosenModel) (map[string]string, error) {
	given := make(map[string]string)
	for _, text := range d.o.Map {
		label, queue, ok := cutRow(text, m.labels)
		if !ok {
			return nil, usage("--map %q names no label of the model: it is written LABEL=QUEUE, and the labels are %s", text, someOf(m.labels))
		}
		if other, twice := given[label]; twice && other != queue {
			return nil, usage("--map gives the label %q two queues: %q and %q", label, other, queue)
		}
		if err := d.checkQueue(queue); err != nil {
			return nil, usage("--map: %w", err)
		}
		given[label] = queue
	}
	return given, nil
}

// cutRow divides LABEL=QUEUE where that yields a label: labels and queues may have a = in
// them.
func cutRow(text string, labels []string) (label, queue string, ok bool) {
	for i := range len(text) {
		if text[i] == '=' && i+1 < len(text) && slices.Contains(labels, text[:i]) {
			return text[:i], text[i+1:], true
		}
	}
	return "", "", false
}

// existing are the names of a kind that are known to be there: those that were seen, and
// each label for which there is one.
func (d *dialog) existing(labels []string, kind string, known []string) []string {
	var unseen []string
	for _, label := range labels {
		if !slices.Contains(known, label) && unusable(label) == "" {
			unseen = append(unseen, label)
		}
	}
	there := slices.Clone(known)
	if len(unseen) == 0 {
		return there
	}
	d.o.Working("asking for the names of the labels")
	defer d.o.Working("")
	for _, f := range d.examine(map[string][]string{kind: unseen}) {
		if f["check"] == kind && f["status"] == statusOK {
			there = append(there, f["subject"])
		}
	}
	return there
}

// propose is the queue (or priority) of the label's name, upper and lower case aside, else one that is
// nearly called so.
func propose(label string, queues []string) row {
	r := row{label: label}
	if unusable(label) != "" {
		return r
	}
	if slices.Contains(queues, label) {
		r.target = label
		return r
	}
	var ends []string
	for _, queue := range queues {
		if strings.EqualFold(queue, label) {
			r.target = queue
			return r
		}
		ends = append(ends, lastPart(queue))
	}
	for i, end := range ends {
		if strings.EqualFold(end, label) || strings.EqualFold(end, lastPart(label)) {
			r.near = queues[i]
			return r
		}
	}
	if r.near = params.Near(label, queues); r.near == "" {
		if end := params.Near(label, ends); end != "" {
			r.near = queues[slices.Index(ends, end)]
		}
	}
	return r
}

// lastPart is a sub-queue's own name.
func lastPart(queue string) string { return queue[strings.LastIndex(queue, ":")+1:] }

func someOf(labels []string) string {
	const shown = 12
	text := strings.Join(labels[:min(len(labels), shown)], ", ")
	if more := len(labels) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
