package filters

import (
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// prettyWidth is where Python's pprint breaks lines.
const prettyWidth = 80

// pretty lays a value out over several lines as Python's pprint does: what fits in
// the rest of a line stays there, otherwise each element gets its own line.
type pretty struct {
	r   *runtime.State
	b   strings.Builder
	err error
}

func prettyFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	p := pretty{r: r}
	p.format(v, 0, 0, 0)
	return p.b.String(), p.err
}

func (p *pretty) write(s string) {
	if p.err == nil {
		p.err = p.r.Grow(len(s))
	}
	if p.err == nil {
		p.b.WriteString(s)
	}
}

func (p *pretty) repr(v any) string {
	if p.err != nil {
		return ""
	}
	text, err := value.ReprSorted(p.r.Budget, v)
	p.err = err
	return text
}

// format writes v starting at the column indent; allowance characters follow it on the
// same line.
func (p *pretty) format(v any, indent, allowance, level int) {
	text := p.repr(v)
	if p.err != nil {
		return
	}
	if utf8.RuneCountInString(text) <= prettyWidth-indent-allowance {
		p.write(text)
		return
	}
	switch x := v.(type) {
	case string:
		p.text(x, indent, allowance, level+1)
		return
	case value.Tuple:
		end := ")"
		if len(x) == 1 {
			end = ",)"
		}
		p.items("(", x, end, indent, allowance, level+1)
		return
	}
	if items, ok := value.AsList(v); ok {
		p.items("[", items, "]", indent, allowance, level+1)
		return
	}
	if pairs, ok := value.PairsOf(v); ok {
		p.dict(pairs, indent, allowance, level+1)
		return
	}
	p.write(text)
}

func (p *pretty) newLine(indent int) { p.write(",\n" + strings.Repeat(" ", indent)) }

func (p *pretty) items(open string, items []any, end string, indent, allowance, level int) {
	p.write(open)
	for i, item := range items {
		if i > 0 {
			p.newLine(indent + 1)
		}
		behind := 1
		if i == len(items)-1 {
			behind = allowance + len(end)
		}
		if p.format(item, indent+1, behind, level); p.err != nil {
			return
		}
	}
	p.write(end)
}

func (p *pretty) dict(pairs []value.Pair, indent, allowance, level int) {
	p.write("{")
	pairs = value.InOrder(pairs)
	for i, pair := range pairs {
		if i > 0 {
			p.newLine(indent + 1)
		}
		key := p.repr(pair.Key)
		p.write(key + ": ")
		behind := 1
		if i == len(pairs)-1 {
			behind = allowance + 1
		}
		if p.format(pair.Value, indent+1+utf8.RuneCountInString(key)+2, behind, level); p.err != nil {
			return
		}
	}
	p.write("}")
}

// text breaks a string at its line ends and, where a line is too long, between
// words; at the outermost level the parts are in parentheses.
func (p *pretty) text(s string, indent, allowance, level int) {
	if s == "" {
		p.write("''")
		return
	}
	if level == 1 {
		indent, allowance = indent+1, allowance+1
	}
	var parts []string
	lines := value.SplitLines(s, true)
	width := prettyWidth - indent
	for i, line := range lines {
		last := i == len(lines)-1
		room := width
		if last {
			room -= allowance
		}
		if text := p.repr(line); utf8.RuneCountInString(text) <= room {
			parts = append(parts, text)
			continue
		}
		parts = append(parts, p.words(line, width, room)...)
	}
	if len(parts) == 1 {
		p.write(p.repr(s))
		return
	}
	if level == 1 {
		p.write("(")
	}
	for i, part := range parts {
		if i > 0 {
			p.write("\n" + strings.Repeat(" ", indent))
		}
		p.write(part)
	}
	if level == 1 {
		p.write(")")
	}
}

// words fills lines of at most width characters, the last of at most room.
func (p *pretty) words(line string, width, room int) []string {
	var parts []string
	current := ""
	for rest := line; rest != ""; {
		end := len(rest) - len(strings.TrimLeftFunc(rest, func(c rune) bool { return !value.IsSpace(c) }))
		end = len(rest) - len(strings.TrimLeftFunc(rest[end:], value.IsSpace))
		word := rest[:end]
		rest = rest[end:]
		if rest == "" {
			width = room
		}
		if utf8.RuneCountInString(p.repr(current+word)) > width {
			if current != "" {
				parts = append(parts, p.repr(current))
			}
			current = word
		} else {
			current += word
		}
		if p.err != nil {
			return nil
		}
	}
	if current != "" {
		parts = append(parts, p.repr(current))
	}
	return parts
}
