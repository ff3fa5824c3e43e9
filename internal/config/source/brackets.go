package source

import "strings"

// openMark is a bracket or a quote in a line of YAML that has no end there.
type openMark struct {
	column int // from 1
	mark   rune
}

var closingOf = map[rune]rune{'{': '}', '[': ']'}

// unclosed finds the quote that doesn't end in a line, else the bracket that another
// one closes, else the innermost one that is left open.
func unclosed(line string) (openMark, bool) {
	var open []openMark
	text := []rune(line)
	for i := 0; i < len(text); i++ {
		r := text[i]
		switch {
		case r == '#' && (i == 0 || text[i-1] == ' '):
			i = len(text)
		case (r == '"' || r == '\'') && (i == 0 || strings.ContainsRune(" ,[{:", text[i-1])):
			end := i + 1
			for end < len(text) && text[end] != r {
				if text[end] == '\\' && r == '"' {
					end++
				}
				end++
			}
			if end >= len(text) {
				return openMark{i + 1, r}, true
			}
			i = end
		case r == '{' || r == '[':
			open = append(open, openMark{i + 1, r})
		case (r == '}' || r == ']') && len(open) > 0:
			last := open[len(open)-1]
			if closingOf[last.mark] != r {
				return last, true
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return openMark{}, false
	}
	return open[len(open)-1], true
}
