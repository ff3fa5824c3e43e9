package source

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Redactor finds what else must not be shown of a line: from and to, in bytes.
type Redactor func(line string) [][2]int

// Excerpt shows the diagnostic's line with a caret below its column, or "" when the
// line isn't in sources. What may be a secret is not shown: see [hidden].
func (p Diagnostic) Excerpt(sources []File, redactors ...Redactor) string {
	for _, s := range sources {
		if s.Name != p.File || p.Line < 1 {
			continue
		}
		lines := Lines(s.Data)
		if p.Line > len(lines) || p.insideSecret(lines[p.Line-1]) {
			return ""
		}
		line, runes := lines[p.Line-1], []rune(lines[p.Line-1])
		caret := len(string(runes[:max(0, min(p.Column-1, len(runes)))]))
		shown, caret := masked(line, caret, p.hidden(lines, redactors))
		shown, column := window(shown, utf8.RuneCountInString(shown[:caret]))
		margin := []rune(shown)[:column]
		for i, r := range margin {
			if r != '\t' {
				margin[i] = ' '
			}
		}
		return fmt.Sprintf("%5d | %s\n      | %s^\n", p.Line, shown, string(margin))
	}
	return ""
}

// masked puts the mask over the spans, and moves the caret, an offset, with the text.
func masked(line string, caret int, spans [][2]int) (string, int) {
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	var out strings.Builder
	end, moved := 0, -1
	for i := 0; i < len(spans); i++ {
		from, to := spans[i][0], spans[i][1]
		for i+1 < len(spans) && spans[i+1][0] <= to {
			i++
			to = max(to, spans[i][1])
		}
		if moved < 0 && caret < from {
			moved = out.Len() + caret - end
		}
		out.WriteString(line[end:from])
		if moved < 0 && caret < to {
			moved = out.Len()
		}
		out.WriteString(redact.Mask)
		end = to
	}
	if moved < 0 {
		moved = out.Len() + caret - end
	}
	return out.String() + line[end:], moved
}

// insideSecret is true for a line of a secret's value that doesn't have its key.
func (p Diagnostic) insideSecret(line string) bool {
	for _, key := range p.keys() {
		if secretname.Resembles(key) && !strings.Contains(line, key) {
			return true
		}
	}
	return false
}

// keys are those on the way to the value; a path that can't be read is taken for one.
func (p Diagnostic) keys() []string {
	path, err := params.ParsePath(p.Path)
	if err != nil {
		return []string{p.Path}
	}
	return secretname.Keys(path)
}

// aboutKeys are the codes of diagnostics below which a value is not known to be none
// that must not be shown.
var aboutKeys = []string{"unknown-key", "unknown-injection", "near-key", "bad-key", "duplicate-key", "unknown-tag", "bad-merge", InvisibleCode}

// hidden are the parts of the diagnostic's line that are not shown. The text alone is
// read, because the line may be the one that is not valid YAML. A value is shown where
// its key is known not to have a secret, or where it has a form that secrets don't have; of a
// line that is not YAML, what is before the separator.
func (p Diagnostic) hidden(lines []string, redactors []Redactor) [][2]int {
	line := lines[p.Line-1]
	template := strings.HasPrefix(p.Code, "template")
	keys := p.keys()
	h := hider{line: line, unreadable: p.Path == "" && !template, known: func(key string) bool {
		return secretname.Harmless(key) || template || p.Path != "" && !slices.Contains(aboutKeys, p.Code) && slices.ContainsFunc(keys, func(step string) bool { return strings.HasSuffix(step, key) })
	}}
	switch {
	case h.unreadable && secretAbove(lines[:p.Line-1], line):
		h.hide(indentOf(line), len(line))
	case h.keys(0, len(line)) == 0 && h.unreadable:
		h.words()
	}
	if h.unreadable {
		h.named()
	}
	h.anywhere()
	for _, redact := range redactors {
		for _, span := range redact(line) {
			if !slices.ContainsFunc(h.references, func(r [2]int) bool { return r[0] <= span[0] && span[1] <= r[1] }) {
				h.spans = append(h.spans, span)
			}
		}
	}
	return h.spans
}

type hider struct {
	line       string
	unreadable bool // it is not YAML
	known      func(key string) bool
	spans      [][2]int
	references [][2]int // values that are wholly a reference
}

func (h *hider) hide(from, to int) {
	if from < to {
		h.spans = append(h.spans, [2]int{from, to})
	}
}

func (h *hider) covered(i int) bool {
	return slices.ContainsFunc(h.spans, func(s [2]int) bool { return s[0] <= i && i < s[1] })
}

var (
	// keyInLine is a key with the beginning of what it holds.
	keyInLine = lazyregexp.New(`(<<|[\p{L}\d_-]+)(["']?)\s*:(\s*)`)
	// wholeScalar is a value that certainly ends in the line.
	wholeScalar = lazyregexp.New(`^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,{}\[\]"'|>&*!%@]+)(?:\s*(?:[,}\]]|$)|\s+#)`)
	quotedText  = lazyregexp.New(`^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')`)
	// wholeReference is a value that names where the value is.
	WholeReference = lazyregexp.New(`^["']?(?:\$\{(?:[A-Za-z_]\w*|file:(?:[^{}"'\s]|\$\{[A-Za-z_]\w*\})+)\}|\{\{\s*get_env\(\s*(?:'\w+'|"\w+")\s*\)\s*\}\})["']?(?:\s*(?:[,}\]]|$)|\s+#)`)
	// swallowedSecret is a comment that may have been meant to be the value.
	swallowedSecret = lazyregexp.New(`^#[^\s#]`)
	// opening is the sign of a block of text, or nothing.
	opening = lazyregexp.New(`^(?:[|>][-+\d]*)?\s*(?:#.*)?$`)
	// harmless is the form of a value that is not a secret: a switch, a small number, a
	// length of time, an alias, a template.
	harmless = lazyregexp.New(`(?i)^["']?(?:true|false|yes|no|on|off|null|~|[+-]?\d{1,3}(?:\.\d{1,3})?|PT?\d[\dDHMSTW.,]*|\d+(?:\.\d+)? ?(?:ms|s|m|h|d|sec|min)|\*[\w-]+|\{\{[^'"]*\}\}|\[\]|\{\})["']?(?:\s*(?:[,}\]]|$)|\s+#)`)
)

// keys hides the values of a part of the line, and returns how many keys it has.
func (h *hider) keys(from, to int) int {
	count := 0
	for from < to {
		m := keyInLine.FindStringSubmatchIndex(h.line[from:to])
		if m == nil {
			return count
		}
		count++
		keyAt, key := from+m[2], h.line[from+m[2]:from+m[3]]
		glued := m[4] == m[5] && m[6] == m[7] && from+m[1] < to // it may be no key
		from += m[1]
		rest := h.line[from:to]
		scalar := wholeScalar.FindStringSubmatchIndex(rest)
		reference := WholeReference.FindString(rest)
		switch inQuotes := quotedText.FindString(rest); {
		case secretname.Resembles(key) && swallowedSecret.MatchString(rest):
			h.hide(from, to)
			return count
		case opening.MatchString(rest):
			return count
		case reference != "" && (secretname.Resembles(key) || !glued):
			h.references = append(h.references, [2]int{from, from + len(reference)})
			from += len(reference)
		case secretname.Resembles(key) && scalar == nil:
			h.hide(from, to)
			return count
		case secretname.Resembles(key):
			h.hide(from, from+scalar[3])
			from += scalar[3]
		case glued || h.known(key) && inQuotes == "":
		case h.known(key):
			h.named(from, from+len(inQuotes))
			from += len(inQuotes)
		case scalar != nil && secretname.IsWord(strings.Trim(rest[:scalar[3]], `"'`)): // swapped
			h.hide(keyAt, keyAt+len(key))
			from += scalar[3]
		case harmless.MatchString(rest):
			from += len(strings.TrimRight(harmless.FindString(rest), " \t,}]#"))
		case strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, "{{"):
			from++
		case scalar != nil:
			h.hide(from, from+scalar[3])
			from += scalar[3]
		default:
			h.hide(from, to)
			return count
		}
	}
	return count
}

var (
	// bareLine is a line without a key: its first word, a separator and the rest.
	bareLine = lazyregexp.New(`^[\s{[(-]*["']?([\p{L}\d_.-]+)["']?(\s*(?:=>|:=|->|[=;,：﹕|-])?\s*["']?)`)
	brackets = lazyregexp.New(`^[\s\[\]{},-]*$`)
)

// words hides what stands in a line without a key, after its first word at the most.
func (h *hider) words() {
	start := indentOf(h.line)
	content := strings.TrimPrefix(h.line[start:], "- ")
	start = len(h.line) - len(content)
	if brackets.MatchString(content) || harmless.MatchString(content) || strings.HasPrefix(content, "#") {
		return
	}
	m := bareLine.FindStringSubmatchIndex(h.line)
	if m != nil && (h.known(h.line[m[2]:m[3]]) || secretname.Resembles(h.line[m[2]:m[3]])) {
		h.hide(m[1], len(h.line))
		return
	}
	h.hide(start, len(h.line))
}

var (
	wordInLine = lazyregexp.New(`[\p{L}\d_-]+`)
	getsWord   = lazyregexp.New(`(?:\$\{(?:file:)?|get_env\(\s*["'])[^}'"]*$`)
	afterWord  = lazyregexp.New(`^["']?\s*(?:[:=：;]|=>|->|-)?\s*["']?`)
	onlySigns  = lazyregexp.New(`^[\s"'\]}),:.?]*$`)
)

// named hides what follows a word that is named like a secret.
func (h *hider) named(part ...int) {
	from, to := 0, len(h.line)
	if len(part) == 2 {
		from, to = part[0], part[1]
	}
	for _, m := range wordInLine.FindAllStringIndex(h.line[from:to], -1) {
		end := from + m[1]
		if !secretname.Resembles(h.line[from+m[0]:end]) || h.covered(from+m[0]) || getsWord.MatchString(h.line[:end]) {
			continue
		}
		rest := h.line[end:to]
		sign := afterWord.FindString(rest)
		if at := end + len(sign); !onlySigns.MatchString(rest[len(sign):]) && !h.covered(at) && !h.examined(at) && !(len(part) == 2 && strings.TrimSpace(sign) == "") {
			h.hide(at, to)
			return
		}
	}
}

// examined is true for the beginning of a value that was looked at.
func (h *hider) examined(at int) bool {
	return slices.ContainsFunc(h.references, func(r [2]int) bool { return r[0] <= at && at < r[1] }) ||
		slices.ContainsFunc(h.spans, func(s [2]int) bool { return s[0] <= at && at <= s[1] }) || opening.MatchString(h.line[at:])
}

var (
	authority = lazyregexp.New(`://((?:[\w.$-]|\{\{[^{}]*\}\}|\$\{[^{}]*\})*|\[[0-9A-Fa-f:.]*\])(?::(?:\d{1,5}|\$\{[^{}]*\}|\{\{[^{}]*\}\})?)?($|[/?#"'\s,}\]])`)
	login     = lazyregexp.New(`[^\s:"'{\[,]:[^\s:"'{\[,][^"']*@`)
	query     = lazyregexp.New(`(?:://|/)[^\s"'?{}]*\?([^\s"'{}?]*=[^\s"']*)`)
	bearer    = lazyregexp.New(`(?i)\b(?:bearer|basic)\s+([^\s"']+)`)
	equals    = lazyregexp.New(`([\p{L}\d_-]+)=([^\s"'&={}|]+)`)
	comment   = lazyregexp.New(`(?:^|\s)#(.+)$`)
	beginKey  = lazyregexp.New(`-----BEGIN.*$`)
)

// anywhere hides what is a secret by its form: the login of an address, what an
// address asks for, the token of a header, a comment about a secret.
func (h *hider) anywhere() {
	for from := 0; ; {
		i := strings.Index(h.line[from:], "://")
		if i < 0 {
			break
		}
		i += from
		from = i + 3
		last := strings.LastIndexByte(h.line[from:], '@')
		m := authority.FindStringIndex(h.line[i:])
		switch plain := m != nil && m[0] == 0; {
		case last >= 0 && (!plain || !strings.ContainsAny(h.line[from:from+last], " ,")):
			h.hide(from, from+last)
			from += last
		case !plain:
			end := strings.IndexAny(h.line[from:], "\"' \t/")
			if end < 0 {
				end = len(h.line) - from
			}
			if colon := strings.LastIndexByte(h.line[from:from+end], ':'); colon >= 0 {
				h.hide(from, from+end)
			}
		}
	}
	for _, m := range login.FindAllStringIndex(h.line, -1) {
		start := m[0] + strings.IndexByte(h.line[m[0]:], ':') + 1
		if !strings.HasPrefix(h.line[start:], "//") {
			h.hide(start, m[1]-1)
		}
	}
	for _, form := range []*lazyregexp.Regexp{query, bearer} {
		for _, m := range form.FindAllStringSubmatchIndex(h.line, -1) {
			h.hide(m[2], m[3])
		}
	}
	for _, m := range equals.FindAllStringSubmatchIndex(h.line, -1) {
		if secretname.Resembles(h.line[m[2]:m[3]]) {
			h.hide(m[4], m[5])
		}
	}
	if m := comment.FindStringSubmatchIndex(h.line); m != nil && slices.ContainsFunc(wordInLine.FindAllString(h.line[m[2]:m[3]], -1), secretname.Resembles) {
		h.hide(m[2], m[3])
	}
	if m := beginKey.FindStringIndex(h.line); m != nil {
		h.hide(m[0], m[1])
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// opened is a key with the beginning of what may go on in the lines below.
var opened = lazyregexp.New(`^\s*(?:- +)*["']?([\p{L}\d_ -]+?)["']?\s*:(?:\s*|\s+(?:[|>&!\[{][^"']*|"[^"]*|'[^']*|[^"'\[{#]+))$`)

// linesBack is how far above a line the key of its text is looked for.
const linesBack = 200

// secretAbove reports whether the line seems to go on with the value of a secret.
func secretAbove(above []string, line string) bool {
	for i := len(above) - 1; i >= max(0, len(above)-linesBack); i-- {
		m := opened.FindStringSubmatch(above[i])
		switch {
		case m != nil && secretname.Resembles(m[1]):
			key := keyInLine.FindStringSubmatch(line)
			return key == nil || indentOf(line) > indentOf(above[i]) && !secretname.Harmless(key[1])
		case m != nil || strings.Contains(above[i], ": "):
			return false
		}
	}
	return false
}

// excerptWidth is how much of a line is shown, in characters.
const excerptWidth = 200

// window cuts a very long line down to what is around column.
func window(line string, column int) (string, int) {
	runes := []rune(line)
	if len(runes) <= excerptWidth {
		return line, column
	}
	from := max(0, min(column-excerptWidth/2, len(runes)-excerptWidth))
	return string(runes[from : from+excerptWidth]), column - from
}
