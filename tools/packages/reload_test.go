package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const configFile = "/etc/otai/config.yml"

// configured is the demonstration's configuration, for a service.
func (m *machine) configured() string {
	m.Helper()
	return m.run("cat " + configFile)
}

// put writes the configuration as editors do: whole, under another name first.
func (m *machine) put(text string) {
	m.Helper()
	inside := "/proc/" + m.leader + "/root" + configFile
	if err := os.WriteFile(inside+".new", []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
	if err := os.Rename(inside+".new", inside); err != nil {
		m.Fatal(err)
	}
}

// replaced is a text with a part that must be there replaced.
func replaced(t *testing.T, text, before, after string) string {
	t.Helper()
	if !strings.Contains(text, before) {
		t.Fatalf("the demonstration's configuration has no %q any more", before)
	}
	return strings.Replace(text, before, after, 1)
}

// TestReloadsUnderTheUnit reloads the service as an operator does, under exactly the unit that is shipped,
// while tickets come in and models work. Each tenth configuration is broken.
func TestReloadsUnderTheUnit(t *testing.T) {
	t.Parallel()
	dir, deb, _ := built(t)
	m := boot(t, dir)
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; systemctl start otai")
	sound := m.configured()
	const step, further = "                        # ===== Queue =====\n", "                        - { id: further, use: \"base:ExpressionPipe\", params: { expression: 1 } }\n"
	variants := []string{
		sound,
		replaced(t, sound, ">= 0.8", ">= 0.7"),
		replaced(t, sound, step, further+step),
		replaced(t, sound, "articles: first", "articles: first\n        timeout: PT20S"),
		replaced(t, sound, "workers: 4", "workers: 3"),
	}
	broken := []string{
		"orchestrator: [",
		replaced(t, sound, "base:UpdateTicketPipe", "base:UpdateTicketPip"),
		replaced(t, sound, "${OTAI_DEMO_URL}", "${OTAI_THAT_IS_NOWHERE}"),
		replaced(t, sound, "workers: 4", "workers: many"),
	}
	main := m.service()["MainPID"]
	l := m.load()
	var took []time.Duration
	for n := range 100 {
		began := time.Now()
		if n%10 == 9 {
			m.put(broken[n/10%len(broken)])
			m.run("! systemctl reload otai 2>/dev/null")
			if s := m.service(); s["ActiveState"] != "active" || !strings.Contains(s["StatusText"], "which failed") {
				t.Errorf("reload %d, of a broken configuration: %v", n, s)
			}
			continue
		}
		m.put(variants[n%len(variants)])
		m.run("systemctl reload otai")
		took = append(took, time.Since(began))
	}
	m.put(sound)
	m.run("systemctl reload otai")
	until := time.Now()
	if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["ActiveState"] != "active" || s["StatusText"] != "works" {
		t.Errorf("after 100 reloads: %v", s)
	}
	l.end()
	// What otai says of each, and what systemd does.
	lines := m.errorLines(l.from)
	said := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "Reload failed for otai.service") })
	if len(said) != 10 || len(lines) != 20 {
		t.Errorf("of 10 broken configurations the journal has %d errors:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	m.until("the former workers have ended", func() bool { return m.processes() == 2 })
	slices.Sort(took)
	t.Logf("a reload takes %s, at most %s; the longest time without a changed ticket is %s", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), gap(l.changes(), l.began.Add(2*time.Second), until).Round(time.Millisecond))
	t.Log(m.handedOver(l.from))
	t.Log(strings.Join(strings.Fields(m.run("systemctl show otai -p MemoryCurrent,TasksCurrent; systemd-analyze security --threshold=20 otai | tail -1")), " "))
}

// processes is how many the service has.
func (m *machine) processes() int {
	m.Helper()
	return strings.Count(m.run("find /proc -maxdepth 1 -user otai"), "\n")
}

// handedOver sums up what reloads said of the time in which neither worker worked.
func (m *machine) handedOver(since string) string {
	m.Helper()
	var most, sum float64
	n := 0
	for _, l := range m.lines(since) {
		var of struct{ Gap *float64 }
		if json.Unmarshal([]byte(l.Text), &of) == nil && of.Gap != nil {
			most, sum, n = max(most, *of.Gap), sum+*of.Gap, n+1
		}
	}
	return fmt.Sprintf("%d hand-overs, in each nobody worked for %.0f ms, at most %.0f", n, sum/max(float64(n), 1), most)
}
