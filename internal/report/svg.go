package report

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
)

// The sizes of a chart, in units of its own: it is as wide as the page lets it be.
const (
	chartWidth = 420
	rowHeight  = 34
	textHeight = 17 // above a bar
	barHeight  = 10
	digit      = 8 // of a value, as wide as one may be
	topSpace   = 4
)

// colors differ also in gray and to those who see few colors; the parts of a bar are in
// a fixed order, too.
var colors = []string{"#1b6e53", "#e0a500", "#b3261e", "#7a869a", "#2f5fb3", "#8a4fa3", "#444b57"}

// palette gives each name of a part its color: the report's own first, others in the order of
// the charts.
type palette []string

func (r Report) palette() palette {
	names := palette(slices.Clone(r.Parts))
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
		// What is wider than it looked is cut off by an element of its own, before the value.
		room := chartWidth - digit*(columns(b.value())+1)
		fmt.Fprintf(&s, `<svg x="0" y="%d" width="%d" height="%d"><text x="0" y="12">%s</text></svg>`, y, room, textHeight, html.EscapeString(shorten(b.Label, room, pixels)))
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text>`, chartWidth, y+12, html.EscapeString(b.value()))
		fmt.Fprintf(&s, `<rect x="0" y="%d" width="%d" height="%d" fill="#e9ecf1"/>`, y+textHeight, chartWidth, barHeight)
		x := 0.0
		for _, p := range b.Parts {
			if longest == 0 || p.Count <= 0 {
				continue
			}
			width := p.Count / longest * chartWidth
			fmt.Fprintf(&s, `<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"/>`, x, y+textHeight, width, barHeight, colors.color(p.Name))
			x += width
		}
	}
	s.WriteString("</svg>")
	return s.String()
}
