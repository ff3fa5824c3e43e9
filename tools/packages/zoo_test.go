package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheZooUnderTheUnit has the service meet each bad plugin file, under exactly the unit that is
// shipped, while tickets come in: it is refused with its cause, and the work goes on.
func TestTheZooUnderTheUnit(t *testing.T) {
	t.Parallel()
	zoo := os.Getenv("OTAI_TEST_ZOO")
	dir, deb, _ := built(t)
	debian(t)
	text, err := os.ReadFile(filepath.Join(zoo, "list.json"))
	if err != nil {
		t.Skip("OTAI_TEST_ZOO names no folder with the zoo; `make test-system` makes it")
	}
	var list []struct{ Name, Folder, File, Word, Use string }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	m := boot(t, dir, "--bind-ro="+zoo+":/zoo")
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; echo OTAI_PROBE_TIMEOUT=5s >>/etc/otai/otai.env; systemctl start otai")
	sound, main := m.configured(), m.service()["MainPID"]
	const step = "                        # ===== Queue =====\n"
	replaced(t, sound, step, step)
	l := m.load()
	refused := 0
	for n, a := range list {
		began := time.Now()
		cursor := m.now()
		config := sound + "\n  plugin_dirs: [/usr/lib/otai/plugins, /zoo/" + a.Folder + "]\n"
		m.put(config)
		if out := m.try("systemctl reload otai 2>&1"); out != "" {
			t.Errorf("%s: a plugin that nothing needs prevents a reload: %s%s", a.Name, out, strings.Join(m.errorLines(cursor), "\n"))
			continue
		}
		if said := m.atLeast(cursor, warningPriority); !slices.ContainsFunc(said, saysOf(a.File, a.Word)) {
			t.Errorf("%s: it is not said that %s was refused because of %q:\n%s", a.Name, a.File, a.Word, strings.Join(said, "\n"))
			continue
		}
		refused++
		if n%4 == 0 && a.Use != "" && a.Use != "nothing" {
			cursor = m.now()
			m.put(strings.Replace(config, step, fmt.Sprintf("                        - { id: bad, use: %q, params: {} }\n", a.Use)+step, 1))
			m.run("! systemctl reload otai 2>/dev/null")
			if lines := m.errorLines(cursor); !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, a.File) }) {
				t.Errorf("%s: a reload that needs it says %q", a.Name, lines)
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Logf("%s took %s", a.Name, took.Round(time.Second))
		}
	}
	if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["ActiveState"] != "active" {
		t.Errorf("after the zoo: %v", s)
	}
	l.end()
	// A reload may take longer than a start, as where it loads models: systemd waits as long as otai asks it to.
	m.run("mkdir -p /run/systemd/system/otai.service.d; printf '[Service]\\nTimeoutStartSec=3\\n' >/run/systemd/system/otai.service.d/short.conf; systemctl daemon-reload")
	for _, a := range list {
		if a.Name != "an endless loop in init" { // for which a process is waited for
			continue
		}
		m.put(sound + "\n  plugin_dirs: [/usr/lib/otai/plugins, /zoo/" + a.Folder + "]\n")
		m.run("rm -f /var/lib/otai/plugins/*.json")
		began := time.Now()
		out := m.try("systemctl reload otai 2>&1")
		if took := time.Since(began); out != "" || took < 4*time.Second {
			t.Errorf("a reload that takes longer than a start may ended after %s: %s", took, out)
		}
	}
	t.Logf("%d of %d were refused with their cause", refused, len(list))
}

// saysOf is whether a line is about a file, and has the cause.
func saysOf(file, word string) func(string) bool {
	return func(line string) bool {
		var entry struct{ File, Err string }
		return json.Unmarshal([]byte(line), &entry) == nil && entry.File == file && strings.Contains(entry.Err, word)
	}
}
