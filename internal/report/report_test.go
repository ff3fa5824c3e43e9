package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/report"
)

const hostile = `<script>alert("x")</script> & "quoted" ` + "\u202e" + `reversed`

func example() report.Report {
	parts := []report.Part{{Name: "applied", Count: 30}, {Name: "left", Count: 12}}
	return report.Report{
		Title: "What otai would do", Lead: []string{"Tried over the latest 42 tickets.", "Nothing was written."},
		Facts:  []report.Fact{{Name: "tickets looked at", Value: "42"}, {Name: hostile, Value: "30"}},
		Charts: []report.Chart{{Title: "Runners", Unit: "tickets", Bars: []report.Bar{{Label: "sort", Parts: parts}, {Label: hostile, Parts: parts[:1]}}}},
		Tables: []report.Table{{Title: "Tickets", Long: true, Columns: []report.Column{{Name: "ticket"}, {Name: "change"}, {Name: "confidence", Number: true}}, Rows: [][]report.Cell{
			{{Text: "2026113010000017", Link: "https://desk.example.org/index.pl?TicketID=1"}, {Text: "queue: Incoming → IT::Software; a note"}, {Text: "97.1 %"}},
			{{Text: hostile, Link: "javascript:alert(1)"}, {Text: hostile}, {Text: "1 %"}},
		}}},
		Foot: []string{"otai"},
	}
}

func page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := example().HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAllThatAPageIsGivenIsText(t *testing.T) {
	html := page(t)
	for _, bad := range []string{"<script", "javascript:", "\u202e", `"quoted"`, "http-equiv=\"refresh", "url("} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(html, "href="); n != 1 {
		t.Errorf("%d links, want that to the ticket", n)
	}
}

func TestWhatJoinsLettersStays(t *testing.T) {
	var b strings.Builder
	const family, persian = "\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u0631\u0648\u0645"
	if err := (report.Report{Lead: []string{family, persian, "turned\u2067around"}}).HTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{family, persian, "turned\ufffdaround"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page doesn't have %q", want)
		}
	}
}

func TestTextsThatAreWideAreCutOffInTime(t *testing.T) {
	for name, c := range map[string]struct{ text, middle string }{
		"short":               {"IT::Network", "IT::Network"},
		"long":                {"Kundenbetreuung::Außenstelle Süd", "Kund…lle Süd"},
		"twice as wide":       {"打印机无法连接到网络请尽快处理", "打印…快处理"},
		"of one sign in many": {strings.Repeat("e\u0301", 20), strings.Repeat("e\u0301", 4) + "…" + strings.Repeat("e\u0301", 7)},
	} {
		if middle := report.MiddleOut(c.text, 12); middle != c.middle {
			t.Errorf("%s: %q, want %q", name, middle, c.middle)
		}
	}
}

// An arrow between two names that are written from right to left has one on each side that it
// points away from and to.
func TestAnArrowPointsToWhatComesNext(t *testing.T) {
	var b strings.Builder
	if err := (report.Report{Lead: []string{"\u05d0 → \u05d1"}}).HTML(&b); err != nil {
		t.Fatal(err)
	}
	if want := "\u05d0 \u200e→\u200e \u05d1"; !strings.Contains(b.String(), want) {
		t.Errorf("the page doesn't have %q", want)
	}
}

// Who has two reports before them must not take what is refused for what is applied.
func TestPartsHaveTheSameColorInAllReports(t *testing.T) {
	color := func(parts ...report.Part) string {
		r := report.Report{Parts: []string{"applied", "left"}, Charts: []report.Chart{{Bars: []report.Bar{{Label: "a", Parts: parts}}}}}
		var b strings.Builder
		if err := r.HTML(&b); err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile(`background:(#\w+)"></span>left`).FindStringSubmatch(b.String())[1]
	}
	left := report.Part{Name: "left", Count: 1}
	if alone, beside := color(left), color(report.Part{Name: "applied", Count: 1}, left); alone != beside {
		t.Errorf("left is %s alone, and %s beside others", alone, beside)
	}
}

func TestEachChartIsAlsoInWords(t *testing.T) {
	html := page(t)
	if !strings.Contains(html, `role="img" aria-labelledby="chart-1-t chart-1-d"`) || !strings.Contains(html, "sort: 42 (30 applied, 12 left)") {
		t.Errorf("the chart has no text alternative:\n%s", html)
	}
}
