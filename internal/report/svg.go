package report

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sizes of a chart, in units of its own: it is as wide as the page lets it be.
const (
	chartWidth = 420
	rowHeight  = 34
	barHeight  = 10
	labelChars = 46
	topSpace   = 4
)

// colors differ also in gray and to those who see few colors; the parts of a bar are in
// a fixed order, too.
var colors = []string{"#1b6e53", "#e0a500", "#b3261e", "#7a869a", "#2f5fb3", "#8a4fa3", "#444b57"}

// palette gives each name of a part its color, in the order of the charts.
type palette []string

func (r Report) palette() palette {
	var names palette
	for _, c := range r.Charts {
		for _, b := range c.Bars {
			for _, p := range b.Parts {
				if !slices.Contains(names, p.Name) {
					names = append(names, p.Name)
				}
			}
		}
	}
	return names
}

func (p palette) color(name string) string {
	return colors[max(0, slices.Index(p, name))%len(colors)]
}

func (b Bar) sum() (sum float64) {
	for _, p := range b.Parts {
		sum += p.Count
	}
	return sum
}

func (b Bar) value() string {
	if b.Value != "" {
		return b.Value
	}
	return number(b.sum())
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// Words is the chart in words: its text alternative.
func (c Chart) Words() string {
	var all []string
	for _, b := range c.Bars {
		text := b.Label + ": " + b.value()
		var parts []string
		for _, p := range b.Parts {
			if p.Name != "" && p.Count > 0 {
				parts = append(parts, number(p.Count)+" "+p.Name)
			}
		}
		if len(parts) > 0 {
			text += " (" + strings.Join(parts, ", ") + ")"
		}
		all = append(all, text)
	}
	return c.Unit + " — " + strings.Join(all, "; ") + "."
}

// svg is the chart as an element of the page. id is unique on it.
func (c Chart) svg(id string, colors palette) string {
	longest := 0.0
	for _, b := range c.Bars {
		longest = max(longest, b.sum())
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg role="img" aria-labelledby="%s-t %s-d" viewBox="0 0 %d %d" xmlns="http://www.w3.org/2000/svg">`, id, id, chartWidth, topSpace+rowHeight*len(c.Bars))
	fmt.Fprintf(&s, `<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, html.EscapeString(c.Title), id, html.EscapeString(c.Words()))
	for i, b := range c.Bars {
		y := topSpace + i*rowHeight
		fmt.Fprintf(&s, `<text x="0" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>`, y+12, html.EscapeString(shorten(b.Label, labelChars)), chartWidth, y+12, html.EscapeString(b.value()))
		fmt.Fprintf(&s, `<rect x="0" y="%d" width="%d" height="%d" fill="#e9ecf1"/>`, y+17, chartWidth, barHeight)
		x := 0.0
		for _, p := range b.Parts {
			if longest == 0 || p.Count <= 0 {
				continue
			}
			width := p.Count / longest * chartWidth
			fmt.Fprintf(&s, `<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"/>`, x, y+17, width, barHeight, colors.color(p.Name))
			x += width
		}
	}
	s.WriteString("</svg>")
	return s.String()
}

func shorten(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
