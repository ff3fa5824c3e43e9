package jinja

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

func layoutFilters() []*filter {
	return []*filter{
		{signature: signature{name: "truncate", params: []string{"length", "killwords", "end", "leeway"}}, markup: true, apply: truncateFilter},
		{signature: signature{name: "center", params: []string{"width"}}, markup: true, formats: true, apply: centerFilter},
		{signature: signature{name: "indent", params: []string{"width", "first", "blank"}}, markup: true, apply: indentFilter},
		{
			signature: signature{name: "wordwrap", params: []string{"width", "break_long_words", "wrapstring", "break_on_hyphens"}},
			apply:     wordWrapFilter,
		},
		{signature: signature{name: "filesizeformat", params: []string{"binary"}}, apply: fileSizeFilter},
	}
}

func truncateFilter(r *state, v any, a args) (any, error) {
	size, err := a.integer(0, 255)
	if err != nil {
		return nil, err
	}
	end, err := a.text(2, "...")
	if err != nil {
		return nil, err
	}
	if f, ok := a.at(3, nil).(float64); ok && math.Abs(f) < 1<<31 {
		a.values[3] = int64(math.Floor(f))
	}
	leeway, err := a.integerOrNone(3, 5)
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
	if _, ok := v.(markup); ok {
		end = escapeHTML(end)
	}
	return keepMarkup(v, kept+end), r.grow(len(kept) + len(end))
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

func centerFilter(r *state, v any, a args) (any, error) {
	s, err := r.text(v)
	if err != nil {
		return nil, err
	}
	width, err := a.integer(0, 80)
	if err != nil {
		return nil, err
	}
	centered, err := r.centered(s, width, " ")
	if err != nil {
		return nil, err
	}
	return keepMarkup(v, centered.(string)), nil
}

func (r *budget) centered(s string, width int, fill string) (any, error) {
	room, err := r.room(s, width)
	if room <= 0 || err != nil {
		return s, err
	}
	left := room/2 + room&width&1
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, room-left), nil
}

// room is how many columns are free beside s, within the limits.
func (r *budget) room(s string, width int) (int, error) {
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

func indentFilter(r *state, v any, a args) (any, error) {
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
	return keepMarkup(v, strings.Join(lines, "\n")), r.grow(len(s))
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

func fileSizeFilter(_ *state, v any, a args) (any, error) {
	size, err := toFloat(v)
	if err != nil {
		return nil, err
	}
	base, units := 1000.0, [...]string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.truth(0) {
		base, units = 1024, [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case math.IsNaN(size) || math.IsInf(size, 1):
		return floatText(size) + " " + units[len(units)-1], nil
	case size == 1:
		return "1 Byte", nil
	case size < base:
		return fmt.Sprintf("%.0f Bytes", math.Trunc(size)+0), nil
	}
	unit := base
	for i, name := range units {
		if size < unit*base || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", base*size/(base*unit), name), nil // rounded as Jinja2 does
		}
		unit *= base
	}
	return nil, nil
}
