package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// subjectsOfAll are what people write into subjects; each is one that a page must bear.
var subjectsOfAll = []string{
	"Drucker im Büro druckt Ümläute größer als nötig – bitte prüfen",
	"🖨️🔥 der Drucker brennt 👩‍👩‍👧‍👦",
	"الطابعة لا تعمل في المكتب",
	"\u202egnp.ecioivni",
	`<script>alert("x")</script><img src=x onerror=alert(1)>`,
	"\"><svg onload=alert(1)> & ' `",
	strings.Repeat("Donaudampfschifffahrtsgesellschaft", 7),
	"FW: RE: AW: " + strings.Repeat("sehr langer Betreff ", 12),
}

// TestTheReportOfManyTicketsIsLookedAt makes pictures of a real report, whose names and titles are
// as bad as they come: see where it logs them. Nothing is wider than the page.
func TestTheReportOfManyTicketsIsLookedAt(t *testing.T) {
	t.Parallel()
	needsThorough(t)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: install Debian's package chromium")
	}
	long := "Kundenbetreuung::" + strings.Repeat("Außenstelle", 9)
	w := newWitness(t, "IT::Software", "IT::Hardware", "IT::Network", "IT::Accounts", "HR", "Finance", "Facilities", "Unclassified", `<b onmouseover="x()">&amp;</b>`, long)
	texts := exampleTexts(t)
	for i := range sized(160, 400) {
		text := texts[i%len(texts)]
		n := helpdesk.NewTicket{Queue: []string{"Incoming", "Incoming", "IT::Software", `<b onmouseover="x()">&amp;</b>`, long}[i%5], Title: text[0], Body: text[1]}
		if i%3 == 0 {
			n.Title = subjectsOfAll[i/3%len(subjectsOfAll)]
		}
		if i%7 == 0 {
			n.State = "closed successful"
		}
		w.AddTicket(n)
	}
	bands := fmt.Sprintf(byDecision, queueMap+`, apply_from: { default: 0.8, IT::Software: 0.99 }, suggest_from: 0.6, otherwise: { queue: Unclassified }`)
	config := writeFile(t, fmt.Sprintf(tryForms, `    allow: { queues: [IT::Accounts, IT::Software, IT::Network, Unclassified, HR] }`+"\n",
		fmt.Sprintf(tryLoop, `fields: { Queues: [Incoming, '<b onmouseover="x()">&amp;</b>', "`+long+`"], StateType: [new, open] }`, "queue", bands),
		fmt.Sprintf(tryLoop, whatIsSoftware, "priority", fmt.Sprintf(byUpdate, toPriority))))
	dir := t.ArtifactDir()
	page := filepath.Join(dir, "report.html")
	env := w.environment()
	if out, code := w.command(env, "try", "-c", config, "--last", "1000", "--closed", "--titles", "-o", page); code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	lookAt(t, chromium, page, dir)

	// Nothing to show.
	empty := filepath.Join(dir, "empty.html")
	none := newWitness(t)
	if out, code := none.command(none.environment(), "try", "-c", config, "-o", empty); code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	lookAt(t, chromium, empty, dir)
}

// lookAt makes pictures of a page, and wants it to be no wider than a window.
func lookAt(t *testing.T, chromium, page, dir string) {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, bad := range []string{"<script", "<img", "onmouseover=\"", "onload=alert(1)>", "\u202e", "javascript:", "url(", "@import"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s has %q", page, bad)
		}
	}
	if charts, words := strings.Count(text, "<svg "), strings.Count(text, "<desc "); charts != words {
		t.Errorf("%d charts, and %d of them in words", charts, words)
	}
	name := strings.TrimSuffix(filepath.Base(page), ".html")
	// A frame is as narrow as a telephone; a window of Chromium isn't.
	for _, width := range []int{1280, 400} {
		frame := filepath.Join(t.TempDir(), "frame.html")
		measured := strings.Replace(text, `<meta http-equiv="Content-Security-Policy"`, `<meta name="was"`, 1) +
			"<script>parent.document.title = document.documentElement.scrollWidth + ' of ' + innerWidth + ', ' + document.documentElement.scrollHeight</script>"
		writeAt(t, filepath.Join(filepath.Dir(frame), "page.html"), []byte(measured))
		writeAt(t, frame, fmt.Appendf(nil, `<!DOCTYPE html><title>-</title><body style="margin:0"><iframe src="page.html" style="border:0;width:%dpx;height:3000px"></iframe>`, width))
		chrome := func(args ...string) string {
			cmd := newCommand(chromium, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files", "--user-data-dir=" + t.TempDir()}, args...)...)
			cmd.WaitDelay = time.Second
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%v: %v", args, err)
			}
			return string(out)
		}
		picture := filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width))
		chrome(fmt.Sprintf("--window-size=%d,3000", max(width, 500)), "--screenshot="+picture, "file://"+frame)
		if info, err := os.Stat(picture); err != nil || info.Size() < 5000 {
			t.Errorf("%s was not made: %v", picture, err)
		}
		dom := chrome(fmt.Sprintf("--window-size=%d,3000", max(width, 500)), "--dump-dom", "file://"+frame)
		m := regexp.MustCompile(`<title>(\d+) of (\d+), (\d+)`).FindStringSubmatch(dom)
		if m == nil {
			t.Errorf("at %d pixels nobody knows how wide it is: %.200s", width, dom)
			continue
		}
		wide, _ := strconv.Atoi(m[1])
		if m[2] != strconv.Itoa(width) || wide > width {
			t.Errorf("at %d pixels it is %s wide", width, m[0])
		}
		row(t, "the report "+name, "at %d pixels it is %s wide and %s high", width, m[1], m[3])
	}
	pdf := filepath.Join(dir, name+".pdf")
	cmd := newCommand(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+page)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("the pictures are in %s", dir)
}
