package check

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// templateHints are for what people write who know another language. Each pattern
// is of the text behind the place where a template breaks off, before is of the
// text up to there.
var templateHints = []struct {
	before, at *lazyregexp.Regexp
	hint       string
}{
	{nil, lazyregexp.New(`^&&`), "write and"},
	{lazyregexp.New(`\|$`), lazyregexp.New(`^\|`), "write or"},
	{nil, lazyregexp.New(`^!`), "write not"},
	{nil, lazyregexp.New(`^\?`), "write A if CONDITION else B"},
	{lazyregexp.New(`=$`), lazyregexp.New(`^=`), "write == to compare"},
	{nil, lazyregexp.New(`^=`), "write == to compare, {% set NAME = … %} to keep a value"},
	{lazyregexp.New(`\belse\s+$`), lazyregexp.New(`^if\b`), "write elif"},
	{nil, lazyregexp.New(`^(elseif|elsif)\b`), "write elif"},
	{nil, lazyregexp.New("^[“”„‘’‚«»`´]"), `write straight quotes: ' or "`},
	{nil, lazyregexp.New(`^\$`), "write names without $"},
	{nil, lazyregexp.New(`^}\s*$`), "an expression ends with }}, a statement with %}"},
}

// syntaxHintAt says what to write where a template breaks off, or "" where its own
// message says it all. Line and column count from 1.
func syntaxHintAt(template string, line, column int) string {
	lines := strings.Split(template, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(lines[line-1])
	column = max(0, min(column-1, len(text)))
	before, behind := string(text[:column]), string(text[column:])
	for _, h := range templateHints {
		if h.at.MatchString(behind) && (h.before == nil || h.before.MatchString(before)) {
			return h.hint
		}
	}
	return ""
}
