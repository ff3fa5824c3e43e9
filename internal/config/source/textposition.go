package source

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// TextPosition finds a line and a column of a scalar's text in the YAML source
// that it was read from. It walks along both at once; what the two don't share are
// line breaks and indentation, and in quotes the escapes.
func TextPosition(lines []string, n *Node, line, column int) Position {
	w := walker{lines: lines, row: n.At.Line - 1, first: n.At.Line - 1, style: n.Style}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.block = true
		w.indent = blockIndent(lines, n.At.Line, n.Text)
		w.nextLine()
		w.first = w.row
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.column = n.At.Column // behind the quote
	default:
		w.column = n.At.Column - 1
	}
	certain := n.At
	textLine, textColumn := 1, 1
	for _, r := range n.Text {
		if w.row >= len(lines) {
			return certain
		}
		if textLine == line && textColumn == column {
			return w.position(n.At.File)
		}
		if !w.step(r) {
			return certain
		}
		if textLine == line {
			certain = w.position(n.At.File)
		}
		textColumn++
		if r == '\n' {
			textLine, textColumn = textLine+1, 1
		}
	}
	if textLine == line && w.row < len(lines) {
		return w.position(n.At.File)
	}
	return certain
}

// blockIndent is the indentation of a block below its header. Its first line may
// be indented more than that, by what its text begins with.
func blockIndent(lines []string, header int, text string) int {
	for _, l := range lines[min(header, len(lines)):] {
		if strings.TrimSpace(l) != "" {
			first := strings.TrimLeft(text, "\n")
			return max(0, LeadingSpaces(l)-LeadingSpaces(first))
		}
	}
	return 0
}

// LeadingSpaces counts the spaces that a line begins with.
func LeadingSpaces(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

// walker is a place in the source, with row and column from 0.
type walker struct {
	lines       []string
	row, column int
	first       int // row at which the text begins
	style       yaml.Style
	block       bool
	indent      int
	rest        []rune // of the current row from column on, made when it is needed
	restOf      int    // the row that rest belongs to, plus one
}

func (w *walker) position(file string) Position {
	return Position{file, w.row + 1, w.column + 1}
}

func (w *walker) line() []rune {
	if w.restOf != w.row+1 {
		w.rest, w.restOf = []rune(w.lines[w.row]), w.row+1
	}
	return w.rest[min(w.column, len(w.rest)):]
}

// step moves over the source of one character of the text.
func (w *walker) step(r rune) bool {
	source := w.line()
	blank := strings.TrimSpace(string(source)) == ""
	switch {
	case r == '\n' && w.style&yaml.LiteralStyle != 0:
		w.nextLine()
		return true
	case r == '\n' && w.row > w.first && w.column == w.start():
		return true // the break of a blank line, which nextLine left out
	case blank && (r == '\n' || r == ' ' && len(source) == 0):
		w.nextLine()
		return true
	case blank && (len(source) == 0 || source[0] != r), w.style&yaml.DoubleQuotedStyle != 0 && string(source) == `\`:
		w.nextLine()
	}
	return w.row < len(w.lines) && w.match(r)
}

func (w *walker) match(r rune) bool {
	source := w.line()
	switch {
	case len(source) == 0:
		return false
	case w.style&yaml.DoubleQuotedStyle != 0 && source[0] == '\\':
		w.column += min(escapeLength(source), len(source))
		return true
	case source[0] != r:
		return false
	case w.style&yaml.SingleQuotedStyle != 0 && r == '\'':
		w.column += 2
		return true
	}
	w.column++
	return true
}

// escapeLength is for an escape sequence in double quotes.
func escapeLength(source []rune) int {
	if len(source) < 2 {
		return 1
	}
	switch source[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}

// nextLine moves to the text of the next line that has any; a blank line in a
// literal block is a line of the text.
func (w *walker) nextLine() {
	for w.row++; w.row < len(w.lines); w.row++ {
		if w.style&yaml.LiteralStyle != 0 || strings.TrimSpace(w.lines[w.row]) != "" {
			break
		}
	}
	w.column = 0
	if w.row < len(w.lines) {
		w.column = w.start()
	}
}

func (w *walker) start() int {
	if w.block {
		return min(w.indent, len(w.lines[w.row]))
	}
	return len(w.lines[w.row]) - len(strings.TrimLeft(w.lines[w.row], " \t"))
}

// PlaceIn is the line and the column of an offset in a text, both from 1.
func PlaceIn(text string, offset int) (line, column int) {
	before := text[:offset]
	return strings.Count(before, "\n") + 1, len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
}
