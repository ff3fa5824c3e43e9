package texts

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// delimiters are those of the exports of spreadsheets, in the order in which they are tried.
var delimiters = []rune{',', ';', '\t', '|'}

// readCSV yields the columns of each row below the header.
func readCSV(in *bufio.Reader, columns []string, give func(Text) bool) bool {
	var indices []int
	choose := func(head []byte, said rune) (delimiter rune, err error) {
		delimiter, indices, err = findColumns(head, said, columns)
		return delimiter, err
	}
	return readTable(in, choose, func(row, line int, record []string, err error) bool {
		if err != nil {
			return give(Text{Row: row, Line: line, Err: err})
		}
		parts := make([]string, len(indices))
		for i, at := range indices {
			parts[i] = strings.TrimSpace(record[at])
		}
		t := oneText(join(parts), nil)
		t.Row, t.Line = row, line
		return give(t)
	})
}

// readTable yields each row below the header, whose separator choose finds.
func readTable(in *bufio.Reader, choose func(head []byte, said rune) (rune, error), give func(row, line int, record []string, err error) bool) bool {
	head, err := peek(in)
	if err != nil {
		return give(0, 0, nil, err)
	}
	if onlyReturns(head) {
		in = bufio.NewReaderSize(returnsToFeeds{in}, headBytes)
		head, _ = in.Peek(headBytes)
	}
	// A spreadsheet may name the separator in a line of its own.
	said, before := separatorLine(head)
	if before > 0 {
		in.Discard(before)
		head, _ = in.Peek(headBytes)
	}
	delimiter, err := choose(head, said)
	if err != nil {
		return give(0, 1, nil, err)
	}
	limit := &bounded{in: in}
	limit.next()
	table := csv.NewReader(limit)
	table.Comma, table.ReuseRecord = delimiter, true
	skipped, last := min(before, 1), 0
	for row := 0; ; row++ {
		limit.next()
		record, err := table.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF) && row <= 1:
			return give(0, 0, nil, errors.New("the table has a header and no rows"))
		case errors.Is(err, io.EOF):
			return true
		case errors.As(err, &broken):
			if !give(row, broken.StartLine+skipped, nil, rowError(broken, record, table.FieldsPerRecord)) {
				return false
			}
		case err != nil:
			// The stream itself ends here.
			return give(row, last+1, nil, err)
		case row > 0:
			line, _ := table.FieldPos(0)
			last = line + skipped
			if !give(row, last, record, nil) {
				return false
			}
		}
	}
}

// rowError says what is wrong with a row.
func rowError(e *csv.ParseError, record []string, fields int) error {
	switch {
	case errors.Is(e.Err, csv.ErrFieldCount):
		return fmt.Errorf("the header has %d fields and this row %d; a field with the separator in it needs quotes", fields, len(record))
	case errors.Is(e.Err, csv.ErrQuote):
		return errors.New(`a quoted field is not closed, or has a quote in it that is not doubled ("")`)
	case errors.Is(e.Err, csv.ErrBareQuote):
		return errors.New(`there is a quote in a field that is not quoted`)
	}
	return e.Err
}

// separatorLine returns the separator that a first line such as "sep=;" names, and the
// length of the line; 0 if there is none.
func separatorLine(head []byte) (separator rune, size int) {
	line, _, found := bytes.Cut(head, []byte("\n"))
	said, is := strings.CutPrefix(strings.Trim(string(line), "\"\r"), "sep=")
	separator, width := utf8.DecodeRuneInString(said)
	if !found || !is || width == 0 || width != len(said) || separator == '"' || separator == utf8.RuneError {
		return 0, 0
	}
	return separator, len(line) + 1
}

// findColumns finds the columns in the header, and the separator with which it has them
// unless that is known.
func findColumns(head []byte, said rune, columns []string) (rune, []int, error) {
	var best []string
	tried := delimiters
	if said != 0 {
		tried = []rune{said}
	}
	for _, delimiter := range tried {
		header := headerBy(head, delimiter)
		if len(header) > len(best) {
			best = header
		}
		if indices := indicesOf(header, columns); !slices.Contains(indices, -1) && len(indices) > 0 {
			for i, at := range indices {
				if twin := slices.Index(header[at+1:], header[at]); twin >= 0 {
					return 0, nil, fmt.Errorf("the header has the column %.100q twice, as number %d and %d; give one another name", columns[i], at+1, at+twin+2)
				}
			}
			return delimiter, indices, nil
		}
	}
	if best == nil {
		return 0, nil, errors.New("its first line is not the header of a table")
	}
	return 0, nil, missingColumn(columns, best)
}

// headerBy returns the first row of a table, nil if it isn't one.
func headerBy(head []byte, delimiter rune) []string {
	r := csv.NewReader(bytes.NewReader(head))
	r.Comma = delimiter
	header, err := r.Read()
	if err != nil {
		return nil
	}
	return header
}

// missingColumn returns an error that names the columns there are.
func missingColumn(columns, there []string) error {
	if len(columns) == 0 {
		return fmt.Errorf("which column has the text? Name it with --column; there are %s", quoted(there))
	}
	indices := indicesOf(there, columns)
	return fmt.Errorf("there is no column %q; there are %s", columns[max(0, slices.Index(indices, -1))], quoted(there))
}

func quoted(names []string) string {
	const most = 50
	more := ""
	if len(names) > most {
		names, more = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%.60q", name)
	}
	return strings.Join(list, ", ") + more
}

// indicesOf finds each column, ignoring case if there isn't one with the exact name; -1
// for one that is missing.
func indicesOf(header, columns []string) []int {
	indices := make([]int, len(columns))
	for i, column := range columns {
		if indices[i] = slices.Index(header, column); indices[i] < 0 {
			indices[i] = slices.IndexFunc(header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), column) })
		}
	}
	return indices
}

// join joins the columns that aren't empty.
func join(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " ")
}
