package texts

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// readLines yields each line as a text. An empty one is an error, as everywhere: there is
// nothing to label.
func readLines(in *bufio.Reader, give func(Text) bool) bool {
	row := 0
	return records(in, '\n', func(record string, err error) bool {
		row++
		record = strings.TrimSuffix(record, "\r")
		if errors.Is(err, errRecordTooLong) {
			err = errTooLong("a line")
		}
		t := oneText(record, err)
		t.Row, t.Line = row, row
		return give(t)
	})
}

// readNUL yields the texts between zero bytes.
func readNUL(in *bufio.Reader, give func(Text) bool) bool {
	row := 0
	return records(in, 0, func(record string, err error) bool {
		row++
		if errors.Is(err, errRecordTooLong) {
			err = errTooLong("a text")
		}
		t := oneText(record, err)
		t.Row = row
		return give(t)
	})
}

var errRecordTooLong = errTooLong("a record")

// records calls each with every part that ends with the separator or with the stream; of
// one that is too long, only with the error.
func records(in *bufio.Reader, separator byte, each func(record string, err error) bool) bool {
	var record []byte
	tooLong := false
	for {
		part, err := in.ReadSlice(separator)
		if !tooLong {
			record = append(record, part...)
		}
		if tooLong = tooLong || len(record) > MaxBytes+1; tooLong {
			record = record[:0]
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && len(record) == 0 && !tooLong {
			return errors.Is(err, io.EOF) || each("", err)
		}
		var failed error
		if tooLong {
			failed = errRecordTooLong
		} else if err != nil && !errors.Is(err, io.EOF) {
			failed = err
		}
		if err == nil && len(record) > 0 {
			record = record[:len(record)-1]
		}
		if !each(string(record), failed) {
			return false
		}
		if err != nil {
			return true
		}
		record, tooLong = record[:0], false
	}
}
