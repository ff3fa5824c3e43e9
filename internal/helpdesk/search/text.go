package search

import (
	"regexp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// textCriteria are the texts of a ticket that a search compares, ignoring case; % and * match anything.
var textCriteria = map[string]func(*store.Ticket) []string{
	"Title":             func(t *store.Ticket) []string { return []string{t.Title} },
	"TicketNumber":      func(t *store.Ticket) []string { return []string{t.Number} },
	"CustomerID":        func(t *store.Ticket) []string { return []string{t.Company} },
	"CustomerUserLogin": func(t *store.Ticket) []string { return []string{t.Customer} },
}

// articleCriteria are texts of articles, one of which must match.
var articleCriteria = map[string]func(*store.Article) string{
	"MIMEBase_From":    func(a *store.Article) string { return a.From },
	"MIMEBase_To":      func(a *store.Article) string { return a.To },
	"MIMEBase_Cc":      func(a *store.Article) string { return a.Cc },
	"MIMEBase_Subject": func(a *store.Article) string { return a.Subject },
	"MIMEBase_Body":    func(a *store.Article) string { return a.Body },
}

// patternsOf returns the patterns that a search compares with, except those that match everything.
func patternsOf(given any) []string {
	var all []string
	for _, p := range wire.ListOf(given) {
		if p != "" && !matchesAll.MatchString(p) {
			all = append(all, p)
		}
	}
	return all
}

var matchesAll = regexp.MustCompile(`^[%*]{1,3}$`)

func likeAny(patterns []string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return meets(text, pattern) })
	}
}

// like is SQL's LIKE, with % and * as wildcards.
func like(text, pattern string) bool {
	text = strings.ToLower(text)
	parts := strings.Split(strings.ReplaceAll(strings.ToLower(pattern), "*", "%"), "%")
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
