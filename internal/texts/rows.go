package texts

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Row is a row of a table.
type Row struct {
	Text                  // where it is, and why it can't be read; without a text
	Fields map[string]any // by the names of the columns; of CSV all are texts
}

// Rows yields the rows of one table, CSV or JSON.
func Rows(ctx context.Context, name string, o Options) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		give := func(row, line int, fields map[string]any, err error) bool {
			return yield(Row{Text: Text{File: name, Row: row, Line: line, Err: err}, Fields: fields})
		}
		in, err := open(ctx, name, o)
		if err != nil {
			give(0, 0, nil, err)
			return
		}
		defer in.Close()
		decoded, err := decode(bufio.NewReaderSize(in, headBytes), o.Encoding)
		if err != nil {
			give(0, 0, nil, err)
			return
		}
		head, err := decoded.Peek(headBytes)
		if err != nil && !errors.Is(err, io.EOF) {
			give(0, 0, nil, err)
			return
		}
		if start := strings.TrimSpace(string(head)); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") {
			readObjects(decoded, func(row, line int, object []byte, err error) bool {
				var fields map[string]any
				if err == nil {
					fields, err = objectOf(object)
				}
				return give(row, line, fields, err)
			})
			return
		}
		var header []string
		choose := func(head []byte, said rune) (delimiter rune, err error) {
			delimiter, header, err = widest(head, said)
			return delimiter, err
		}
		readTable(decoded, choose, func(row, line int, record []string, err error) bool {
			if err != nil {
				return give(row, line, nil, err)
			}
			fields := make(map[string]any, len(header))
			for i, column := range header {
				if value := strings.TrimSpace(record[i]); column != "" && value != "" {
					fields[column] = value
				}
			}
			return give(row, line, fields, nil)
		})
	}
}

func objectOf(object []byte) (map[string]any, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return nil, fmt.Errorf("a JSON object is needed, not %s", article(wrong.Value))
		}
		return nil, jsonError(err)
	}
	return fields, nil
}

// widest is the separator with which the header has the most columns.
func widest(head []byte, said rune) (delimiter rune, header []string, err error) {
	tried := delimiters
	if said != 0 {
		tried = []rune{said}
	}
	for _, d := range tried {
		if names := headerBy(head, d); len(names) > len(header) {
			delimiter, header = d, names
		}
	}
	if header == nil {
		return 0, nil, errors.New("its first line is not the header of a table")
	}
	header = slices.Clone(header)
	for i, column := range header {
		header[i] = strings.TrimSpace(column)
		if header[i] != "" && slices.Contains(header[:i], header[i]) {
			return 0, nil, fmt.Errorf("the header has the column %.100q twice; give one another name", header[i])
		}
	}
	return delimiter, header, nil
}
