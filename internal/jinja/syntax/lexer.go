package syntax

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// lexer splits a source into tokens. White space around tags is handled here, as
// Jinja2 does with trim_blocks and lstrip_blocks on: the line end after a block
// or comment belongs to it, and so does white space before it on its line.
type lexer struct {
	source string
	tokens []token
	pos    int
	err    error

	lineStart bool // what was read last ended a line
	trimNext  bool // the tag before ended in "-"
}

func lex(source string) ([]token, error) {
	l := &lexer{source: source, lineStart: true, tokens: make([]token, 0, 16+len(source)/6)}
	for l.err == nil && l.pos < len(source) {
		l.text()
	}
	l.emit(endOfSource, "", len(source))
	return l.tokens, l.err
}

func (l *lexer) emit(kind tokenKind, text string, pos int) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, pos: pos})
}

func (l *lexer) fail(pos int, format string, args ...any) {
	if l.err == nil {
		l.err = position.At(pos, fmt.Errorf(format, args...))
	}
}

// text reads the data up to the next tag, and the tag.
func (l *lexer) text() {
	start := l.pos
	begin := nextTag(l.source, start)
	data := l.source[start:begin]
	if l.trimNext {
		data = strings.TrimLeftFunc(data, value.IsSpace)
		l.trimNext = false
	}
	if begin == len(l.source) {
		l.data(data, start)
		l.pos = begin
		return
	}
	kind := l.source[begin+1]
	sign := byte(0)
	if c := value.ByteAt(l.source, begin+2); c == '-' || c == '+' {
		sign = c
	}
	l.data(trimBefore(data, sign, kind != '{', l.lineStart), start)
	l.lineStart = false
	l.pos = begin + 2
	if sign != 0 {
		l.pos++
	}
	switch kind {
	case '#':
		l.comment(begin)
	case '{':
		l.emit(printBegin, "{{", begin)
		l.tag(begin, "}}")
	default:
		if l.raw(begin) {
			return
		}
		l.emit(blockBegin, "{%", begin)
		l.tag(begin, "%}")
	}
}

func (l *lexer) data(text string, pos int) {
	if text != "" {
		l.emit(dataToken, text, pos)
	}
}

func (l *lexer) comment(begin int) {
	length := strings.Index(l.source[l.pos:], "#}")
	if length < 0 {
		l.fail(begin, `the comment has no end: add "#}"`)
		return
	}
	last := value.ByteAt(l.source, l.pos+length-1)
	if length == 0 {
		last = 0
	}
	l.pos += length + 2
	l.afterTag(last)
}

// afterTag handles the white space after a block or comment whose last
// character before the end mark was sign.
func (l *lexer) afterTag(sign byte) {
	switch {
	case sign == '-':
		l.trimNext = true
	case sign != '+' && value.ByteAt(l.source, l.pos) == '\n':
		l.pos++
		l.lineStart = true
	}
}

// raw reads "{% raw %}…{% endraw %}" if that is what follows begin.
func (l *lexer) raw(begin int) bool {
	start, sign, ok := rawMark(l.source, l.pos, "raw")
	if !ok {
		return false
	}
	for from := start; ; {
		i := strings.Index(l.source[from:], "{%")
		if i < 0 {
			l.fail(begin, `the raw block has no end: add "{%% endraw %%}"`)
			return true
		}
		tag := from + i
		inner := tag + 2
		before := value.ByteAt(l.source, inner)
		if before == '-' || before == '+' {
			inner++
		}
		end, after, ok := rawMark(l.source, inner, "endraw")
		if !ok {
			from = tag + 2
			continue
		}
		data := l.source[start:tag]
		if sign == '-' {
			data = strings.TrimLeftFunc(data, value.IsSpace)
		}
		l.data(trimBefore(data, before, true, false), start)
		l.pos = end
		l.afterTag(after)
		return true
	}
}

// rawMark matches a tag's name and end from pos: where it ends, and the sign
// before its end mark.
func rawMark(source string, pos int, name string) (end int, sign byte, ok bool) {
	rest := strings.TrimLeftFunc(source[pos:], value.IsSpace)
	rest, ok = strings.CutPrefix(rest, name)
	if !ok {
		return 0, 0, false
	}
	rest = strings.TrimLeftFunc(rest, value.IsSpace)
	if c := value.ByteAt(rest, 0); c == '-' || c == '+' && name == "endraw" {
		sign, rest = c, rest[1:]
	}
	rest, ok = strings.CutPrefix(rest, "%}")
	return len(source) - len(rest), sign, ok
}

// trimBefore handles the white space in front of a tag with a sign. Only blocks
// and comments lose the white space at the start of their line.
func trimBefore(data string, sign byte, block, lineStart bool) string {
	if sign == '-' {
		return strings.TrimRightFunc(data, value.IsSpace)
	}
	if sign == '+' || !block {
		return data
	}
	line := strings.LastIndexByte(data, '\n') + 1
	if (line > 0 || lineStart) && strings.TrimLeftFunc(data[line:], value.IsSpace) == "" {
		return data[:line]
	}
	return data
}

// nextTag is the offset of the next "{{", "{%" or "{#", or the source's end.
func nextTag(source string, from int) int {
	for i := from; ; i++ {
		j := strings.IndexByte(source[i:], '{')
		if j < 0 {
			return len(source)
		}
		i += j
		switch value.ByteAt(source, i+1) {
		case '{', '%', '#':
			return i
		}
	}
}
