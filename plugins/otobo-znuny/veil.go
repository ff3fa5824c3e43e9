package main

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// shortestSecret keeps words like "demo" from being taken out of every sentence.
const shortestSecret = 5

// veiled takes secrets out of what a server or a proxy said: one that fails may quote
// the request, in the manner of JSON, HTML or an address, or several of them at once.
func veiled(said string, secrets ...secret) string {
	for _, s := range secrets {
		text := s.reveal()
		if len(text) < shortestSecret {
			continue
		}
		form, err := regexp.Compile(everyForm(text))
		if err != nil { // it is far too long
			return "***"
		}
		said = form.ReplaceAllString(said, "***")
	}
	return said
}

// everyForm is a pattern for a text however its characters are written, and as base64.
func everyForm(text string) string {
	const escape = `(?:\\|%(?:25)*5c)*` // any number of backslashes, also those of an address
	var b strings.Builder
	b.WriteString("(?i:")
	for _, r := range text {
		forms := []string{regexp.QuoteMeta(string(r)), fmt.Sprintf(`&(?:amp;)*#(?:0*%d|x0*%x);`, r, r), fmt.Sprintf("[ux]0*%x", r)}
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			forms = append(forms, fmt.Sprintf("u%x%su%x", high, escape, low))
		}
		inAddress := ""
		for _, c := range []byte(string(r)) {
			inAddress += fmt.Sprintf("%%(?:25)*%02x", c)
		}
		forms = append(forms, inAddress)
		if other, ok := otherForms[r]; ok {
			forms = append(forms, other)
		}
		b.WriteString(escape + "(?:" + strings.Join(forms, "|") + ")")
	}
	b.WriteString(")")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		b.WriteString("|" + regexp.QuoteMeta(e.EncodeToString([]byte(text))) + "=*")
	}
	return b.String()
}

// otherForms are the names of the signs that HTML escapes, and a space in a query.
var otherForms = map[rune]string{
	'&': "&(?:amp;)+", '<': "&(?:amp;)*lt;", '>': "&(?:amp;)*gt;", '"': "&(?:amp;)*quot;", '\'': "&(?:amp;)*apos;", ' ': `\+|%(?:25)*2b`,
}
