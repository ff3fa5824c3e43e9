package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/open-ticket-ai/otai/internal/app/visible"
)

// lines is a text that may have several lines where show writes it.
type lines string

// show writes to people what may come from others: each text among the arguments is
// written in its line and in visible characters, so that a customer, a model or a
// server can't steer the terminal or forge a line.
func show(out io.Writer, format string, args ...any) (int, error) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case lines:
			args[i] = visible.Lines(string(arg))
		case string:
			args[i] = visible.Line(arg)
		case error:
			args[i] = visible.Lines(arg.Error())
		case fmt.Stringer:
			args[i] = visible.Line(arg.String())
		}
	}
	return fmt.Fprintf(out, format, args...)
}

// newTable aligns columns that are separated by tabs, once it is flushed.
func newTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }
