package store

import (
	"html"
	"regexp"
	"strings"
)

var (
	emptyLines = regexp.MustCompile(`\n{3,}`)
	space      = regexp.MustCompile(`[ \t\r\n]+`)
)

// plainText renders HTML roughly as the servers do, which keep the text of a script. The time it takes is linear in the length of the
// source.
func plainText(source string) string {
	rest := space.ReplaceAllString(source, " ")
	var out strings.Builder
	comments := true
	for {
		text, markup, found := strings.Cut(rest, "<")
		out.WriteString(html.UnescapeString(text))
		if !found {
			break
		}
		if comments && strings.HasPrefix(markup, "!--") {
			if _, rest, found = strings.Cut(markup, "-->"); found {
				continue
			}
			comments = false // if this one doesn't end, none of the rest does
		}
		if markup == "" || !strings.ContainsAny(markup[:1], tagStart) {
			out.WriteByte('<')
			rest = markup
			continue
		}
		tag, after, found := strings.Cut(markup, ">")
		if !found {
			out.WriteString(html.UnescapeString("<" + markup))
			break
		}
		name, closing := strings.CutPrefix(tag, "/")
		name, _, _ = strings.Cut(name, " ")
		out.WriteString(breaks(strings.ToLower(strings.TrimSuffix(name, "/")), closing))
		rest = after
	}
	return emptyLines.ReplaceAllString(out.String(), "\n\n")
}

// tagStart are the characters that make a tag of what follows "<".
const tagStart = "/!?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// breaks returns what a tag becomes in plain text.
func breaks(tag string, closing bool) string {
	switch tag {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6":
		if closing {
			return "\n\n"
		}
		return "\n"
	case "br", "hr", "table", "tr", "ul", "ol", "pre", "blockquote":
		return "\n"
	case "div":
		if closing {
			return "\n"
		}
	case "li":
		if !closing {
			return "\n - "
		}
	case "td", "th":
		if closing {
			return " "
		}
	}
	return ""
}
