package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminalWidth is how many columns a terminal has; 0 where that isn't known or it
// is none.
func terminalWidth(out io.Writer) int {
	file, ok := out.(*os.File)
	if !ok {
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
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
