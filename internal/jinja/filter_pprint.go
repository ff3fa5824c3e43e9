package jinja

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// prettyWidth is the width that Python's pprint breaks lines at.
const prettyWidth = 80

// pretty lays a value out over several lines as Python's pprint does: what fits
// the rest of a line stays in it, of anything else each element gets a line.
type pretty struct {
	r   *state
	b   strings.Builder
	err error
}

func prettyFilter(r *state, v any, _ args) (any, error) {
	p := pretty{r: r}
	p.format(v, 0, 0, 0)
	return p.b.String(), p.err
}

func (p *pretty) write(s string) {
	if p.err == nil {
		p.err = p.r.grow(len(s))
	}
	if p.err == nil {
		p.b.WriteString(s)
	}
}

func (p *pretty) repr(v any) string {
	if p.err != nil {
		return ""
	}
	text, err := p.r.reprSorted(v)
	p.err = err
	return text
}

// format writes v from the column indent on; behind it allowance characters
// follow in the same line.
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
	case tuple:
		end := ")"
		if len(x) == 1 {
			end = ",)"
		}
		p.items("(", x, end, indent, allowance, level+1)
		return
	}
	if items, ok := asList(v); ok {
		p.items("[", items, "]", indent, allowance, level+1)
		return
	}
	if pairs, ok := pairsOf(v); ok {
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

func (p *pretty) dict(pairs []pair, indent, allowance, level int) {
	p.write("{")
	pairs = inOrder(pairs)
	for i, pair := range pairs {
		if i > 0 {
			p.newLine(indent + 1)
		}
		key := p.repr(pair.key)
		p.write(key + ": ")
		behind := 1
		if i == len(pairs)-1 {
			behind = allowance + 1
		}
		if p.format(pair.val, indent+1+utf8.RuneCountInString(key)+2, behind, level); p.err != nil {
			return
		}
	}
	p.write("}")
}

// text breaks a string at its line ends and, where a line is too long, between
// words; at the outermost level brackets hold the parts together.
func (p *pretty) text(s string, indent, allowance, level int) {
	if s == "" {
		p.write("''")
		return
	}
	if level == 1 {
		indent, allowance = indent+1, allowance+1
	}
	var parts []string
	lines := splitLines(s, true)
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
		end := len(rest) - len(strings.TrimLeftFunc(rest, func(c rune) bool { return !isSpace(c) }))
		end = len(rest) - len(strings.TrimLeftFunc(rest[end:], isSpace))
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

// inOrder are pairs sorted by their keys, as far as those have an order.
func inOrder(pairs []pair) []pair {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b pair) int {
		x, y := number(a.key), number(b.key)
		if x != nil && y != nil {
			return orderNumbers(x, y)
		}
		s, text := asText(a.key)
		t, text2 := asText(b.key)
		if text && text2 {
			return strings.Compare(s, t)
		}
		return strings.Compare(pythonType(a.key), pythonType(b.key))
	})
	return pairs
}

// pythonType is what Python calls the type of a key.
func pythonType(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case string:
		return "str"
	}
	return typeName(v)
}
