package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"go.yaml.in/yaml/v3"
)

// oddities finds the texts with characters that people don't see, or take for quotes. It
// returns a warning for each, by its path; where a text is wrong for another reason,
// this is the cause of it.
func (t *tree) oddities() map[string]Diagnostic {
	out := map[string]Diagnostic{}
	if onlyASCII(t.root) {
		return out
	}
	t.root.Walk(func(trail *source.Trail, n *source.Node) {
		if n.Kind != yaml.ScalarNode || n.At.Line == 0 || isASCII(n.Text) {
			return
		}
		var one Reporter
		path := trail.Path()
		switch i := hidden(n); {
		case i >= 0:
			line, column := source.PlaceIn(n.Text, i)
			at := t.inside(n, line, column)
			r := []rune(n.Text[i:])[0]
			if strings.ContainsRune(t.line(at), r) { // no escape
				one.Warn(at, path, source.InvisibleCode, "remove it, or write a space; put the text in double quotes with \\u"+fmt.Sprintf("%04X", r)+" if it is meant", "%s stands in this text and can't be seen", source.RuneName(r))
			}
		case n.Style == 0 && inTypographicQuotes(n.Text):
			one.Warn(n.At, path, "typographic-quotes", `write straight quotes: ' or "`, "the quotes around this value are typographic ones, and so a part of the value")
		}
		if len(one.List) > 0 {
			out[path.String()] = one.List[0]
		}
	})
	return out
}

// onlyASCII is true where all texts are, as in most configurations.
func onlyASCII(n *source.Node) bool {
	for _, p := range n.Pairs {
		if !onlyASCII(p.Value) {
			return false
		}
	}
	for _, item := range n.Items {
		if !onlyASCII(item) {
			return false
		}
	}
	return isASCII(n.Text)
}

// hidden is the offset of an invisible character that is hardly wanted: any at the
// ends of a text, and in a text without quotes those that don't join letters of
// other scripts. It is -1 where there is none.
func hidden(n *source.Node) int {
	if strings.IndexFunc(n.Text, source.Invisible) < 0 {
		return -1
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return -1
	}
	text := []rune(n.Text)
	offset := 0
	for i, r := range text {
		edge := i == 0 || i == len(text)-1
		joins := unicode.Is(unicode.Cf, r) && r != 0x00ad && !edge && (text[i-1] > 0x24f || text[i+1] > 0x24f)
		if source.Invisible(r) && (edge || n.Style == 0 && !joins) {
			return offset
		}
		offset += len(string(r))
	}
	return -1
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// inTypographicQuotes is true for a text that a word processor put into quotes.
func inTypographicQuotes(text string) bool {
	runes := []rune(text)
	if len(runes) < 2 {
		return false
	}
	first, last := runes[0], runes[len(runes)-1]
	quote := func(r rune) bool { return strings.ContainsRune(vocabulary.TypographicQuotes, r) }
	inner := string(runes[1 : len(runes)-1])
	return quote(first) && (quote(last) || last == '"' || last == '\'') && !strings.ContainsAny(inner, "“”„«»")
}

// consequences are the codes of what may be wrong with a text only because of a
// character in it that can't be seen.
var consequences = []string{"bad-param", "bad-value", "wrong-type", "unknown-use", "unknown-service", "template-syntax", "bad-variable"}

// Explain replaces what a suspect explains by the suspect, as an error, and adds the
// others. One whose text is known here to be wrong otherwise is left out.
func Explain(list Diagnostics, suspects map[string]Diagnostic) Diagnostics {
	out := causes(list, suspects)
	for _, path := range slices.Sorted(maps.Keys(suspects)) {
		out = append(out, suspects[path])
	}
	return out.And(nil)
}

// causes is a list in which what an oddity explains is replaced by the oddity, as an
// error. An oddity that is known here to be something worse is taken out of odd.
func causes(list Diagnostics, odd map[string]Diagnostic) Diagnostics {
	var out Diagnostics
	for _, p := range list {
		cause, ok := odd[p.Path]
		switch {
		case ok && p.Severity == SeverityError && slices.Contains(consequences, p.Code):
			cause.Severity = SeverityError
			odd[p.Path] = cause
			out = append(out, cause)
		case ok && p.Severity == SeverityError:
			delete(odd, p.Path)
			out = append(out, p)
		default:
			out = append(out, p)
		}
	}
	return out
}
