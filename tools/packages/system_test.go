package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// newer is a package of the same binaries with a later version.
func newer(t *testing.T, dir, version, format string) string {
	t.Helper()
	r := release{root: filepath.Join(dir, "..", ".."), dist: dir, stage: staged(t, dir), version: version + "+1", arch: runtime.GOARCH, time: "1790000000", out: t.TempDir(), only: format}
	if err := build(r); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(r.out, "*."+format))
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
sed -i 's/PT0.01S/PT1S/' /etc/otai/config.yml
printf '%s\n' OTAI_DEMO_URL=http://127.0.0.1:8080/znuny/nph-genericinterface.pl OTAI_DEMO_PASSWORD=try-otai-4711 >/etc/otai/otai.env
`

const startDesk = "systemd-run --quiet --collect --unit=desk otai helpdesk --listen 127.0.0.1:8080 --demo-tickets; sleep 1"

// changed counts the tickets that were changed since a cursor.
func (m *machine) changed(since string) int {
	m.Helper()
	return strings.Count(m.run("journalctl -u otai -o cat --no-pager --after-cursor='"+since+"'"), `"message":"ticket changed"`)
}

// TestTheServiceUnderSystemd installs the package into a small Debian and does to the service
// what happens to services.
func TestTheServiceUnderSystemd(t *testing.T) {
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

	// A supervisor that does not answer is ended by systemd, and otai works again.
	m.run("kill -STOP " + main)
	m.until("systemd starts it again", func() bool {
		s := m.service()
		return s["NRestarts"] == "1" && s["ActiveState"] == "active" && s["MainPID"] != main
	})

	m.run("systemctl stop otai")
	if s := m.service(); s["ActiveState"] != "inactive" || s["Result"] != "success" {
		t.Errorf("after a stop: %v", s)
	}
	if left := m.try("ps -u otai"); strings.Contains(left, "otai") {
		t.Errorf("after a stop there is:\n%s", left)
	}
}

// TestThePackageIsReplacedAndRemoved upgrades, downgrades and purges it.
func TestThePackageIsReplacedAndRemoved(t *testing.T) {
	dir, deb, version := built(t)
	m := boot(t, dir)
	content, err := os.ReadFile(newer(t, dir, version, "deb"))
	if err != nil {
		t.Fatal(err)
	}
	// Where both see it.
	if err := os.WriteFile("/proc/"+m.leader+"/root/root/newer.deb", content, 0o644); err != nil {
		t.Fatal(err)
	}
	cursor := m.now()
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; echo '# mine' >>/etc/otai/otai.env; systemctl enable --now otai")
	main := m.service()["MainPID"]
	began := time.Now()
	m.run("dpkg -i /root/newer.deb") // while it works
	t.Logf("the upgrade took %s", time.Since(began).Round(time.Millisecond))
	if s := m.service(); s["ActiveState"] != "active" || s["MainPID"] == main {
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
	if out := m.try("ls -d /var/lib/otai /var/cache/otai /var/log/otai /etc/otai /usr/lib/otai /etc/systemd/system/*/otai.service"); strings.Contains(out, "\n/") || strings.HasPrefix(out, "/") {
		t.Errorf("after the purge there is:\n%s", out)
	}
	m.run("getent passwd otai")
}

// TestTheRPM is installed, replaced and removed in a tree that has no other package of its kind. On
// a system of Red Hat's family it is untested.
func TestTheRPM(t *testing.T) {
	dir, _, version := built(t)
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("there is no rpm; Debian's package rpm has it")
	}
	found, err := filepath.Glob(filepath.Join(dir, "otai-"+version+"-*.rpm"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	root := copyOf(t, debian(t))
	rpm := func(args ...string) string {
		t.Helper()
		return command(t, "rpm", append([]string{"--root", root}, args...)...)
	}
	rpm("-i", "--nodeps", found[0])
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
	rpm("-U", "--nodeps", "--oldpackage", found[0])
	rpm("-e", "--nodeps", "otai")
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
