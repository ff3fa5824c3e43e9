package try

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/trial"
)

// ofPeople are names and texts as people write them, and as somebody does who means no good: a
// page must bear each of them as a label, a queue, a subject, a runner.
var ofPeople = []string{
	"IT::Accounts",
	"Drucker im Büro – bitte prüfen",
	"🖨️🔥 brennt 👩‍👩‍👧‍👦",
	"الطابعة لا تعمل في المكتب",
	"בקשות חופשה",
	"打印机无法连接到网络请尽快处理谢谢您的帮助",
	"\u202egnp.ecioivni",
	"zero\u200bwidth\ufeff",
	`<script>alert("x")</script><img src=x onerror=alert(1)>`,
	"\"><svg onload=alert(1)> & ' `",
	"javascript:alert(1)",
	strings.Repeat("Donaudampfschifffahrtsgesellschaft", 7),
	"Kundenbetreuung::" + strings.Repeat("Außenstelle", 9),
	"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
	"FW: RE: AW: " + strings.Repeat("sehr langer Betreff ", 12),
	"a",
}

// resultOf adds up predictions as a trial's.
func resultOf(runs []trial.End) *Result {
	r := &Result{Version: "0.3.0", From: "the latest 500 tickets of all queues", Began: time.Date(2026, 11, 30, 14, 6, 0, 0, time.UTC), Tickets: len(runs), Titles: true}
	for _, e := range runs {
		_ = r.add(e) // its errors are those of runners
	}
	r.finish(trial.New(trial.Options{}), &app.Setup{Document: &config.Document{}, Sources: []config.Source{{Name: "config.yml"}}})
	r.Seconds = 12.3
	return r
}

// predicted is a ticket that a runner gets, with a queue to go to, "" for none.
func predicted(n int, runner, label string, confidence float64, action decisions.Action, from, to string) trial.End {
	var p trial.Prediction
	p.Runner, p.Ticket, p.Number, p.Action, p.Link = runner, strconv.Itoa(n), fmt.Sprint(2026113010000000+n), action, fmt.Sprintf("https://desk.example.org/otobo/index.pl?Action=AgentTicketZoom;TicketID=%d", n)
	p.Title, p.Reason, p.Read.Queue = ofPeople[n%len(ofPeople)], "the confidence "+percent(confidence)+" is at least 60.0 %", &decisions.Value{Name: from}
	if label != "" {
		p.Classifications = []decisions.Classification{{Label: label, Confidence: confidence}}
	}
	if to != "" {
		p.Writes = []decisions.Write{{Operation: "update", Old: map[string]decisions.Value{decisions.Queue: {Name: from}}, New: map[string]decisions.Value{decisions.Queue: {Name: to}}, Note: 1}}
	}
	return trial.End{Runner: runner, Predictions: []trial.Prediction{p}, Found: true}
}

// pages are reports at the edges of what there may be.
func pages() map[string]*Result {
	var many, few, none []trial.End
	actions := []decisions.Action{decisions.Applied, decisions.Suggested, decisions.Refused, decisions.Left, trial.NotTried, trial.Failed}
	for n := range 500 {
		label := fmt.Sprintf("label %02d", n%40)
		if k := n % 40; k < len(ofPeople) {
			label = ofPeople[k]
		}
		action, to := actions[n%23%len(actions)], ""
		if action == decisions.Applied {
			to = ofPeople[n*7%len(ofPeople)]
		}
		many = append(many, predicted(n+1, ofPeople[n%5*3%len(ofPeople)], label, float64(n%100)/100, action, ofPeople[n%3], to))
	}
	for n := range 40 {
		few = append(few, predicted(n+1, "sort", "IT::Network", 0.97, decisions.Applied, "Incoming", "IT::Network"))
		none = append(none, predicted(n+1, "sort", "", 0, decisions.Left, "Incoming", ""))
	}
	r := map[string]*Result{"many": resultOf(many), "one-label": resultOf(few), "unclassified": resultOf(none), "empty": resultOf(nil)}
	for _, why := range ofPeople {
		r["many"].NotFound = append(r["many"].NotFound, Reason{"its queue is " + why, 3})
	}
	r["many"].NotTried, r["many"].Closed, r["many"].turns = []Reason{{ofPeople[11], 2}}, true, ofPeople
	r["many"].Runners[0].Error = ofPeople[14]
	return r
}

func TestNothingOfTicketsSteersThePage(t *testing.T) {
	for name, r := range pages() {
		var b strings.Builder
		if err := r.html(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, bad := range []string{"<script", "<img", "onload=alert(1)>", "\u202e", "\u200b", "\ufeff", `"javascript:`, "url(", "@import"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if charts, words := strings.Count(page, "<svg role="), strings.Count(page, "<desc "); charts != words {
			t.Errorf("%s: %d charts, and %d of them in words", name, charts, words)
		}
		if links := strings.Count(page, "href="); links != len(r.Predictions) {
			t.Errorf("%s: %d links to %d tickets", name, links, len(r.Predictions))
		}
	}
}

// TestReportsAreLookedAt makes pictures of reports, at 1280 and 400 pixels: see where it logs them, or
// keep them by go test -artifacts. Nothing is wider than the page, and no text of a chart is on another.
// Those of most reports, and on paper, are made with OTAI_TEST_ALL: browsers take long to start.
func TestReportsAreLookedAt(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: install Debian's package chromium")
	}
	dir, all := t.ArtifactDir(), pages()
	names := slices.Sorted(maps.Keys(all))
	var everything strings.Builder
	for _, name := range names {
		page := filepath.Join(dir, name+".html")
		if err := all[name].WriteFile(page); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		// A copy without the policy, which allows no script, says how wide it is.
		measured := strings.Replace(string(content), `<meta http-equiv="Content-Security-Policy"`, `<meta name="was"`, 1) + strings.Replace(measure, "NAME", name, 1)
		writePage(t, filepath.Join(dir, "measured", name+".html"), measured)
		both := frames("measured/" + name + ".html")
		writePage(t, filepath.Join(dir, name+"-both.html"), both)
		everything.WriteString(both)
	}
	writePage(t, filepath.Join(dir, "everything.html"), everything.String())
	dom := browse(t, chromium, "--window-size=1700,3000", "--dump-dom", "file://"+filepath.Join(dir, "everything.html"))
	for _, name := range names {
		for _, width := range []int{1280, 400} {
			m := regexp.MustCompile(fmt.Sprintf(`%s at %d: (\d+) wide, (\d+) high, (\d+) texts`, name, width)).FindStringSubmatch(dom)
			if m == nil {
				t.Errorf("nobody knows how wide %s is at %d pixels", name, width)
				continue
			}
			t.Log(m[0])
			if wide, _ := strconv.Atoi(m[1]); wide > width || m[3] != "0" {
				t.Errorf("%s of charts on others", m[0])
			}
		}
	}
	for _, name := range names {
		if name != "many" && os.Getenv("OTAI_TEST_ALL") == "" {
			continue
		}
		picture := filepath.Join(dir, name+".png")
		browse(t, chromium, "--window-size=1700,3000", "--screenshot="+picture, "file://"+filepath.Join(dir, name+"-both.html"))
		if info, err := os.Stat(picture); err != nil || info.Size() < 5000 {
			t.Errorf("%s was not made: %v", picture, err)
		}
		pdf := filepath.Join(dir, name+".pdf")
		browse(t, chromium, "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+filepath.Join(dir, name+".html"))
		printed, err := os.ReadFile(pdf)
		if err != nil {
			t.Fatal(err)
		}
		sheets := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(printed, -1))
		t.Logf("%s: %d sheets of paper", name, sheets)
		if most := 4 + len(all[name].Predictions)/8; sheets < 1 || sheets > most {
			t.Errorf("%s: %d sheets of paper for %d tickets, want at most %d", name, sheets, len(all[name].Predictions), most)
		}
	}
	t.Logf("the pictures are in %s", dir)
}

// measure says of a page in a frame how wide and high it is, and how many texts of charts reach
// into those beside them.
const measure = `<script>
let on = 0
for (const svg of document.querySelectorAll('svg[role]')) {
	const texts = [...svg.querySelectorAll('text')].map(text => (text.parentNode === svg ? text : text.parentNode).getBoundingClientRect())
	for (let i = 0; i + 1 < texts.length; i += 2) if (texts[i].right > texts[i + 1].left) on++
}
const all = document.documentElement, said = parent.document.createElement('p')
said.textContent = 'NAME at ' + innerWidth + ': ' + all.scrollWidth + ' wide, ' + all.scrollHeight + ' high, ' + on + ' texts'
parent.document.body.append(said)
</script>`

// frames show a page twice. A frame can be as narrow as a telephone; a window of Chromium can't.
func frames(page string) string {
	var b strings.Builder
	for _, width := range []int{1280, 400} {
		fmt.Fprintf(&b, `<iframe src="%s" style="border:0;width:%dpx;height:2900px"></iframe>`, page, width)
	}
	return b.String()
}

func writePage(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte("<!DOCTYPE html>"+text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// browse starts a browser without a window and returns what it prints.
func browse(t *testing.T, chromium string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files", "--user-data-dir=" + t.TempDir()}, args...)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v: %v", args, err)
	}
	return string(out)
}
