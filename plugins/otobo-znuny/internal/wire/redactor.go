package wire

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// shortestSecret is the fewest characters that are redacted at all.
	shortestSecret = 4
	// longSecret is the fewest characters that are redacted within words, too. A shorter
	// secret, such as demo, would otherwise vanish from ordinary sentences.
	longSecret = 8
)

// redact removes secrets from what a server or a proxy sent: one that fails may quote
// the request, escaped as in JSON, HTML or an address, or in several ways at once.
func redact(said string, secrets ...secret) string {
	for _, s := range secrets {
		text := s.reveal()
		if utf8.RuneCountInString(text) < shortestSecret {
			continue
		}
		form, err := regexp.Compile(anySpelling(text))
		if err != nil { // the secret is far too long
			return "***"
		}
		counts := func(in string, from, to int) bool {
			return utf8.RuneCountInString(text) >= longSecret || !strings.EqualFold(in[from:to], text) || isWholeWord(in, from, to)
		}
		said = base64Run.ReplaceAllStringFunc(said, func(run string) string {
			for begin := range 4 { // the first characters may belong to something else, such as a path
				plain := decodeBase64(run, begin)
				if i := strings.Index(plain, text); i >= 0 && counts(plain, i, i+len(text)) {
					return "***"
				}
			}
			return run
		})
		var out strings.Builder
		end := 0
		for _, m := range form.FindAllStringIndex(said, -1) { //messagetext:allow it replaces secrets, and decides nothing else
			if counts(said, m[0], m[1]) {
				out.WriteString(said[end:m[0]] + "***")
				end = m[1]
			}
		}
		said = out.String() + said[end:]
	}
	return said
}

// isWholeWord reports whether in[from:to] is a word of its own, unlike the demo in
// examples/demo, otai-demo and demo.yml.
func isWholeWord(said string, from, to int) bool {
	return (!wordEnd.MatchString(said[:from]) || escapeEnd.MatchString(said[:from])) && !wordBegin.MatchString(said[to:])
}

var (
	wordEnd   = regexp.MustCompile(`[\p{L}\p{N}_][/.-]?$`)
	wordBegin = regexp.MustCompile(`^[/.-]?[\p{L}\p{N}_]`)
	// escapeEnd matches an escape, whose letters are not part of a word: \n, \x20,
	// \u0022, %20.
	escapeEnd = regexp.MustCompile(`(?:\\[a-z]|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2})$`)
)

// base64Run matches what may be base64 of either alphabet.
var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}=*`)

// decodeBase64 decodes a run of base64 without its first characters.
func decodeBase64(run string, begin int) string {
	run = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(run, "=")[begin:])
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, _ := base64.RawURLEncoding.DecodeString(run)
	return string(plain)
}

// anySpelling is a pattern for a text however its characters are escaped.
func anySpelling(text string) string {
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
		if other, ok := otherSpellings[r]; ok {
			forms = append(forms, other)
		}
		if 0xa0 <= r && r <= 0xff {
			forms = append(forms, "&(?:amp;)*"+latin1[r-0xa0]+";")
		}
		b.WriteString(escape + "(?:" + strings.Join(forms, "|") + ")")
	}
	b.WriteString(")")
	return b.String()
}

// otherSpellings has HTML's named escapes, a space in a query, and what JSON and
// addresses make of a line break.
var otherSpellings = map[rune]string{
	'\n': `\r?\n|n|r(?:\\|%(?:25)*5c)+n|%(?:25)*0d%(?:25)*0a`, '\r': "r", '\t': "t", '€': "&(?:amp;)*euro;",
	'&': "&(?:amp;)+", '<': "&(?:amp;)*lt;", '>': "&(?:amp;)*gt;", '"': "&(?:amp;)*quot;", '\'': "&(?:amp;)*apos;", ' ': `\+|%(?:25)*2b`,
}

// latin1 has HTML's names of the characters from U+00A0 on.
var latin1 = strings.Fields(`nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr
	deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest
	Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml
	ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig
	agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml
	eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml`)
