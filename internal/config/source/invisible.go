package source

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// invisibleNames are characters that come with text from web pages and word
// processors, and look like a space or like nothing. To YAML they are letters.
var invisibleNames = map[rune]string{
	0x00a0: "no-break space", 0x00ad: "soft hyphen", 0x034f: "combining grapheme joiner", 0x061c: "Arabic letter mark",
	0x115f: "Hangul filler", 0x1680: "Ogham space", 0x180e: "Mongolian vowel separator",
	0x2000: "en quad", 0x2001: "em quad", 0x2002: "en space", 0x2003: "em space", 0x2004: "third of an em space",
	0x2005: "quarter of an em space", 0x2006: "sixth of an em space", 0x2007: "figure space", 0x2008: "punctuation space",
	0x2009: "thin space", 0x200a: "hair space", 0x200b: "zero-width space", 0x200c: "zero-width non-joiner",
	0x200d: "zero-width joiner", 0x200e: "left-to-right mark", 0x200f: "right-to-left mark",
	0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "end of directional formatting",
	0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x202f: "narrow no-break space",
	0x205f: "mathematical space", 0x2060: "word joiner", 0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate",
	0x2068: "first strong isolate", 0x2069: "end of a directional isolate", 0x3000: "ideographic space", 0x3164: "Hangul filler",
	0xfeff: "byte order mark",
}

// Invisible reports whether people see nothing, or a space, where r is.
func Invisible(r rune) bool { return r > unicode.MaxASCII && invisibleNames[r] != "" }

// RuneName is for messages: its number and what it is called.
func RuneName(r rune) string { return fmt.Sprintf("U+%04X (%s)", r, invisibleNames[r]) }

const (
	// InvisibleCode is the code of a diagnostic about such a character.
	InvisibleCode = "invisible-character"
	spaceHint     = "write a space, or nothing; text copied from web pages and word processors has them"
)

// visible reports the invisible characters between the words of YAML: in the
// indentation, and around keys, values, dashes, brackets and commas. It answers the
// text with spaces in their places, so that the rest of the file can be read; each
// character stays where it was. Those inside of a word or a text are left.
func visible(name string, data string, diags *Reporter) string {
	if !strings.ContainsFunc(data, Invisible) {
		return data
	}
	s := lineScanner{name: name, diags: diags}
	var out strings.Builder
	from := 0
	for start, end := range LineBreaks(data) {
		out.WriteString(s.line(data[from:start]))
		out.WriteString(data[start:end])
		from = end
	}
	out.WriteString(s.line(data[from:]))
	s.report()
	return out.String()
}

// lineScanner follows YAML as far as it must to know where a text begins.
type lineScanner struct {
	name  string
	diags *Reporter
	row   int

	depth   int  // of brackets
	quote   rune // that a text over several lines ends with
	block   bool // in a block of text
	blockIn int  // the indentation that a block's lines exceed

	first  *Position // of several lines in a row, the first with an invisible character
	rune   rune
	more   int // such lines behind it
	latest int // the row of the last one
}

func (s *lineScanner) line(text string) string {
	s.row++
	line := []rune(text)
	indent := 0
	for indent < len(line) && line[indent] == ' ' {
		indent++
	}
	blank := !slices.ContainsFunc(line, func(r rune) bool { return !Invisible(r) && !unicode.IsSpace(r) })
	if s.block {
		if blank || indent > s.blockIn {
			return text
		}
		s.block = false
	}
	if blank && s.quote == 0 {
		return strings.Map(func(r rune) rune {
			if Invisible(r) {
				return ' '
			}
			return r
		}, text)
	}
	s.scan(line)
	return string(line)
}

// scan goes through one line, and puts spaces into it.
func (s *lineScanner) scan(line []rune) {
	i := 0
	begins, colon := true, false // a word may begin here; the line's key has ended
	keyColumn, entry := 0, 0
	for ; i < len(line) && (line[i] == ' ' || Invisible(line[i])); i++ {
		entry = i + 1
	}
	keyColumn, i = entry, 0
	at := func(n int) rune {
		if n < len(line) {
			return line[n]
		}
		return '\n'
	}
	gap := func(n int) bool { r := at(n); return r == ' ' || r == '\n' || r == '\t' || Invisible(r) }
	for i < len(line) {
		r := line[i]
		switch {
		case s.quote != 0:
			switch {
			case r == '\\' && s.quote == '"':
				i++
			case r == s.quote && r == '\'' && at(i+1) == '\'':
				i++
			case r == s.quote:
				s.quote, begins = 0, false
				s.blanks(line, i+1)
			}
		case Invisible(r):
			end := i
			for end < len(line) && (line[end] == ' ' || Invisible(line[end])) {
				end++
			}
			next := at(end)
			if begins || next == '\n' || next == '#' || next == ':' && gap(end+1) && !colon || s.depth > 0 && strings.ContainsRune(",]}", next) {
				s.blanks(line, i)
			}
			i = end
			continue
		case r == ' ' || r == '\t':
		case r == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return
		case begins && (r == '"' || r == '\''):
			s.quote = r
			if !colon && s.depth == 0 {
				keyColumn = i
			}
		case begins && r == '-' && !colon && s.depth == 0 && gap(i+1):
			keyColumn = i
		case begins && (r == '{' || r == '['):
			s.depth++
		case s.depth > 0 && (r == '}' || r == ']'):
			s.depth--
			begins = false
			s.blanks(line, i+1)
		case s.depth > 0 && r == ',':
			begins = true
		case begins && (r == '|' || r == '>') && s.depth == 0:
			s.block, s.blockIn = true, keyColumn
			return
		case begins && (r == '&' || r == '!'):
			for !gap(i) {
				i++
			}
			continue
		case r == ':' && gap(i+1) && (s.depth > 0 || !colon):
			begins = true
			colon = s.depth == 0
		case begins:
			begins = false
			if !colon && s.depth == 0 {
				keyColumn = i
			}
		}
		i++
	}
}

// blanks replaces the invisible characters from i on up to the next visible one.
func (s *lineScanner) blanks(line []rune, i int) {
	found := false
	for ; i < len(line) && (line[i] == ' ' || Invisible(line[i])); i++ {
		if Invisible(line[i]) {
			if !found {
				s.note(Position{s.name, s.row, i + 1}, line[i])
			}
			found = true
			line[i] = ' '
		}
	}
}

// note keeps one place: lines in a row are one mistake.
func (s *lineScanner) note(at Position, r rune) {
	if s.first != nil && at.Line <= s.latest+1 {
		if at.Line > s.latest {
			s.more++
		}
		s.latest = at.Line
		return
	}
	s.report()
	s.first, s.rune, s.more, s.latest = &at, r, 0, at.Line
}

func (s *lineScanner) report() {
	if s.first == nil {
		return
	}
	hint := spaceHint
	switch {
	case s.more == 1:
		hint += "; the next line has one, too"
	case s.more > 1:
		hint += fmt.Sprintf("; the next %d lines have them, too", s.more)
	}
	s.diags.ReportError(*s.first, nil, InvisibleCode, hint, "%s stands here, which looks like a space or like nothing, and is a letter to YAML", RuneName(s.rune))
	s.first = nil
}
