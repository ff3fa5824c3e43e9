package decision

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Mistake is one thing that is wrong in a table. Lines and columns begin at 1; a column
// counts characters.
type Mistake struct {
	Line, Column int
	Message      string
	Hint         string // what to do; "" if the message says it
}

func (m Mistake) Error() string {
	text := fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Message)
	if m.Hint != "" {
		text += " (" + m.Hint + ")"
	}
	return text
}

// Mistakes are all that are wrong in a table, in its order. They are an [api.ErrInvalid].
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Is makes them an [api.ErrInvalid].
func (Mistakes) Is(target error) bool { return target == api.ErrInvalid }

// MostTable is how large a table may be, in bytes.
const MostTable = 4 << 20

const labelColumn = "label"

var columns = []string{labelColumn, Queue, Priority, State, Type}

// Place is where a row of a table stands.
type Place struct{ Line, Column int }

// Table is what a table says: a target for each label, and where it stands.
type Table struct {
	Map    map[string]Target
	Places map[string]Place
}

// ReadTable reads a table in the form CSV, in UTF-8 with or without a byte order mark: a line
// with the names of the columns (label, and any of queue, priority, state and type), then one
// for each label. Commas separate, or semicolons if the first line has one. An empty cell
// leaves that part as it is; a row with nothing else than its label leaves the ticket to
// people. The error is a [Mistakes].
func ReadTable(data []byte) (Table, error) {
	r := tableReader{table: Table{Map: make(map[string]Target), Places: make(map[string]Place)}}
	r.read(data)
	if len(r.wrong) > 0 {
		slices.SortStableFunc(r.wrong, func(a, b Mistake) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return Table{}, r.wrong
	}
	return r.table, nil
}

type tableReader struct {
	lines [][]byte
	csv   *csv.Reader
	head  []string // what each column has; "" is unknown
	table Table
	wrong Mistakes
}

func (r *tableReader) mistake(line, column int, hint, format string, args ...any) {
	r.wrong = append(r.wrong, Mistake{line, column, fmt.Sprintf(format, args...), hint})
}

func (r *tableReader) read(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		r.mistake(1, 1, "save it as CSV in UTF-8", "the file is in UTF-16")
		return
	}
	r.lines = bytes.Split(data, []byte("\n"))
	if !r.utf8() {
		return
	}
	r.csv = csv.NewReader(bytes.NewReader(data))
	r.csv.FieldsPerRecord = -1
	if first := firstLine(r.lines); bytes.ContainsRune(first, ';') {
		r.csv.Comma = ';'
	}
	for first := true; ; {
		record, err := r.csv.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if first {
				r.mistake(1, 1, "its first line names the columns: label,queue", "the file is empty")
			}
			return
		case errors.As(err, &broken):
			r.mistake(broken.Line, r.column(broken.Line, broken.Column), `a text with a quote in it is "written ""so"""`, "%v", broken.Err)
			if first {
				return // without columns nothing can be said of the rest
			}
			continue
		case err != nil: // a reader of bytes has no other
			r.mistake(1, 1, "", "%v", err)
			return
		}
		if first {
			first = false
			if !r.header(record) {
				return
			}
			continue
		}
		r.row(record)
	}
}

// utf8 reports the first character of each line that isn't UTF-8.
func (r *tableReader) utf8() bool {
	right := true
	for i, line := range r.lines {
		if utf8.Valid(line) {
			continue
		}
		at := 0
		for at < len(line) {
			c, n := utf8.DecodeRune(line[at:])
			if c == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		r.mistake(i+1, utf8.RuneCount(line[:at])+1, "save it as CSV in UTF-8", "this is not UTF-8")
		right = false
	}
	return right
}

func firstLine(lines [][]byte) []byte {
	for _, line := range lines {
		if len(bytes.TrimSpace(line)) > 0 {
			return line
		}
	}
	return nil
}

// column is a column in characters, of one in bytes.
func (r *tableReader) column(line, column int) int {
	if line < 1 || line > len(r.lines) {
		return max(column, 1)
	}
	text := r.lines[line-1]
	return utf8.RuneCount(text[:min(max(column-1, 0), len(text))]) + 1
}

func (r *tableReader) at(field int) (line, column int) {
	line, column = r.csv.FieldPos(field)
	return line, r.column(line, column)
}

// header reads the names of the columns. Without a column of labels nothing can be said of
// the rest.
func (r *tableReader) header(record []string) bool {
	for i, cell := range record {
		name := strings.ToLower(strings.TrimSpace(cell))
		line, column := r.at(i)
		switch {
		case !slices.Contains(columns, name):
			r.mistake(line, column, "possible: "+strings.Join(columns, ", "), "there is no column %q", cell)
			name = ""
		case slices.Contains(r.head, name):
			r.mistake(line, column, "remove one of the two", "the column %s is there twice", name)
			name = ""
		}
		r.head = append(r.head, name)
	}
	if !slices.Contains(r.head, labelColumn) {
		line, column := r.at(0)
		r.mistake(line, column, "its first line names the columns: label,queue", "the column label is missing")
		return false
	}
	if len(r.head) == 1 {
		line, column := r.at(0)
		r.mistake(line, column, "write label,queue", "there is no column beside label")
	}
	return true
}

func (r *tableReader) row(record []string) {
	if !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return // as some programs end a table
	}
	if len(record) != len(r.head) {
		last := min(len(record), len(r.head)+1) - 1
		line, column := r.at(last)
		r.mistake(line, column, "put a text with a separator in it in quotes", "this row has %d cells, the first line has %d", len(record), len(r.head))
		return
	}
	var t Target
	label, place := "", Place{}
	for i, cell := range record {
		cell = strings.TrimSpace(cell)
		e := &api.Entity{Name: cell}
		if cell == "" {
			e = nil
		}
		switch r.head[i] {
		case labelColumn:
			label = cell
			place.Line, place.Column = r.at(i)
		case Queue:
			t.Queue = e
		case Priority:
			t.Priority = e
		case State:
			t.State = e
		case Type:
			t.Type = e
		}
	}
	before, twice := r.table.Places[label]
	switch {
	case label == "":
		r.mistake(place.Line, place.Column, "", "the label is missing")
	case twice:
		r.mistake(place.Line, place.Column, "remove one of the two", "the label %q is there twice: also in line %d", label, before.Line)
	default:
		r.table.Map[label], r.table.Places[label] = t, place
	}
}
