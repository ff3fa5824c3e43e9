package report

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// style is the whole look of the page. Nothing is loaded from elsewhere.
const style = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:anywhere;background:#fff;color:#1d2430;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 8px}
h2{font-size:1.15rem;margin:36px 0 8px}
p{margin:0 0 10px;max-width:75ch}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;margin:20px 0}
dl.facts div{border:1px solid #d5dae2;border-radius:8px;padding:8px 12px}
dl.facts dt{font-size:.85rem;color:#515c6b}
dl.facts dd{margin:0;font-size:1.35rem;font-weight:600;overflow-wrap:anywhere}
.charts{columns:2 380px;column-gap:40px}
figure{margin:0;max-width:560px;padding-top:22px;break-inside:avoid}
figcaption{font-weight:600;margin:0 0 4px}
figcaption small{font-weight:400;color:#515c6b}
figure svg{width:100%;height:auto;display:block}
figure text{font-size:13px;fill:#1d2430;font-family:inherit}
.key{font-size:.85rem;color:#515c6b;margin:4px 0 0;display:flex;flex-wrap:wrap;gap:2px 14px;padding:0;list-style:none}
.dot{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.4em;-webkit-print-color-adjust:exact;print-color-adjust:exact}
rect{-webkit-print-color-adjust:exact;print-color-adjust:exact}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th{overflow-wrap:normal;text-align:left;color:#515c6b;font-weight:600;border-bottom:2px solid #d5dae2;padding:6px 10px 6px 0;vertical-align:bottom}
td{border-bottom:1px solid #e9ecf1;padding:6px 10px 6px 0;vertical-align:top;min-width:6.5rem}
td:last-child{min-width:9rem}
th.s,td.s,td.n{min-width:0;white-space:nowrap}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
a{color:#0b57b0}
footer{margin-top:40px;color:#515c6b;font-size:.9rem}
@media screen and (max-width:640px){
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td{display:block;width:100%}
tr{border:1px solid #d5dae2;border-radius:8px;padding:6px 10px;margin:0 0 10px}
td,td.n,td.s{border:0;padding:2px 0;text-align:left;white-space:normal;display:grid;grid-template-columns:6.5rem 1fr;gap:8px}
td::before{content:attr(data-name);color:#515c6b}
td:empty{display:none}
}
@media print{
body{font-size:10pt}
main{max-width:none;padding:0}
h2{break-after:avoid}
tr{break-inside:avoid}
thead{display:table-header-group}
a{color:inherit;text-decoration:none}
.charts{columns:2}
table{font-size:7.5pt;line-height:1.3}
td,th{padding:3px 6px 3px 0}
td{min-width:4.4rem}
td:last-child{min-width:8rem}
td.n,td.s{min-width:0}
@page{margin:10mm}
}
`

// HTML writes the report as one page.
func (r Report) HTML(out io.Writer) error {
	w := &page{Writer: bufio.NewWriter(out), colors: r.palette()}
	w.write(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`)
	w.write(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">`)
	w.write(`<title>`, text(r.Title), `</title><style>`, style, `</style></head><body><main><h1>`, text(r.Title), "</h1>\n")
	for _, p := range r.Lead {
		w.write("<p>", text(p), "</p>\n")
	}
	if len(r.Facts) > 0 {
		w.write(`<dl class="facts">`)
		for _, f := range r.Facts {
			w.write("<div><dt>", text(f.Name), "</dt><dd>", text(f.Value), "</dd></div>")
		}
		w.write("</dl>\n")
	}
	w.charts(r.Charts)
	for _, t := range r.Tables {
		w.table(t)
	}
	w.write("<footer>")
	for _, p := range r.Foot {
		w.write("<p>", text(p), "</p>")
	}
	w.write("</footer></main></body></html>\n")
	return w.end()
}

// page writes a page and keeps the first error.
type page struct {
	*bufio.Writer
	colors palette
	err    error
}

func (w *page) write(parts ...string) {
	for _, p := range parts {
		if w.err == nil {
			_, w.err = w.WriteString(p)
		}
	}
}

func (w *page) end() error {
	if w.err != nil {
		return w.err
	}
	return w.Flush()
}

// text is what somebody wrote, as text of a page. Characters that are not to be seen, such as
// those that turn the direction of writing, are shown as what they are.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == '\u200c' || r == '\u200d': // they join, as in Persian and in families of emoji
		case unicode.Is(unicode.Bidi_Control, r), !unicode.IsPrint(r) && !unicode.IsSpace(r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	// Between names that are written from right to left an arrow must still point from one to the other.
	return strings.ReplaceAll(html.EscapeString(s), "→", leftToRight+"→"+leftToRight)
}

const leftToRight = "\u200e"

func (w *page) charts(all []Chart) {
	all = slices.DeleteFunc(slices.Clone(all), func(c Chart) bool { return len(c.Bars) == 0 })
	if len(all) == 0 {
		return
	}
	w.write(`<div class="charts">`)
	for i, c := range all {
		w.write("<figure><figcaption>", text(c.Title), " <small>", text(c.Unit), "</small></figcaption>")
		w.write(c.clean().svg(fmt.Sprintf("chart-%d", i+1), w.colors))
		w.key(c)
		w.write("</figure>\n")
	}
	w.write("</div>\n")
}

// clean is the chart with texts that can be shown.
func (c Chart) clean() Chart {
	out := Chart{Title: seen(c.Title), Unit: seen(c.Unit)}
	for _, b := range c.Bars {
		b.Label, b.Value = seen(b.Label), seen(b.Value)
		out.Bars = append(out.Bars, b)
	}
	return out
}

// seen is text without its escapes, which svg makes itself.
func seen(s string) string { return html.UnescapeString(text(s)) }

// key says which color is which part.
func (w *page) key(c Chart) {
	var names []string
	for _, name := range w.colors {
		for _, b := range c.Bars {
			for _, p := range b.Parts {
				if p.Name == name && name != "" && p.Count > 0 && (len(names) == 0 || names[len(names)-1] != name) {
					names = append(names, name)
				}
			}
		}
	}
	if len(names) == 0 {
		return
	}
	w.write(`<ul class="key">`)
	for _, name := range names {
		w.write(`<li>`, w.dot(name), text(name), `</li>`)
	}
	w.write(`</ul>`)
}

func (w *page) dot(name string) string {
	return `<span class="dot" style="background:` + w.colors.color(name) + `"></span>`
}

func (w *page) table(t Table) {
	if len(t.Rows) == 0 {
		return
	}
	w.write("<section><h2>", text(t.Title), "</h2>")
	if t.Lead != "" {
		w.write("<p>", text(t.Lead), "</p>")
	}
	w.write("<table><thead><tr>")
	for _, c := range t.Columns {
		w.write(`<th scope="col"`, class(c), ">", text(c.Name), "</th>")
	}
	w.write("</tr></thead><tbody>\n")
	for _, row := range t.Rows {
		w.write("<tr>")
		for i, cell := range row {
			c := t.Columns[i]
			w.write("<td", class(c), ` data-name="`, text(c.Name), `">`)
			w.cell(cell)
			w.write("</td>")
		}
		w.write("</tr>\n")
	}
	w.write("</tbody></table></section>\n")
}

func class(c Column) string {
	switch {
	case c.Number:
		return ` class="n"`
	case c.Short:
		return ` class="s"`
	}
	return ""
}

func (w *page) cell(c Cell) {
	if c.Text == "" {
		return
	}
	w.write("<span>")
	if c.Kind != "" {
		w.write(w.dot(c.Kind))
	}
	if link := address(c.Link); link != "" {
		w.write(`<a rel="noreferrer noopener" href="`, html.EscapeString(link), `">`, text(c.Text), "</a>")
	} else {
		w.write(text(c.Text))
	}
	w.write("</span>")
}

// address is a link that a browser may follow; "" if it is another.
func address(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}
