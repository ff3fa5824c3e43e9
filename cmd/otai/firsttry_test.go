package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// What somebody does who has the bundle and the README's first page, and no time to read more.

// newcomer types it in a shell: from the bundle, still packed, to the first report of otai try.
func newcomer(t *testing.T, url, secret string) {
	t.Helper()
	root := checkoutCopy(t)
	if err := os.CopyFS(filepath.Join(root, "build", "dist"), os.DirFS(product.dir)); err != nil {
		t.Fatal(err)
	}
	archive, _ := bundled(t, root, "022")
	downloads, home := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(downloads, "otai_test_linux_amd64.tar.gz"), archive, 0o600); err != nil {
		t.Fatal(err)
	}
	began, answers := time.Now(), 0
	w := atTerminal(t, downloads, []string{"PATH=/usr/bin:/bin", "HOME=" + home, "OTAI_STATE_DIR=" + filepath.Join(home, "state"), "PS1=ready> "}, "/bin/sh", "-i")
	command := func(line string) {
		t.Helper()
		w.awaits(`ready> `)
		w.types(line + "\n")
	}
	answer := func(question, text string) {
		t.Helper()
		w.answers(question, text)
		answers++
	}
	command("tar xzf otai_*_linux_*.tar.gz")
	command("cd otai_*/")
	command(`export PATH="$PWD/bin:$PATH"`)
	command("otai init --demo")
	answer(`Address of the help desk, as in your browser: `, strings.TrimSuffix(url, "/nph-genericinterface.pl")+"/index.pl")
	w.awaits(`Password of the agent open_ticket_ai \(it isn't shown\): `)
	eventually(t, "the terminal hides what is typed", func() bool { return !w.echoes() })
	w.types(secret + "\n")
	answers++
	answer(`Queue that receives new tickets \(number or name\) \[Incoming\]: `, "")
	answer(`Model \(number, folder, or name at HuggingFace\) \[1\]: `, "")
	w.awaits(`config.yml and .env are written. Nothing in the help desk was changed.`)
	command("otai try --last 50 -o report.html")
	w.awaits(`What otai would do`)
	w.awaits(`Nothing was written`)
	took := time.Since(began)
	command("otai validate --strict; echo validate: $?")
	w.awaits(`\nvalidate: 0\r\n`)
	command("otai doctor; echo doctor: $?")
	w.awaits(`\ndoctor: 0\r\n`)
	command("exit")
	w.exit()
	screen := w.plainScreen()
	if strings.Contains(screen, secret) {
		t.Error("the password is on the screen")
	}
	if !regexp.MustCompile(`sort +\d\d +\d\d\s`).MatchString(screen) {
		t.Error("the tickets of the runner aren't in the report")
	}
	if info, err := os.Stat(filepath.Join(downloads, "otai_test", "report.html")); err != nil || info.Size() < 10_000 {
		t.Errorf("the report: %v, %v", info, err)
	}
	t.Logf("from the packed bundle to the report of otai try: %d answers, %s", answers, took.Round(time.Millisecond))
	if answers > 6 || took > 3*time.Minute {
		t.Errorf("%d answers and %s, want at most 6 and 3 minutes", answers, took)
	}
}

func TestFromTheBundleToTheFirstTry(t *testing.T) {
	if !full() {
		t.Skip("packs a bundle: set OTAI_TEST_ALL=1")
	}
	t.Parallel()
	server, url := deskForInit(t, helpdesk.Options{})
	before := changes(server)
	newcomer(t, url, password)
	if after := changes(server); after != before {
		t.Errorf("the help desk was changed:\n%s\nbefore:\n%s", after, before)
	}
}

func TestSystemFromTheBundleToTheFirstTry(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	d.tickets("100", "--closed", "20", "--locked", "2")
	state := d.state()
	newcomer(t, d.url, d.password)
	if now := d.state(); now != state {
		t.Errorf("the database was changed:\n%s\nbefore:\n%s", now, state)
	}
}
