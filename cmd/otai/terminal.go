package main

import (
	"fmt"
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

// liveLine is a line that is drawn over by the next one, on a terminal that can do so.
type liveLine struct {
	out     io.Writer
	inPlace bool // else nothing is drawn
	drawn   bool
}

func newLiveLine(out io.Writer) liveLine { return liveLine{out: out, inPlace: drawsInPlace(out)} }

// draw shows a text, as much of it as the terminal, which may have been resized, has room for.
func (l *liveLine) draw(text string) {
	if !l.inPlace {
		return
	}
	if width := terminalWidth(l.out); width > 1 {
		text = shorten(text, width-1)
	}
	show(l.out, "\r\x1b[K%s", text)
	l.drawn = true
}

// clear takes the line away, if one was drawn.
func (l *liveLine) clear() {
	if l.drawn {
		fmt.Fprint(l.out, "\r\x1b[K")
	}
	l.drawn = false
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
