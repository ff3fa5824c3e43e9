package main

import (
	"strings"
	"testing"
)

// TestTheLastGoodConfigurationRuns has the service meet a wrong configuration where nothing runs that
// could go on: at a restart, and at boot.
func TestTheLastGoodConfigurationRuns(t *testing.T) {
	t.Parallel()
	dir, deb, _ := built(t)
	m := boot(t, dir)
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; systemctl enable --quiet --now otai")
	if !strings.Contains(m.run("systemctl cat otai"), "run --last-good") {
		t.Skip("the unit doesn't ask for the last good configuration")
	}
	sound := m.configured()
	m.until("it is kept what works", func() bool { return m.try("ls /var/lib/otai/last-good 2>/dev/null") != "" })
	wrong := replaced(t, sound, "base:UpdateTicketPipe", "base:UpdateTicketPip")
	works := func(when, cursor string) {
		t.Helper()
		if s := m.service(); s["ActiveState"] != "active" || s["NRestarts"] != "0" {
			t.Errorf("%s with a wrong configuration: %v", when, s)
		}
		if lines := m.errorLines(cursor); len(lines) != 1 || !strings.Contains(lines[0], "UpdateTicketPip") {
			t.Errorf("%s with a wrong configuration the journal has %d errors:\n%s", when, len(lines), strings.Join(lines, "\n"))
		}
		if out := m.try(asked); !strings.HasSuffix(out, "exit 1\n") || !strings.Contains(out, "UpdateTicketPip") {
			t.Errorf("%s with a wrong configuration, otai status says:\n%s", when, out)
		}
		before := m.changed(cursor)
		m.run("systemctl kill --signal=HUP otai || true; sleep 3")
		if s := m.service(); s["ActiveState"] != "active" || s["NRestarts"] != "0" {
			t.Errorf("%s with a wrong configuration, after SIGHUP: %v", when, s)
		}
		l := m.load()
		m.until("tickets are changed "+when, func() bool { return m.changed(cursor) > before+perSecond })
		l.end()
	}
	m.put(wrong)
	cursor := m.now()
	m.run("systemctl restart otai")
	works("after a restart", cursor)

	// The help desk begins anew, with tickets of the same numbers.
	m.run("systemctl stop otai; rm /var/lib/otai/runs.db*")
	m.reboot()
	m.run(startDesk)
	m.until("it is started at boot", func() bool { return m.service()["ActiveState"] == "active" })
	works("after a boot", "")

	m.put(sound)
	m.run("systemctl reload otai")
	m.until("it is ready with what is right again", func() bool { return strings.HasSuffix(m.try(asked), "exit 0\n") })
}
