package source

import (
	"bytes"
	"iter"
	"unicode/utf8"
)

// ByteOrderMark is what some editors put before UTF-8.
var ByteOrderMark = []byte("\xef\xbb\xbf")

// LineBreaks gives the offsets at which each line break of data begins and ends. A
// break is what it is in YAML 1.1, and so in the positions that its parser gives
// (https://yaml.org/spec/1.1/, 5.4).
func LineBreaks[T string | []byte](data T) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for i := 0; i < len(data); i++ {
			start, size := i, 0
			switch data[i] {
			case '\n':
				size = 1
			case '\r':
				size = 1
				if i+1 < len(data) && data[i+1] == '\n' {
					size = 2
				}
			case 0xc2, 0xe2: // the first bytes of the three below
				switch r, n := utf8.DecodeRuneInString(string(data[i:min(i+3, len(data))])); r {
				case '\u0085', '\u2028', '\u2029':
					size = n
				}
			}
			if size == 0 {
				continue
			}
			if !yield(start, start+size) {
				return
			}
			i += size - 1
		}
	}
}

// Lines returns the lines of a file without what ends them.
func Lines(data []byte) []string {
	data = bytes.TrimPrefix(data, ByteOrderMark)
	var lines []string
	from := 0
	for start, end := range LineBreaks(data) {
		lines = append(lines, string(data[from:start]))
		from = end
	}
	return append(lines, string(data[from:]))
}

// lineStart returns the offset at which a line, counted from 1, begins; for a line
// that data doesn't have, that of the last one.
func lineStart(data []byte, line int) int {
	offset := 0
	for _, end := range LineBreaks(data) {
		if line <= 1 {
			break
		}
		line--
		offset = end
	}
	return offset
}

// OffsetPosition counts lines and characters up to a byte offset.
func OffsetPosition(s File, offset int) Position {
	before := bytes.TrimPrefix(s.Data[:min(offset, len(s.Data))], ByteOrderMark)
	line, from := 1, 0
	for _, end := range LineBreaks(before) {
		line++
		from = end
	}
	return Position{s.Name, line, utf8.RuneCount(before[from:]) + 1}
}
