package config

import (
	"strings"
)

// templateHints are for what people write who know another language. Each pattern
// is of the text behind the place where a template breaks off, before is of the
// text up to there.
var templateHints = []struct {
	before, at *pattern
	hint       string
}{
	{nil, newPattern(`^&&`), "write and"},
	{newPattern(`\|$`), newPattern(`^\|`), "write or"},
	{nil, newPattern(`^!`), "write not"},
	{nil, newPattern(`^\?`), "write A if CONDITION else B"},
	{newPattern(`=$`), newPattern(`^=`), "write == to compare"},
	{nil, newPattern(`^=`), "write == to compare, {% set NAME = … %} to keep a value"},
	{newPattern(`\belse\s+$`), newPattern(`^if\b`), "write elif"},
	{nil, newPattern(`^(elseif|elsif)\b`), "write elif"},
	{nil, newPattern("^[“”„‘’‚«»`´]"), `write straight quotes: ' or "`},
	{nil, newPattern(`^\$`), "write names without $"},
	{nil, newPattern(`^}\s*$`), "an expression ends with }}, a statement with %}"},
}

// syntaxHintAt tells what to write where a template breaks off, or "" where its own
// message says it all. Line and column count from 1.
func syntaxHintAt(source string, line, column int) string {
	lines := strings.Split(source, "\n")
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
