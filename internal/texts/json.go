package texts

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// readJSON yields the columns of each object: one per line if the first line is an object,
// else those of an array or a sequence.
func readJSON(in *bufio.Reader, columns []string, give func(Text) bool) bool {
	return readObjects(in, func(row, line int, object []byte, err error) bool {
		var text string
		if err == nil {
			text, err = columnsOf(object, columns)
		}
		t := oneText(text, err)
		t.Row, t.Line = row, line
		return give(t)
	})
}

// readObjects yields the objects, as JSON.
func readObjects(in *bufio.Reader, give func(row, line int, object []byte, err error) bool) bool {
	head, err := peek(in)
	if err != nil {
		return give(0, 0, nil, err)
	}
	first, _, whole := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
	if bytes.HasPrefix(first, []byte("{")) && (json.Valid(first) || !whole && len(head) == headBytes) {
		return readJSONLines(in, give)
	}
	return readJSONValues(in, give)
}

func readJSONLines(in *bufio.Reader, give func(row, line int, object []byte, err error) bool) bool {
	line, row := 0, 0
	return records(in, '\n', func(record string, err error) bool {
		line++
		if err == nil && strings.TrimSpace(record) == "" {
			return true
		}
		row++
		if errors.Is(err, errRecordTooLong) {
			err = errTooLong("a line")
		}
		return give(row, line, []byte(record), err)
	})
}

// readJSONValues ends at the first syntax error, since nothing says where the next object
// begins.
func readJSONValues(in *bufio.Reader, give func(row, line int, object []byte, err error) bool) bool {
	lines := &lineCounter{in: in}
	limit := &bounded{in: lines}
	limit.next()
	d := json.NewDecoder(limit)
	if first := firstOf(in); first == '[' {
		if _, err := d.Token(); err != nil {
			return give(0, 0, nil, jsonError(err))
		}
	}
	for row := 1; d.More(); row++ {
		limit.next()
		var object json.RawMessage
		err := d.Decode(&object)
		if err != nil {
			return give(row, lines.at(offsetOf(err, lines.read)), nil, jsonError(err))
		}
		if !give(row, lines.at(d.InputOffset()-int64(len(object))), object, nil) {
			return false
		}
	}
	if _, err := d.Token(); err != nil && !errors.Is(err, io.EOF) {
		return give(0, 0, nil, jsonError(err))
	}
	return true
}

// firstOf returns the first byte that isn't white space, within what is looked at.
func firstOf(in *bufio.Reader) byte {
	head, _ := in.Peek(headBytes)
	if head = bytes.TrimLeft(head, " \t\r\n"); len(head) > 0 {
		return head[0]
	}
	return 0
}

// offsetOf returns where an error is, end if it is that the input ends.
func offsetOf(err error, end int64) int64 {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return syntax.Offset - 1
	}
	return end
}

func jsonError(err error) error {
	if errors.Is(err, errRowTooLong) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the JSON ends too early")
	}
	return fmt.Errorf("it is not JSON: %w", err)
}

// columnsOf returns the values of an object, joined.
func columnsOf(object []byte, columns []string) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return "", fmt.Errorf("a JSON object is needed, not %s", article(wrong.Value))
		}
		return "", jsonError(err)
	}
	if len(columns) == 0 {
		return "", missingColumn(nil, slices.Sorted(maps.Keys(fields)))
	}
	parts := make([]string, len(columns))
	for i, column := range columns {
		value, found := field(fields, column)
		if !found {
			return "", missingColumn([]string{column}, slices.Sorted(maps.Keys(fields)))
		}
		switch first := value[0]; {
		case first == '"':
			if err := json.Unmarshal(value, &parts[i]); err != nil {
				return "", jsonError(err)
			}
			parts[i] = strings.TrimSpace(parts[i])
		case first == '{' || first == '[':
			return "", fmt.Errorf("the column %q is not text but %s…", column, value[:min(len(value), 20)])
		case string(value) != "null":
			parts[i] = string(value)
		}
	}
	return join(parts), nil
}

// article puts the article before a kind of value.
func article(kind string) string {
	if kind == "array" {
		return "an array"
	}
	return "a " + kind
}

// field finds a value by its name, or by a path of names with dots.
func field(fields map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if value, ok := fields[name]; ok {
		return value, true
	}
	for at, r := range name {
		if r != '.' {
			continue
		}
		var inner map[string]json.RawMessage
		if value, ok := fields[name[:at]]; ok && json.Unmarshal(value, &inner) == nil {
			if found, ok := field(inner, name[at+1:]); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// lineCounter knows at which line an offset is.
type lineCounter struct {
	in     io.Reader
	read   int64
	breaks []int64 // offsets of the line breaks after the last offset asked for
	line   int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// at returns the line of an offset, which must not be less than the one before.
func (l *lineCounter) at(offset int64) int {
	passed := 0
	for passed < len(l.breaks) && l.breaks[passed] < offset {
		passed++
	}
	l.line += passed
	l.breaks = l.breaks[passed:]
	return l.line + 1
}
