package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

func layoutFilters() []*filter {
	return []*filter{
		{signature: signature{name: "truncate", params: []string{"length", "killwords", "end", "leeway"}}, apply: truncateFilter},
		{signature: signature{name: "center", params: []string{"width"}}, apply: centerFilter},
		{signature: signature{name: "indent", params: []string{"width", "first", "blank"}}, apply: indentFilter},
		{
			signature: signature{name: "wordwrap", params: []string{"width", "break_long_words", "wrapstring", "break_on_hyphens"}},
			apply:     wordWrapFilter,
		},
		{signature: signature{name: "filesizeformat", params: []string{"binary"}}, apply: fileSizeFilter},
	}
}

func truncateFilter(r *run, v any, a args) (any, error) {
	size, err := a.integer(0, 255)
	if err != nil {
		return nil, err
	}
	end, err := a.text(2, "...")
	if err != nil {
		return nil, err
	}
	leeway, err := a.integer(3, 5)
	if err != nil {
		return nil, err
	}
	room := size - utf8.RuneCountInString(end)
	if room < 0 || leeway < 0 {
		return nil, fmt.Errorf("truncate to %d leaves no room for %q", size, end)
	}
	n, err := length(v)
	if err != nil || n <= size+leeway {
		return v, err
	}
	s, err := needText("truncate", v)
	if err != nil {
		return nil, err
	}
	kept := firstRunes(s, room)
	if !a.truth(1) {
		if i := strings.LastIndexByte(kept, ' '); i >= 0 {
			kept = kept[:i]
		}
	}
	return kept + end, r.grow(len(kept) + len(end))
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func centerFilter(r *run, v any, a args) (any, error) {
	s, err := r.text(v)
	if err != nil {
		return nil, err
	}
	width, err := a.integer(0, 80)
	if err != nil {
		return nil, err
	}
	return r.centered(s, width, " ")
}

func (r *run) centered(s string, width int, fill string) (any, error) {
	room, err := r.room(s, width)
	if room <= 0 || err != nil {
		return s, err
	}
	left := room/2 + room&width&1
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, room-left), nil
}

// room is how many columns are free beside s, within the limits.
func (r *run) room(s string, width int) (int, error) {
	room := width - utf8.RuneCountInString(s)
	if room <= 0 {
		return 0, nil
	}
	if err := r.width("the width", width); err != nil {
		return 0, err
	}
	return room, r.growTimes(room, utf8.UTFMax)
}

// needText is v, which must be a string already.
func needText(name string, v any) (string, error) {
	if u, ok := v.(*undefined); ok {
		return "", u.error()
	}
	s, ok := asText(v)
	if !ok {
		return "", fmt.Errorf(`%s takes a string, not %s: put "| string" before it`, name, article(typeName(v)))
	}
	return s, nil
}

func indentFilter(r *run, v any, a args) (any, error) {
	s, err := needText("indent", v)
	if err != nil {
		return nil, err
	}
	margin, ok := asText(a.at(0, nil))
	if !ok {
		width, err := a.integer(0, 4)
		if err != nil {
			return nil, err
		}
		if err := r.width("the width", width); err != nil {
			return nil, err
		}
		margin = strings.Repeat(" ", max(width, 0))
	}
	lines := splitLines(s+"\n", false)
	if err := r.growTimes(len(lines), len(margin)); err != nil {
		return nil, err
	}
	for i, line := range lines {
		if i == 0 && !a.truth(1) || i > 0 && line == "" && !a.truth(2) {
			continue
		}
		lines[i] = margin + line
	}
	return strings.Join(lines, "\n"), r.grow(len(s))
}

// splitLines is Python's str.splitlines.
func splitLines(s string, keepEnds bool) []string {
	var lines []string
	start := 0
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		end := i
		i += size
		switch c {
		case '\r':
			if byteAt(s, i) == '\n' {
				i++
			}
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		default:
			continue
		}
		if keepEnds {
			end = i
		}
		lines = append(lines, s[start:end])
		start = i
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func wordWrapFilter(r *run, v any, a args) (any, error) {
	s, err := needText("wordwrap", v)
	if err != nil {
		return nil, err
	}
	width, err := a.integer(0, 79)
	if err != nil {
		return nil, err
	}
	if width <= 0 {
		return nil, errors.New("the width of wordwrap is not positive")
	}
	between := "\n"
	if a.at(2, nil) != nil {
		if between, err = a.text(2, "\n"); err != nil {
			return nil, err
		}
	}
	w := wrapper{width: width, breakLong: truth(a.at(1, true)), hyphens: truth(a.at(3, true))}
	var lines []string
	for _, paragraph := range splitLines(s, false) {
		wrapped := w.wrap(paragraph)
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		lines = append(lines, wrapped...)
	}
	if err := r.growTimes(len(lines), len(between)); err != nil {
		return nil, err
	}
	return strings.Join(lines, between), r.grow(len(s))
}

// wrapper breaks a paragraph into lines as Python's textwrap does.
type wrapper struct {
	width     int
	breakLong bool
	hyphens   bool
}

func (w wrapper) wrap(s string) []string {
	var lines []string
	chunks := w.chunks(s)
	for len(chunks) > 0 {
		if len(lines) > 0 && chunks[0].blank {
			chunks = chunks[1:]
			continue
		}
		var line strings.Builder
		used := 0
		for len(chunks) > 0 && used+chunks[0].size <= w.width {
			line.WriteString(chunks[0].text)
			used += chunks[0].size
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && chunks[0].size > w.width {
			switch c := &chunks[0]; {
			case w.breakLong:
				head := firstRunes(c.text, w.width-used)
				line.WriteString(head)
				c.text, c.size = c.text[len(head):], c.size-(w.width-used)
			case used == 0:
				line.WriteString(c.text)
				chunks = chunks[1:]
			}
		}
		if text := strings.TrimRightFunc(line.String(), isSpace); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

// chunk is a word, a part of one or the blanks between two.
type chunk struct {
	text  string
	size  int // in characters
	blank bool
}

// chunks splits at blanks and at hyphens within words.
func (w wrapper) chunks(s string) []chunk {
	var chunks []chunk
	start, size := 0, 0
	var before, before2 rune
	for i, c := range s {
		blank := isSpace(c)
		cut := i > 0 && blank != isSpace(before)
		if w.hyphens && before == '-' && unicode.IsLetter(before2) && unicode.IsLetter(c) {
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(c):])
			cut = cut || unicode.IsLetter(next)
		}
		if cut {
			chunks = append(chunks, chunk{s[start:i], size, isSpace(before)})
			start, size = i, 0
		}
		before2, before = before, c
		size++
	}
	if start < len(s) {
		chunks = append(chunks, chunk{s[start:], size, isSpace(before)})
	}
	return chunks
}

func fileSizeFilter(_ *run, v any, a args) (any, error) {
	size, err := toFloat(v)
	if err != nil {
		return nil, err
	}
	base, units := 1000.0, [...]string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.truth(0) {
		base, units = 1024, [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return "1 Byte", nil
	case size < base:
		return fmt.Sprintf("%d Bytes", int64(size)), nil
	}
	unit := base
	for i, name := range units {
		if size < unit*base || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", size/unit, name), nil
		}
		unit *= base
	}
	return nil, nil
}
