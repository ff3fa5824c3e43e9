package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// written makes a configuration as docs/install.md says, of the help desk of the machine and the model of
// the demonstration, and puts it where the package wants it.
const written = `
mkdir -p /var/tmp/first && cd /var/tmp/first
OTAI_OTOBO_ZNUNY_PASSWORD=try-otai-4711 otai init --url http://127.0.0.1:8080/znuny/nph-genericinterface.pl --insecure --user otai --queue Incoming --model /usr/share/doc/otai/examples/demo/models/queue -o .
install -m 0640 -g otai config.yml /etc/otai/config.yml
cat .env >>/etc/otai/otai.env
`

// TestThePagesAsTheyAreTyped follows install.md, upgrade.md, backup.md and what operations.md types to set a service
// up, once with the package and once with the bundle.
func TestThePagesAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	dir, deb, version := built(t)
	debian(t)
	pages := map[string]*page{}
	for _, name := range []string{"install.md", "upgrade.md", "backup.md", "operations.md", "monitoring.md"} {
		pages[name] = pageOf(t, name)
	}
	followed := 0
	with := func(how string, follow func(m *machine, of func(string) *page)) {
		t.Run("with the "+how, func(t *testing.T) {
			followed++
			m := boot(t, dir)
			m.run("mkdir -p /var/backups")
			follow(m, func(name string) *page { return pages[name].by(t) })
		})
	}
	next := rebuilt(t, dir, version+"+1", hostOf(t, version+"+1"))
	with("package", func(m *machine, of func(string) *page) { m.followsThePackage(of, filepath.Join(dir, deb), next) })
	with("bundle", func(m *machine, of func(string) *page) {
		m.followsTheBundle(of, filepath.Join(dir, strings.TrimSuffix(strings.Replace(deb, version+"_", version+"_linux_", 1), ".deb")+".tar.gz"), next)
	})
	if followed < 2 { // what one alone types isn't all

		return
	}
	pages["install.md"].done()
	pages["upgrade.md"].done()
	pages["backup.md"].done("pg_dump", "psql") // TestThePagesOfTheDatabase
}

// sorted waits until otai is ready and has brought tickets to their end.
func (m *machine) sorted(when string, since string, n int) {
	m.Helper()
	m.until("it works "+when, func() bool { return strings.HasSuffix(m.try(asked), "exit 0\n") && m.changed(since) >= n })
}

func (m *machine) followsThePackage(of func(string) *page, deb, next string) {
	install, upgrade, backup, operations, monitoring := of("install.md"), of("upgrade.md"), of("backup.md"), of("operations.md"), of("monitoring.md")
	old, later := filepath.Base(deb), filepath.Base(next)
	version := strings.Split(old, "_")[1]
	m.bring(deb, old)
	m.bring(next, later)
	m.types(install.block("apt install ./otai_", "otai_0.1.0_amd64.deb", old))
	m.run(startDesk)
	if s, out := m.service(), m.run("stat -c '%a %U' /etc/otai/otai.env; stat -c '%a %G' /etc/otai; ls /usr/lib/otai/plugins /usr/share/doc/otai /usr/share/doc/otai/docs/install.md /usr/share/bash-completion/completions/otai /usr/share/zsh/vendor-completions/_otai /usr/share/fish/vendor_completions.d/otai.fish"); s["ActiveState"] != "inactive" || !strings.HasPrefix(out, "600 root\n750 otai\n") || !strings.Contains(out, "monitoring\n") {
		m.Errorf("after the installation: %v\n%s", s, out)
	}

	// A first configuration, by hand.
	m.types(written)
	doctor := install.within("otai doctor -c /etc/otai/config.yml --env-file /etc/otai/otai.env")
	m.types(doctor)
	cursor := m.now()
	m.types(install.within("systemctl enable --now otai"))
	m.sorted("with a first configuration", cursor, 1)

	// That of the demonstration, which changes each ticket.
	m.run("systemctl stop otai desk; rm /var/lib/otai/runs.db*; " + startDesk)
	m.types(configure, "systemctl start otai", doctor)
	cursor = m.now()
	l := m.load()
	m.sorted("with the demonstration's", cursor, perSecond)
	m.types(upgrade.block("runuser -u otai -- otai runs backup"))
	m.types(upgrade.block("apt install ./otai_NEW", "otai_NEW_amd64.deb", later))
	m.wholly(version + "+1")
	m.types(upgrade.block("apt install --allow-downgrades", "otai_OLD_amd64.deb", old))
	m.wholly(version)
	m.types(operations.block("otai reload --wait"))
	m.types(operations.block("otai validate -c"))
	m.types(backup.block("runuser -u otai -- otai runs backup"))
	if out := m.try("cd " + brought + "; " + operations.block("runuser -u otai -- otai plugin report words")); !strings.Contains(out, "words") || strings.Contains(out, "not set") {
		m.Errorf("a report of what isn't there says\n%s", out)
	}
	if out := m.types(monitoring.block("runuser -u otai -- otai support-dump"), "tar tzf otai.tar.gz 2>/dev/null || tar tzf /tmp/otai.tar.gz"); !strings.Contains(out, "README.txt") {
		m.Errorf("what helps is\n%s", out)
	}
	l.end()

	if out := m.types(operations.block("systemctl stop otai")); strings.Contains(out, `"level":"error"`) {
		m.Errorf("a run by hand says\n%s", out)
	}
	m.wholly(version)
	m.types(backup.block("otai runs backup \"/var/backups/otai-$(date +%F).db\""))
	m.types(backup.block("systemctl stop otai", "otai-2026-11-30.db", "otai-$(date +%F).db"))
	m.wholly(version)
	m.run("! systemctl show -p NRestarts otai | grep -v =0")

	// The other machine knows the help desk, and has another number for the user.
	m.types(backup.within("systemctl disable --now otai"),
		"mkdir kept; cp -a /etc/otai /var/lib/otai/runs.db kept/", "apt purge otai", "userdel otai", "rm -rf /etc/otai /var/lib/otai", "useradd --system another",
		"apt install ./"+old, "cp -r kept/otai/. /etc/otai/", "chgrp -R otai /etc/otai/config.yml /etc/otai/models",
		"install -d -m 0700 -o otai -g otai /var/lib/otai", "install -m 0600 -o otai -g otai kept/runs.db /var/lib/otai/", backup.within("systemctl enable --now otai"))
	m.wholly(version)
	l = m.load()
	time.Sleep(3 * time.Second)
	l.end()
	if lines := m.errorLines(cursor); len(lines) > 0 {
		m.Errorf("the journal has:\n%s", strings.Join(lines, "\n"))
	}
}

func (m *machine) followsTheBundle(of func(string) *page, bundle, next string) {
	upgrade, operations := of("upgrade.md"), of("operations.md")
	name := filepath.Base(bundle)
	version, folder := strings.Split(name, "_")[1], strings.TrimSuffix(name, ".tar.gz")
	m.bring(bundle, name)
	m.types(operations.block("tar xzf otai_0.1.0_linux_amd64.tar.gz", "otai_0.1.0_linux_amd64", folder))
	m.run(startDesk + `
cp -R ` + brought + folder + `/examples/demo/models ` + brought + `
sed 's/PT0.01S/PT0.1S/; s/limit: 10$/limit: 100/' ` + brought + folder + `/examples/demo/config.yml >` + brought + `config.yml`)
	m.types(operations.block("useradd --system"), `
cp -R models /etc/otai/; chgrp -R otai /etc/otai/models
printf '%s\n' OTAI_DEMO_URL=http://127.0.0.1:8080/znuny/nph-genericinterface.pl OTAI_DEMO_PASSWORD=try-otai-4711 >/etc/otai/otai.env`)
	cursor := m.now()
	m.types(operations.block("systemctl daemon-reload", "journalctl -u otai -f", "journalctl -u otai"))
	m.sorted("with the bundle", cursor, 30)
	main := m.service()["MainPID"]
	l := m.load()
	// A later release: its host, and the rest of this one.
	later := strings.Replace(folder, version, version+"+1", 1)
	m.bring(next, "newer.deb")
	m.types("cp -R "+folder+" "+later, "dpkg-deb -x newer.deb newer", "cp newer/usr/bin/otai "+later+"/bin/", "tar czf "+later+".tar.gz "+later, "rm -r "+later)
	m.types(upgrade.block("tar xzf otai_NEW", "otai_NEW_linux_amd64", later))
	m.wholly(version + "+1")
	m.types(upgrade.block("tar xzf otai_NEW", "otai_NEW_linux_amd64", folder))
	m.wholly(version)
	l.end()
	if s, lines := m.service(), m.errorLines(cursor); s["MainPID"] != main || s["NRestarts"] != "0" || len(lines) > 0 {
		m.Errorf("after both: %v, and the journal has:\n%s", s, strings.Join(lines, "\n"))
	}
}
