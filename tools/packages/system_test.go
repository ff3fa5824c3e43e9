package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// newer is a package of the same binaries with a later version.
func newer(t *testing.T, dir, version, format string) string {
	t.Helper()
	return packed(t, release{root: filepath.Join(dir, "..", ".."), dist: dir, version: version + "+1", only: format})
}

// packed is the one package of a release.
func packed(t *testing.T, r release) string {
	t.Helper()
	r.stage, r.arch, r.time, r.out, r.fast = staged(t), runtime.GOARCH, "1790000000", t.TempDir(), true
	if err := build(r); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(r.out, "*."+r.only))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

// built is the folder with the packages of `make packages`, the name of the one for Debian, and
// its version.
func built(t *testing.T) (dir, deb, version string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	version = strings.TrimSpace(string(text))
	dir = filepath.Join(root, "build", "dist")
	found, err := filepath.Glob(filepath.Join(dir, "otai_"+version+"_*.deb"))
	if err != nil || len(found) != 1 {
		t.Skip("there is no package in build/dist; `make test-system` makes it")
	}
	return dir, filepath.Base(found[0]), version
}

const configure = `
cp -r /usr/share/doc/otai/examples/demo/config.yml /usr/share/doc/otai/examples/demo/models /etc/otai/
chgrp -R otai /etc/otai/config.yml /etc/otai/models
sed -i 's/PT0.01S/PT0.1S/; s/limit: 10$/limit: 100/' /etc/otai/config.yml
printf '%s\n' OTAI_DEMO_URL=http://127.0.0.1:8080/znuny/nph-genericinterface.pl OTAI_DEMO_PASSWORD=try-otai-4711 >/etc/otai/otai.env
`

const startDesk = "systemd-run --quiet --collect --unit=desk otai helpdesk --listen 127.0.0.1:8080 --demo-tickets; sleep 1"

// asked is how an operator asks how it is.
const asked = "otai status --state-dir /var/lib/otai; echo exit $?"

// changed counts the tickets that were changed since a cursor.
func (m *machine) changed(since string) int {
	m.Helper()
	n := 0
	for _, l := range m.lines(since) {
		if strings.Contains(l.Text, `"message":"ticket changed"`) {
			n++
		}
	}
	return n
}

// TestTheServiceUnderSystemd installs the package into a small Debian and does to the service
// what happens to services.
func TestTheServiceUnderSystemd(t *testing.T) {
	t.Parallel()
	dir, deb, _ := built(t)
	m := boot(t, dir)
	m.run("dpkg -i /packages/" + deb)
	if s := m.service(); s["ActiveState"] != "inactive" {
		t.Errorf("it is started before it is configured: %v", s)
	}

	// A wrong configuration: the start fails, says why, and is not tried again.
	cursor := m.now()
	m.run("echo 'services: [{id: a, use: nonsense}]' >/etc/otai/config.yml; ! systemctl start otai; sleep 1")
	if s, lines := m.service(), m.errorLines(cursor); s["ActiveState"] != "failed" || s["ExecMainStatus"] != "2" || s["NRestarts"] != "0" || !strings.Contains(strings.Join(lines, "\n"), "/etc/otai/config.yml:1") {
		t.Errorf("with a wrong configuration: %v, and the journal has %q", s, lines)
	}

	// The help desk is down at the start: it is started, and works by itself later.
	cursor = m.now()
	m.run(configure + "systemctl start otai")
	if s := m.service(); s["ActiveState"] != "active" {
		t.Errorf("with a help desk that is down: %v", s)
	}
	time.Sleep(20 * time.Second)
	if lines := m.errorLines(cursor); len(lines) != 1 {
		t.Errorf("the outage is in the journal %d times: %q", len(lines), lines)
	}
	m.run(startDesk)
	m.until("all tickets are changed", func() bool { return m.changed(cursor) == 30 })
	if s := m.service(); s["StatusText"] != "works" || s["NRestarts"] != "0" {
		t.Errorf("at work: %v", s)
	}

	out := m.run("systemd-analyze security --threshold=20 otai | tail -1")
	t.Log(strings.TrimSpace(out))

	main := m.service()["MainPID"]
	for how, kill := range map[string]string{"killed": "KILL", "stopped": "STOP"} {
		before := m.worker()
		m.run("kill -" + kill + " " + before)
		m.until("a worker that was "+how+" is replaced", func() bool { w := m.worker(); return w != "" && w != before })
		if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["ActiveState"] != "active" {
			t.Errorf("after a worker that was %s: %v", how, s)
		}
	}

	// SIGHUP, even to each of its processes, and to those that try plugins, ends nothing.
	m.run("kill -KILL " + m.worker() + "; for i in 1 2 3 4 5 6; do systemctl kill --signal=HUP otai || true; sleep 0.5; done")
	m.until("it works again", func() bool { return m.worker() != "" && m.service()["StatusText"] == "works" })
	if s := m.service(); s["MainPID"] != main || s["NRestarts"] != "0" || s["ActiveState"] != "active" || m.worker() == "" {
		t.Errorf("after SIGHUP: %v", s)
	}

	// A supervisor that does not answer is ended by systemd, and otai works again.
	m.run("kill -STOP " + main)
	m.until("systemd starts it again", func() bool {
		s := m.service()
		return s["NRestarts"] == "1" && s["ActiveState"] == "active" && s["MainPID"] != main
	})

	// At boot the help desk is down: it is started, and works when that is there.
	m.run("systemctl enable --quiet otai")
	m.reboot()
	m.until("it is started at boot", func() bool { return m.service()["ActiveState"] == "active" })
	m.until("it isn't ready", func() bool { return strings.HasSuffix(m.try(asked), "exit 1\n") })
	m.run(startDesk)
	m.until("it is ready by itself", func() bool { return strings.HasSuffix(m.try(asked), "exit 0\n") })
	if s := m.service(); s["NRestarts"] != "0" {
		t.Errorf("after a boot: %v", s)
	}

	m.run("systemctl stop otai")
	if s := m.service(); s["ActiveState"] != "inactive" || s["Result"] != "success" {
		t.Errorf("after a stop: %v", s)
	}
	if n := m.processes(); n != 0 {
		t.Errorf("after a stop there are %d processes", n)
	}
}

// TestThePackageIsReplacedAndRemoved upgrades, downgrades and purges it.
func TestThePackageIsReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	dir, deb, version := built(t)
	m := boot(t, dir)
	m.bring(newer(t, dir, version, "deb"), "newer.deb")
	cursor, before := m.now(), m.files()
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; echo '# mine' >>/etc/otai/otai.env; systemctl enable --now otai")
	began := time.Now()
	m.run("dpkg -i " + brought + "newer.deb") // while it works
	t.Logf("the upgrade took %s", time.Since(began).Round(time.Millisecond))
	if s := m.service(); s["ActiveState"] != "active" {
		t.Errorf("after the upgrade: %v", s)
	}
	m.until("all tickets are changed", func() bool { return m.changed(cursor) == 30 })
	if out := m.run("dpkg -s otai; cat /etc/otai/otai.env"); !strings.Contains(out, "Version: "+version+"+1") || !strings.Contains(out, "# mine") {
		t.Errorf("after the upgrade:\n%s", out)
	}
	m.run("dpkg -i --force-downgrade /packages/" + deb)
	if s := m.service(); s["ActiveState"] != "active" {
		t.Errorf("after the downgrade: %v", s)
	}
	time.Sleep(3 * time.Second)
	if n := m.changed(cursor); n != 30 {
		t.Errorf("30 tickets were changed %d times", n)
	}
	m.run("dpkg --remove otai")
	if out := m.try("systemctl is-active otai; ls -d /var/lib/otai /etc/otai/otai.env /usr/bin/otai"); !strings.Contains(out, "inactive") || !strings.Contains(out, "/var/lib/otai\n") || !strings.Contains(out, "/etc/otai/otai.env\n") || strings.Contains(out, "\n/usr/bin/otai\n") {
		t.Errorf("after the removal:\n%s", out)
	}
	m.run("rm -r /etc/otai/config.yml /etc/otai/models; dpkg --purge otai")
	for _, path := range m.files() {
		if _, was := slices.BinarySearch(before, path); !was {
			t.Errorf("after the purge there is %s", path)
		}
	}
	m.run("getent passwd otai")
}

// files are those of the machine, but for what the system itself keeps of users, packages and services.
func (m *machine) files() []string {
	m.Helper()
	list := strings.Split(strings.TrimSpace(m.run(`find / -xdev \( -path /var/lib/dpkg -o -path /var/log/journal -o -path /var/lib/systemd \) -prune -o -print`)), "\n")
	list = slices.DeleteFunc(list, func(path string) bool {
		return strings.HasPrefix(path, "/etc/") && strings.HasSuffix(path, "-") // as passwd-, which useradd leaves
	})
	slices.Sort(list)
	return list
}

// TestTheRPM is installed, replaced and removed in a tree that has no other package of its kind. On
// a system of Red Hat's family it is untested.
func TestTheRPM(t *testing.T) {
	t.Parallel()
	dir, _, version := built(t)
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("there is no rpm; Debian's package rpm has it")
	}
	found, err := filepath.Glob(filepath.Join(dir, "otai-"+version+"-*.rpm"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	root := copyOf(t, debian(t))
	// It does what is asked of it here: nothing.
	const calls = "/var/tmp/calls"
	if err := os.WriteFile(filepath.Join(root, "usr/bin/systemctl"), []byte("#!/bin/sh\necho \"$*\" >>"+calls+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	called := func(what, want string) {
		t.Helper()
		got, err := os.ReadFile(root + calls)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s calls systemctl with\n%s, want\n%s", what, got, want)
		}
		if err := os.Remove(root + calls); err != nil {
			t.Fatal(err)
		}
	}
	rpm := func(args ...string) string {
		t.Helper()
		return command(t, "rpm", append([]string{"--root", root}, args...)...)
	}
	rpm("-i", "--nodeps", found[0])
	called("the installation", "daemon-reload\n")
	if list := rpm("-ql", "otai"); !strings.Contains(list, "/usr/lib/systemd/system/otai.service\n") || !strings.Contains(list, "/usr/share/zsh/site-functions/_otai\n") {
		t.Errorf("its files:\n%s", list)
	}
	if out := command(t, "chroot", root, "sh", "-c", "id -u otai && stat -c %G:%a /etc/otai && otai version"); !strings.Contains(out, "otai:750\n") {
		t.Errorf("after the installation:\n%s", out)
	}
	command(t, "chroot", root, "sh", "-c", "echo '# mine' >>/etc/otai/otai.env")
	rpm("-U", "--nodeps", newer(t, dir, version, "rpm"))
	if out := command(t, "chroot", root, "cat", "/etc/otai/otai.env"); !strings.Contains(out, "# mine") {
		t.Errorf("after the upgrade the secrets are\n%s", out)
	}
	const replaces = "daemon-reload\ntry-reload-or-restart otai.service\ndaemon-reload\n" // the last is of the one that was there
	called("the upgrade", replaces)
	rpm("-U", "--nodeps", "--oldpackage", found[0])
	called("the downgrade", replaces)
	rpm("-e", "--nodeps", "otai")
	called("the removal", "--no-reload disable --now otai.service\ndaemon-reload\n")
	if _, err := os.Stat(filepath.Join(root, "usr/bin/otai")); err == nil {
		t.Error("it is there after its removal")
	}
}

// TestWhatThePackagesDependOn compares what is linked with what was recorded.
func TestWhatThePackagesDependOn(t *testing.T) {
	dir, _, _ := built(t)
	if os.Getenv(machineVariable) == "" {
		t.Skip("what is linked depends on the machine that it was built on; `make test-system` compares it")
	}
	n, err := needs(release{dist: dir}.binaries()...)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile(filepath.Join("testdata", "needed"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(append(n.libraries, "glibc "+n.glibc), "\n") + "\n"; got != string(recorded) {
		t.Errorf("needed are\n%s", got)
	}
}
