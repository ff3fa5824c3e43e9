package report

import (
	"fmt"
	"io"
	"strings"
)

// Text writes the report for a terminal: without charts, whose figures its tables have, and
// without its long tables. visible makes of a text what a terminal may be given.
func (r Report) Text(out io.Writer, visible func(string) string) error {
	var b strings.Builder
	b.WriteString(visible(r.Title) + "\n")
	for _, p := range r.Lead {
		b.WriteString(visible(p) + "\n")
	}
	for _, t := range r.Tables {
		if !t.Long && len(t.Rows) > 0 {
			t.text(&b, visible)
		}
	}
	if len(r.Foot) > 0 {
		b.WriteString("\n")
	}
	for _, p := range r.Foot {
		b.WriteString(visible(p) + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t Table) text(b *strings.Builder, visible func(string) string) {
	widths := make([]int, len(t.Columns))
	cells := make([][]string, 0, len(t.Rows)+1)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	cells = append(cells, head)
	for _, row := range t.Rows {
		line := make([]string, len(row))
		for i, c := range row {
			line[i] = visible(c.Text)
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		for i, c := range line {
			widths[i] = max(widths[i], columns(c))
		}
	}
	fmt.Fprintf(b, "\n%s\n", visible(t.Title))
	for _, line := range cells {
		text := " "
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-columns(c))
			if t.Columns[i].Number {
				text += " " + pad + c
			} else {
				text += " " + c + pad
			}
			text += " "
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}
