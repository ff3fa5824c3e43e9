package source

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// reportSyntax reports YAML that does not parse. The parser names only a line, and
// often the one in which the surrounding block began, so the place is looked for:
// it is where the longest text ends that still parses.
func reportSyntax(s File, data []byte, err error, diags *Reporter) {
	parser := readParserError(err)
	message, line := parser.message, parser.line
	skipped := len(s.Data) - len(data)
	if anchor := parser.anchor; anchor != "" {
		offset := max(bytes.Index(data, []byte("*"+anchor)), 0)
		at := OffsetPosition(s, skipped+offset)
		if !strings.Contains(Diagnostic{File: s.Name, Line: at.Line}.Excerpt([]File{s}), anchor) {
			diags.ReportError(at, nil, "unknown-anchor", "quote the text, because * begins an alias", "this alias has no anchor")
			return
		}
		diags.ReportError(at, nil, "unknown-anchor", "write &"+anchor+" at the value that is meant, above this line, or quote it if it is text", "the alias *%s has no anchor", anchor)
		return
	}
	if parser.says("control characters are not allowed") {
		offset := max(bytes.IndexFunc(data, notPrintable), 0)
		r, _ := utf8.DecodeRune(data[offset:])
		what := fmt.Sprintf("the control character U+%04X", r)
		if Invisible(r) {
			what = RuneName(r)
		}
		diags.ReportError(OffsetPosition(s, skipped+offset), nil, "encoding", "remove it, or write it as an escape in double quotes", "%s can't stand in YAML", what)
		return
	}
	offset, ok := longestParsed(data)
	if !ok {
		offset = lineStart(data, line)
	}
	if parser.says("found unknown escape character") {
		if i := unknownEscape.FindIndex(data[offset:]); i != nil {
			diags.ReportError(OffsetPosition(s, skipped+offset+i[1]-1), nil, "yaml-syntax", `write single quotes, in which \ is nothing special, or \\`, "this is not valid YAML: %s", message)
			return
		}
	}
	at := OffsetPosition(s, skipped+offset)
	text, above := "", ""
	if lines := Lines(data); at.Line <= len(lines) {
		text = lines[at.Line-1]
		if at.Line > 1 {
			above = lines[at.Line-2]
		}
	}
	if mistake := mistakenLine(at, text, above); mistake != nil {
		diags.ReportError(mistake.at, nil, "yaml-syntax", mistake.hint, "this is not valid YAML: %s", message)
		return
	}
	if indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]; strings.Contains(indent, "\t") {
		at.Column = strings.Index(indent, "\t") + 1
		diags.ReportError(at, nil, "yaml-syntax", "indent with spaces", "a tab indents this line")
		return
	}
	if behind := []rune(text)[min(at.Column-1, len([]rune(text))):]; len(behind) > 0 && openQuote.MatchString(string(behind)) && !closesQuote(behind) {
		diags.ReportError(at, nil, "yaml-syntax", "close the quotes that open here", "this is not valid YAML: the text in quotes has no end in this line")
		return
	}
	if mark, ok := unclosed(text); ok && parser.says("' or '") {
		at.Column = mark.column
		if closing, bracket := closingOf[mark.mark]; bracket {
			diags.ReportError(at, nil, "yaml-syntax", fmt.Sprintf("close the bracket that opens here: %c", closing), "this is not valid YAML: %s", message)
		} else {
			diags.ReportError(at, nil, "yaml-syntax", "close the quotes that open here", "this is not valid YAML: the text in quotes has no end in this line")
		}
		return
	}
	diags.ReportError(at, nil, "yaml-syntax", syntaxHint(parser, text), "this is not valid YAML: %s", message)
}

var (
	// unknownEscape is text in double quotes up to a backslash that means nothing.
	unknownEscape = lazyregexp.New(`^[^"]*"(?:[^"\\]|\\[0abtnvfre "/\\N_LPxuU\n\r\t])*\\`)
	keyWithValue  = lazyregexp.New(`^[\s-]*[\w.-]+:\s+[^\s|>#&{\[].*$`)
	keyAlone      = lazyregexp.New(`^(\s*)(- +)?[\w.-]+:(\s|$)`)
	keyGlued      = lazyregexp.New(`^([\s-]*)(id|use|injects|params|steps|on|run|name|limit|interval|expression|ticket_id|base_url|username|level):[^\s]\S*$`)
	beforeKey     = lazyregexp.New(`^\s*(?:- +)*`)
	noColon       = lazyregexp.New(`^(\s*(?:- +)?)([A-Za-z_][\w-]*) *(?: |=|:=|=>) *["'{\[][^:]*$`)
	// bareConstraint begins with the sign of a block of text.
	bareConstraint = lazyregexp.New(`^(\s*(?:- +)?[\w.-]+:\s+)([|>][=<~^\d .].*)$`)
	// sign stands where a key and a colon should.
	sign = lazyregexp.New(`^(\s*(?:- +)?)([A-Za-z_][\w-]*)\s*(?:=|:=|=>)\s*\S`)
	// loneWord is a key without its colon.
	loneWord = lazyregexp.New(`^(\s*)([A-Za-z_][\w-]*)\s*$`)
	// blockHeader begins a text of several lines.
	blockHeader = lazyregexp.New(`^(\s*(?:- +)?)[\w.-]+:\s+[|>][+-]?\d?[+-]?\s*$`)
	// colonInText is a text without quotes in brackets with a colon in it.
	colonInText    = lazyregexp.New(`^(.*[{,]\s*[\w.-]+:\s+)([^\s"'{}\[\]&*!|>,][^,{}\[\]"']*:\s.*)$`)
	conflictMark   = lazyregexp.New(`^(?:<{7}|={7}|>{7})(?:\s|$)`)
	foreignComment = lazyregexp.New(`^(\s*)(?:\{#|//|/\*|<!--|;|--\s)`)
	lineOfDots     = lazyregexp.New(`^(\s*)(?:\.\.\.|…)\s*$`)
	openQuote      = lazyregexp.New(`^["']`)
	dashGlued      = lazyregexp.New(`^(\s*)-[A-Za-z_]+:(\s|$)`)
)

type lineMistake struct {
	at   Position
	hint string
}

// mistakenLine finds what the parser's message does not say: a dash or a colon
// without a space, in the line or the one above, and a line that is indented more
// than the one above although that has its value already.
func mistakenLine(at Position, line, above string) *lineMistake {
	for _, m := range []struct {
		form *lazyregexp.Regexp
		hint string
	}{
		{conflictMark, "these are the marks of a merge conflict: keep one of the two versions, and remove <<<<<<<, ======= and >>>>>>>"},
		{foreignComment, "a comment begins with #"},
		{lineOfDots, "remove this line: ... ends a document"},
	} {
		if found := m.form.FindStringSubmatch(line); found != nil {
			return &lineMistake{Position{at.File, at.Line, len(strings.Join(found[1:], "")) + 1}, m.hint}
		}
	}
	if m := blockHeader.FindStringSubmatch(above); m != nil && LeadingSpaces(line) <= len(m[1]) && !keyAlone.MatchString(line) {
		return &lineMistake{Position{at.File, at.Line, LeadingSpaces(line) + 1}, "indent the text more than the key above it"}
	}
	if m := loneWord.FindStringSubmatch(above); m != nil && LeadingSpaces(line) > LeadingSpaces(above) {
		return &lineMistake{Position{at.File, at.Line - 1, len(m[1]) + 1}, fmt.Sprintf("a colon is missing: write %s:", m[2])}
	}
	if m := colonInText.FindStringSubmatch(line); m != nil {
		return &lineMistake{Position{at.File, at.Line, len([]rune(m[1])) + 1}, "put text with a colon in quotes"}
	}
	for i, text := range []string{line, above} {
		row := at.Line - i
		if m := sign.FindStringSubmatch(text); m != nil {
			return &lineMistake{Position{at.File, row, len(m[1]) + 1}, fmt.Sprintf("a colon is missing: write %s: …", m[2])}
		}
		if m := noColon.FindStringSubmatch(text); m != nil {
			return &lineMistake{Position{at.File, row, len(m[1]) + 1}, fmt.Sprintf("a colon is missing: write %s: …", m[2])}
		}
		if m := bareConstraint.FindStringSubmatch(text); m != nil {
			return &lineMistake{Position{at.File, row, len(m[1]) + 1}, fmt.Sprintf("put it in quotes: \"%s\"", strings.TrimSpace(m[2]))}
		}
		if m := dashGlued.FindStringSubmatch(text); m != nil {
			return &lineMistake{Position{at.File, row, len(m[1]) + 1}, "write a space after the dash"}
		}
		if m := keyGlued.FindStringSubmatch(text); m != nil {
			return &lineMistake{Position{at.File, row, len(m[1]) + 1}, fmt.Sprintf("write a space after the colon: %s: …", m[2])}
		}
	}
	if m := keyAlone.FindStringSubmatch(line); m != nil && keyWithValue.MatchString(above) && len(m[1]) > len(beforeKey.FindString(above)) && m[2] == "" {
		return &lineMistake{Position{at.File, at.Line, len(m[1]) + 1}, "indent it like the key above, which has its value already"}
	}
	return nil
}

// closesQuote is true for a text that begins with a quote and has its end.
func closesQuote(text []rune) bool {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && text[0] == '"':
			i++
		case text[i] == text[0]:
			return true
		}
	}
	return false
}

func syntaxHint(parser parserError, line string) string {
	switch {
	case params.HasTemplate(line):
		return "put the template in quotes, and use the other kind of quotes inside"
	case parser.says("mapping values are not allowed"):
		return "put text with a colon in quotes, or correct the indentation"
	case parser.says("cannot start any token"):
		return "put the text in quotes"
	case parser.says("end of stream"):
		return "close the quotes that open here"
	case parser.says("'-' indicator"):
		return "the entries above begin with a dash: indent this line less or more, or begin it with a dash"
	case parser.says("',' or"):
		return "close the bracket"
	default:
		return "look at the indentation of this line and the one above"
	}
}

// longestParsed returns the offset after the longest prefix of data that parses,
// first by lines, then by characters of the next line. It gives up where that
// would take long.
func longestParsed(data []byte) (int, bool) {
	budget := 16 << 20
	parses := func(prefix []byte) bool {
		budget -= len(prefix)
		var n yaml.Node
		return yaml.Unmarshal(prefix, &n) == nil
	}
	start := len(data)
	for {
		start = bytes.LastIndexByte(data[:start], '\n') + 1
		if start == 0 || parses(data[:start]) {
			break
		}
		if budget < 0 {
			return 0, false
		}
		start--
	}
	line := data[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	indent := len(line) - len(bytes.TrimLeft(line, " "))
	for n := len(line); n > indent; n-- {
		if n < len(line) && !utf8.RuneStart(line[n]) {
			continue
		}
		if parses(data[:start+n]) {
			n += len(line[n:]) - len(bytes.TrimLeft(line[n:], " "))
			return start + n, true
		}
		if budget < 0 {
			break
		}
	}
	return start + indent, true
}

// notPrintable is what YAML refuses in a stream.
func notPrintable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' ||
		r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff || r == 0xfeff
}

func invalidUTF8(data []byte) int {
	offset := 0
	for offset < len(data) {
		r, size := utf8.DecodeRune(data[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return offset
}
