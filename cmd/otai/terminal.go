package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminalWidth is how many columns a terminal has; 0 where that isn't known or it
// is none.
func terminalWidth(out io.Writer) int {
	file := fileOf(out)
	if file == nil {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// drawsInPlace is true for a terminal on which a line can be drawn over.
func drawsInPlace(out io.Writer) bool {
	if name := os.Getenv("TERM"); name == "" || name == "dumb" {
		return false
	}
	return isTerminal(out)
}

func isTerminal(out io.Writer) bool {
	file := fileOf(out)
	return file != nil && term.IsTerminal(int(file.Fd()))
}

// fileOf is the file that out writes to, nil if that isn't known.
func fileOf(out io.Writer) *os.File {
	switch out := out.(type) {
	case *os.File:
		return out
	case *answer:
		return out.File()
	}
	return nil
}
