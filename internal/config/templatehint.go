package config

import (
	"regexp"
	"strings"
)

// templateHints are for what people write who know another language. Each pattern
// is of the text behind the place where a template breaks off, before is of the
// text up to there.
var templateHints = []struct {
	before, at *regexp.Regexp
	hint       string
}{
	{nil, regexp.MustCompile(`^&&`), "write and"},
	{regexp.MustCompile(`\|$`), regexp.MustCompile(`^\|`), "write or"},
	{nil, regexp.MustCompile(`^!`), "write not"},
	{nil, regexp.MustCompile(`^\?`), "write A if CONDITION else B"},
	{regexp.MustCompile(`=$`), regexp.MustCompile(`^=`), "write == to compare"},
	{nil, regexp.MustCompile(`^=`), "write == to compare, {% set NAME = … %} to keep a value"},
	{regexp.MustCompile(`\belse\s+$`), regexp.MustCompile(`^if\b`), "write elif"},
	{nil, regexp.MustCompile(`^(elseif|elsif)\b`), "write elif"},
	{nil, regexp.MustCompile("^[“”„‘’‚«»`´]"), `write straight quotes: ' or "`},
	{nil, regexp.MustCompile(`^\$`), "write names without $"},
	{nil, regexp.MustCompile(`^}\s*$`), "an expression ends with }}, a statement with %}"},
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
