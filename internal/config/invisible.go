package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"

	"go.yaml.in/yaml/v3"
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

func invisible(r rune) bool { return r > unicode.MaxASCII && invisibleNames[r] != "" }

func runeName(r rune) string { return fmt.Sprintf("U+%04X (%s)", r, invisibleNames[r]) }

const (
	invisibleCode = "invisible-character"
	spaceHint     = "write a space, or nothing; text copied from web pages and word processors has them"
)

// visible reports the invisible characters between the words of YAML: in the
// indentation, and around keys, values, dashes, brackets and commas. It answers the
// text with spaces in their places, so that the rest of the file can be read; each
// character stays where it was. Those inside of a word or a text are left.
func visible(name string, data string, diags *Reporter) string {
	if !strings.ContainsFunc(data, invisible) {
		return data
	}
	s := lineScanner{name: name, diags: diags}
	var out strings.Builder
	from := 0
	for start, end := range lineBreaks(data) {
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
	blank := !slices.ContainsFunc(line, func(r rune) bool { return !invisible(r) && !unicode.IsSpace(r) })
	if s.block {
		if blank || indent > s.blockIn {
			return text
		}
		s.block = false
	}
	if blank && s.quote == 0 {
		return strings.Map(func(r rune) rune {
			if invisible(r) {
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
	for ; i < len(line) && (line[i] == ' ' || invisible(line[i])); i++ {
		entry = i + 1
	}
	keyColumn, i = entry, 0
	at := func(n int) rune {
		if n < len(line) {
			return line[n]
		}
		return '\n'
	}
	gap := func(n int) bool { r := at(n); return r == ' ' || r == '\n' || r == '\t' || invisible(r) }
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
		case invisible(r):
			end := i
			for end < len(line) && (line[end] == ' ' || invisible(line[end])) {
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
	for ; i < len(line) && (line[i] == ' ' || invisible(line[i])); i++ {
		if invisible(line[i]) {
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
	s.diags.ReportError(*s.first, "", invisibleCode, hint, "%s stands here, which looks like a space or like nothing, and is a letter to YAML", runeName(s.rune))
	s.first = nil
}

// visibleNames takes invisible characters out of keys, uses and ids.
func (u upgrader) visibleNames(n *yaml.Node, path string, seen map[*yaml.Node]bool) {
	n = target(n)
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	for i, item := range n.Content {
		if n.Kind == yaml.SequenceNode {
			u.visibleNames(item, at(path, i), seen)
			continue
		}
		if n.Kind != yaml.MappingNode || i%2 == 0 {
			continue
		}
		key := target(n.Content[i-1])
		u.visibleName(key, path, true)
		inner := join(path, key.Value)
		value := target(item)
		if value.Kind == yaml.ScalarNode && (key.Value == "use" || key.Value == "id" || strings.HasSuffix(path, "injects")) {
			u.visibleName(value, inner, false)
		}
		u.visibleNames(item, inner, seen)
	}
}

func (u upgrader) visibleName(n *yaml.Node, path string, key bool) {
	i := strings.IndexFunc(n.Value, invisible)
	if i < 0 || n.Kind != yaml.ScalarNode {
		return
	}
	position := u.at(n)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && position.Line > 0 {
		position.Column += len([]rune(n.Value[:i]))
		if n.Style != 0 {
			position.Column++
		}
	}
	r := []rune(n.Value[i:])[0]
	clean := strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, n.Value)
	if key {
		path = join(path, clean)
	}
	u.diags.ReportError(position, path, invisibleCode, "remove it; text copied from web pages and word processors has them", "%s stands in %q and can't be seen", runeName(r), clean)
	n.Value = clean
}

// oddities finds the texts that hold what people don't see, or take for quotes. It
// answers a warning for each, by its path; where a text is wrong for another reason,
// this is the cause of it.
func (a *atlas) oddities() map[string]Diagnostic {
	out := map[string]Diagnostic{}
	for path, p := range a.places {
		if p.kind != yaml.ScalarNode || p.value.Line == 0 || isASCII(p.text) {
			continue
		}
		var one Reporter
		switch i := a.hidden(p); {
		case i >= 0:
			before := p.text[:i]
			line := strings.Count(before, "\n") + 1
			column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
			at := textPosition(a.lines[p.value.File], p, line, column)
			r := []rune(p.text[i:])[0]
			if lines := a.lines[at.File]; at.Line <= len(lines) && strings.ContainsRune(lines[at.Line-1], r) { // no escape
				one.Warn(at, path, invisibleCode, "remove it, or write a space; put the text in double quotes with \\u"+fmt.Sprintf("%04X", r)+" if it is meant", "%s stands in this text and can't be seen", runeName(r))
			}
		case p.style == 0 && inTypographicQuotes(p.text):
			one.Warn(p.value, path, "typographic-quotes", `write straight quotes: ' or "`, "the quotes around this value are typographic ones, and so a part of the value")
		}
		if len(one.List) > 0 {
			out[path] = one.List[0]
		}
	}
	return out
}

// hidden is the offset of an invisible character that is hardly meant: any at the
// ends of a text, and in a text without quotes those that don't join letters of
// other scripts. It is -1 where there is none.
func (a *atlas) hidden(p place) int {
	if strings.IndexFunc(p.text, invisible) < 0 {
		return -1
	}
	if p.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return -1
	}
	text := []rune(p.text)
	offset := 0
	for i, r := range text {
		edge := i == 0 || i == len(text)-1
		joins := unicode.Is(unicode.Cf, r) && r != 0x00ad && !edge && (text[i-1] > 0x24f || text[i+1] > 0x24f)
		if invisible(r) && (edge || p.style == 0 && !joins) {
			return offset
		}
		offset += len(string(r))
	}
	return -1
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// inTypographicQuotes is true for a text that a word processor put into quotes.
func inTypographicQuotes(text string) bool {
	runes := []rune(text)
	if len(runes) < 2 {
		return false
	}
	first, last := runes[0], runes[len(runes)-1]
	quote := func(r rune) bool { return strings.ContainsRune(vocabulary.TypographicQuotes, r) }
	inner := string(runes[1 : len(runes)-1])
	return quote(first) && (quote(last) || last == '"' || last == '\'') && !strings.ContainsAny(inner, "“”„«»")
}
