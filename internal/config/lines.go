package config

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// lineBreak is what ends a line in YAML 1.1, and so in the positions that its
// parser gives (https://yaml.org/spec/1.1/, 4.1.4).
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

var byteOrderMark = []byte("\xef\xbb\xbf")

func splitLines(data []byte) []string {
	return lineBreak.Split(string(bytes.TrimPrefix(data, byteOrderMark)), -1)
}

// lineStart returns the offset at which a line, counted from 1, begins; for a line
// that data doesn't have, that of the last one.
func lineStart(data []byte, line int) int {
	breaks := lineBreak.FindAllIndex(data, max(line-1, 0))
	if len(breaks) == 0 {
		return 0
	}
	return breaks[len(breaks)-1][1]
}

// offsetPosition counts lines and characters up to a byte offset.
func offsetPosition(s Source, offset int) Position {
	before := bytes.TrimPrefix(s.Data[:min(offset, len(s.Data))], byteOrderMark)
	breaks := lineBreak.FindAllIndex(before, -1)
	start := 0
	if len(breaks) > 0 {
		start = breaks[len(breaks)-1][1]
	}
	return Position{s.Name, len(breaks) + 1, utf8.RuneCount(before[start:]) + 1}
}
