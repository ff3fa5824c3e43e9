package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheServiceUnitRunsOtai does what systemd would do with the unit: its commands,
// in its environment, which has no more than the unit gives.
func TestTheServiceUnitRunsOtai(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join(product.root, "build", "otai.service"))
	if err != nil {
		t.Fatal(err)
	}
	installed := t.TempDir()
	for from, to := range map[string]string{product.otai: "bin/otai", product.plugins: "lib/otai/plugins"} {
		to = filepath.Join(installed, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := newCommand("cp", "-R", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	config := writeFile(t, sorting)
	state, cache := t.TempDir(), t.TempDir()
	here := strings.NewReplacer("/etc/otai/config.yml", config, "/usr/local", installed, "/var/cache/otai", cache)
	d := newDesk(t)
	env := []string{
		"PATH=/usr/bin:/bin", "STATE_DIRECTORY=" + state, "CACHE_DIRECTORY=" + cache,
		"OTOBO_URL=" + d.url(), "OTAI_OTOBO_ZNUNY_PASSWORD=" + password, // of the EnvironmentFile
	}
	commands := map[string][]string{}
	for line := range strings.Lines(string(unit)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "Environment":
			env = append(env, here.Replace(value))
		case "ExecStartPre", "ExecStart":
			commands[key] = strings.Fields(here.Replace(value))
		}
	}

	check := newCommand(commands["ExecStartPre"][0], commands["ExecStartPre"][1:]...)
	check.Env = env
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := startProgram(t, commands["ExecStart"][0], t.TempDir(), env, commands["ExecStart"][1:]...)
	d.AddTicket(ticketIn("Incoming", "one"))
	eventually(t, "the ticket is moved", func() bool { return d.in("IT") == 1 })
	p.stop(t)
	if left, _ := os.ReadDir(state); len(left) == 0 {
		t.Error("nothing is in the state folder that the unit names")
	}
}
