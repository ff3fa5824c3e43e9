package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// rebuilt is a package of another build of the host, and of the same plugins.
func rebuilt(t *testing.T, dir, version string, binary func(file string)) string {
	t.Helper()
	other := t.TempDir()
	if err := os.CopyFS(filepath.Join(other, "plugins"), os.DirFS(filepath.Join(dir, "plugins"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(other, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	binary(filepath.Join(other, "bin", "otai"))
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return packed(t, release{root: root, dist: other, version: version, only: "deb"})
}

// hostOf builds the host as `make build` does, with another version.
func hostOf(t *testing.T, version string) func(string) {
	return func(file string) {
		t.Helper()
		cmd := exec.Command("go", "build", "-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", file, "./cmd/otai")
		cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), "CGO_ENABLED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// brought is where the machine has what was brought to it.
const brought = "/var/tmp/"

// bring copies a file to where the machine has it.
func (m *machine) bring(file, name string) {
	m.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile("/proc/"+m.leader+"/root"+brought+name, content, 0o644); err != nil {
		m.Fatal(err)
	}
}

// worksWith reports whether the worker is of the binary that is there now.
func (m *machine) worksWith(pid string) bool {
	return pid != "" && strings.TrimSpace(m.try("stat -L -c %i /proc/"+pid+"/exe")) == strings.TrimSpace(m.run("stat -L -c %i $(command -v otai)"))
}

// wholly waits until supervisor and worker are of a version.
func (m *machine) wholly(version string) {
	m.Helper()
	m.until("both processes are of "+version, func() bool {
		out := m.try(asked)
		return strings.HasPrefix(out, "otai "+version+" is ready") && regexp.MustCompile(`(?m)^worker .*, otai `+regexp.QuoteMeta(version)+`$`).MatchString(out)
	})
	if main := m.service()["MainPID"]; !m.worksWith(main) || !m.worksWith(m.worker()) {
		m.Errorf("not of the binary that is there now: process %s or its worker\n%s", main, m.try(asked))
	}
}

// TestUpgradesUnderLoad upgrades, downgrades and restarts while tickets come in.
func TestUpgradesUnderLoad(t *testing.T) {
	dir, deb, version := built(t)
	next := rebuilt(t, dir, version+"+1", hostOf(t, version+"+1"))
	m := boot(t, dir)
	m.bring(next, "newer.deb")
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; systemctl start otai")
	main := m.service()["MainPID"]
	l := m.load()
	time.Sleep(3 * time.Second)
	type stretch struct {
		what     string
		from, to time.Time
	}
	var stretches []stretch
	pass := func(what, script string) {
		t.Helper()
		from := time.Now()
		m.run(script)
		took := time.Since(from)
		time.Sleep(3 * time.Second)
		stretches = append(stretches, stretch{what + " (" + took.Round(10*time.Millisecond).String() + ")", from, time.Now()})
	}
	pass("nothing", "sleep 2")
	for range 2 {
		for _, p := range []struct{ what, script, version string }{
			{"upgrade", "dpkg -i " + brought + "newer.deb", version + "+1"},
			{"downgrade", "dpkg -i --force-downgrade /packages/" + deb, version},
		} {
			pass(p.what, p.script)
			m.wholly(p.version)
			if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["StatusText"] != "works" || !m.worksWith(m.worker()) {
				t.Errorf("after the %s: %v", p.what, s)
			}
			if got := m.run("dpkg-query -W -f '${Version}' otai"); got != p.version {
				t.Errorf("after the %s version %s is installed", p.what, got)
			}
		}
	}
	pass("restart", "systemctl restart otai")
	l.end()
	times := l.changes()
	for _, s := range stretches {
		longest := gap(times, s.from, s.to)
		t.Logf("%s: no ticket was changed for %s", s.what, longest.Round(time.Millisecond))
		if longest > 2*time.Second && !strings.HasPrefix(s.what, "restart") {
			t.Errorf("%s: no ticket was changed for %s", s.what, longest)
		}
	}
	t.Log(m.handedOver(l.from))
	if lines := m.errorLines(l.from); len(lines) > 0 {
		t.Errorf("the journal has:\n%s", strings.Join(lines, "\n"))
	}
}

// TestABrokenUpgrade installs what can't work while tickets come in: the one before works on, and
// what works takes over when it is there, without a restart.
func TestABrokenUpgrade(t *testing.T) {
	t.Parallel()
	dir, deb, version := built(t)
	script := rebuilt(t, dir, version+"+1", func(file string) {
		if err := os.WriteFile(file, programOf(t, "/bin/false"), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	m := boot(t, dir)
	m.bring(script, "broken.deb")
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; systemctl start otai")
	main := m.service()["MainPID"]
	l := m.load()
	untouched := func(what string) {
		t.Helper()
		if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["ActiveState"] != "active" {
			t.Errorf("%s: %v", what, s)
		}
	}
	flow := func(what string) {
		t.Helper()
		before := len(l.changes())
		m.until("tickets are changed "+what, func() bool { return len(l.changes()) > before+perSecond })
		untouched(what)
	}
	flow("at first")

	before := m.worker()
	out := m.run("dpkg -i " + brought + "broken.deb 2>&1")
	if !strings.Contains(out, "has not taken over") {
		t.Errorf("the upgrade to a binary that ends at once says:\n%s", out)
	}
	if m.worker() != before {
		t.Error("a binary that ends at once has cost the worker")
	}
	flow("after an upgrade to a binary that ends at once")

	// What is there now can't begin; it is tried again until there is something else.
	m.run("kill -KILL " + m.worker())
	time.Sleep(3 * time.Second)
	untouched("with a worker that died, and a binary that ends at once")
	m.run("dpkg -i --force-downgrade /packages/" + deb)
	flow("with the binary that works")

	// While a package is unpacked, one file is new and another one isn't yet, or is half there.
	m.run("cd /usr/lib/otai/plugins; cp -a otai_hf_local.so " + brought + "; cp -a /usr/bin/otai /usr/bin/otai.new; mv /usr/bin/otai.new /usr/bin/otai; truncate -s 100000 otai_hf_local.so")
	if out := m.run("! systemctl reload otai 2>&1; journalctl -u otai -p err -n 3 -o cat --no-pager"); !strings.Contains(out, "otai_hf_local") {
		t.Errorf("a reload with half of a plugin:\n%s", out)
	}
	flow("after a reload with half of a plugin")
	m.run("kill -KILL " + m.worker())
	time.Sleep(5 * time.Second)
	untouched("with a worker that died while a package was unpacked")
	m.run("mv " + brought + "otai_hf_local.so /usr/lib/otai/plugins/")
	flow("when the package is unpacked")
	l.end()
}

// programOf is a program of this machine; it is linked with the C library, as the real one.
func programOf(t *testing.T, program string) []byte {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
