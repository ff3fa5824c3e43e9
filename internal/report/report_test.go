package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestEachChartIsAlsoInWords(t *testing.T) {
	html := page(t)
	if !strings.Contains(html, `role="img" aria-labelledby="chart-1-t chart-1-d"`) || !strings.Contains(html, "sort: 42 (30 applied, 12 left)") {
		t.Errorf("the chart has no text alternative:\n%s", html)
	}
}

// TestThePageIsLookedAt makes pictures of it: see where it logs them.
func TestThePageIsLookedAt(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: install Debian's package chromium")
	}
	dir := t.ArtifactDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, []byte(page(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"1280.png": {"--window-size=1280,1100", "--screenshot=" + filepath.Join(dir, "1280.png")},
		"400.png":  {"--window-size=400,1600", "--screenshot=" + filepath.Join(dir, "400.png")},
		"page.pdf": {"--no-pdf-header-footer", "--print-to-pdf=" + filepath.Join(dir, "page.pdf")},
	} {
		cmd := exec.Command(chromium, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + t.TempDir()}, append(args, "file://"+file)...)...)
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 5000 {
			t.Errorf("%s was not made: %v", name, err)
		}
	}
	t.Logf("the pictures are in %s", dir)
}
