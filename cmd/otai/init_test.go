package main_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// deskForInit is a help desk with the demonstration's queues and some tickets.
func deskForInit(t *testing.T, o helpdesk.Options) (*helpdesk.Server, string) {
	t.Helper()
	o.Password = password
	server := helpdesk.New(o)
	server.AddQueue("Incoming", "Archive", "IT", "IT::Accounts", "IT::Hardware", "IT::Network", "IT::Software", "HR", "Facilities", "Unclassified")
	for i := range 20 {
		server.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: fmt.Sprintf("Drucker %d", i), Body: "Der Drucker druckt nicht.", From: "customer@example.com"})
	}
	server.AddTicket(helpdesk.NewTicket{Queue: "IT::Hardware", Title: "Old", Body: "Printer", State: "open"})
	web := httptest.NewServer(server.Handler())
	t.Cleanup(web.Close)
	return server, web.URL + server.BasePath()
}

func queueModel() string { return filepath.Join(product.root, "examples", "demo", "models", "queue") }

// withoutPassword is the environment of somebody who will be asked for it.
func withoutPassword(t *testing.T, more ...string) []string {
	t.Helper()
	env := environment(t, more...)
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "OTAI_OTOBO_ZNUNY_PASSWORD=") })
}

// changes is all that could have been changed in a help desk.
func changes(server *helpdesk.Server) string {
	var b strings.Builder
	for _, t := range server.Tickets() {
		fmt.Fprintf(&b, "%d %s %s %s %s %d %d\n", t.ID, t.Title, t.Queue, t.Priority, t.State, len(t.Articles), len(t.History))
	}
	return b.String()
}

func wantNoFiles(t *testing.T, dir string) {
	t.Helper()
	wantEmpty(t, dir)
}

func TestInitWritesAConfigurationAfterFiveAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []helpdesk.Mode{helpdesk.ModeZnuny, helpdesk.ModeOTOBO} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			server, url := deskForInit(t, helpdesk.Options{Mode: mode})
			before := changes(server)
			dir, env := t.TempDir(), withoutPassword(t)
			w := atTerminal(t, dir, env, product.otai, "init")
			w.answers(`Address of the help desk, as in your browser: `, strings.TrimSuffix(url, "/nph-genericinterface.pl")+"/index.pl?Action=AgentDashboard")
			w.awaits(`Password of the agent open_ticket_ai \(it isn't shown\): `)
			eventually(t, "the terminal hides what is typed", func() bool { return !w.echoes() })
			w.types(password + "\n")
			w.awaits(`login: the agent "open_ticket_ai" is let in`)
			w.awaits(`   1  Incoming\r\n`)
			w.answers(`Queue that receives new tickets \(number or name\) \[Incoming\]: `, "1")
			w.answers(`Model: a folder, or a name at HuggingFace, which is downloaded: `, queueModel())
			w.awaits(`    IT::Hardware  ->  IT::Hardware`)
			w.awaits(`config.yml and .env are written. Nothing in the help desk was changed.`)
			w.awaits(`otai try --last 50\r\n  otai run\r\n`)
			if code := w.exit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if !w.echoes() {
				t.Error("the terminal doesn't show any more what is typed")
			}
			if strings.Contains(w.screen.String(), password) {
				t.Error("the password is on the screen")
			}
			if after := changes(server); after != before {
				t.Errorf("the help desk was changed:\n%s\nbefore:\n%s", after, before)
			}
			wantGoodFiles(t, dir, env)
		})
	}
}

// wantGoodFiles checks what init has written: it passes validate --strict and doctor.
func wantGoodFiles(t *testing.T, dir string, env []string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, ".env"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf(".env: %v, %v", info, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), password) {
		t.Error("the password is in config.yml")
	}
	if out, code := runIn(dir, env, "validate", "--strict"); code != 0 {
		t.Errorf("validate --strict: exit code %d\n%s\n%s", code, out, text)
	}
	if out, code := runIn(dir, env, "doctor"); code != 0 {
		t.Errorf("doctor: exit code %d\n%s\n%s", code, out, text)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// A setting is a line with a value; the rows of the map are the user's own.
func TestInitWritesAtMostTwentySettings(t *testing.T) {
	t.Parallel()
	dir := initialized(t, helpdesk.Options{})
	text, err := os.ReadFile(filepath.Join(dir, "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	settings, _, _ := strings.Cut(string(text), "map:")
	count := 0
	for line := range strings.Lines(settings) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !strings.HasSuffix(line, ":") {
			count++
		}
	}
	if count > 20 {
		t.Errorf("%d settings:\n%s", count, text)
	}
}

// initialized is a folder with the files that init wrote without a terminal.
func initialized(t *testing.T, o helpdesk.Options, more ...string) string {
	t.Helper()
	_, url := deskForInit(t, o)
	dir := t.TempDir()
	args := append([]string{"init", "--url", url, "--queue", "Incoming", "--model", queueModel()}, more...)
	if out, code := runIn(dir, environment(t), args...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	return dir
}

func TestInitIsEndedByCtrlCAndLeavesNothing(t *testing.T) {
	t.Parallel()
	_, url := deskForInit(t, helpdesk.Options{})
	for name, at := range map[string]struct {
		args  []string
		await string
	}{
		"at the address":  {nil, `Address of the help desk`},
		"at the password": {[]string{"--url", url}, `Password of the agent`},
		"at the queue":    {[]string{"--url", url, "PASSWORD"}, `Queue that receives`},
		"at the model":    {[]string{"--url", url, "PASSWORD", "--queue", "Incoming"}, `Model: a folder`},
	} {
		for _, key := range []string{ctrlC, ctrlD} {
			t.Run(fmt.Sprintf("%s, %q", name, key), func(t *testing.T) {
				t.Parallel()
				dir, env, want := t.TempDir(), withoutPassword(t), 1
				if i := slices.Index(at.args, "PASSWORD"); i >= 0 {
					env = environment(t)
				}
				args := slices.DeleteFunc(slices.Clone(at.args), func(a string) bool { return a == "PASSWORD" })
				w := atTerminal(t, dir, env, product.otai, append([]string{"init"}, args...)...)
				w.awaits(at.await)
				if strings.Contains(name, "password") {
					eventually(t, "the terminal hides what is typed", func() bool { return !w.echoes() })
				}
				w.types(key)
				if key == ctrlC {
					w.awaits(`otai init was stopped before its end; nothing was written`)
				} else {
					want = 2
				}
				if code := w.exit(); code != want {
					t.Errorf("exit code %d, want %d", code, want)
				}
				if !w.echoes() {
					t.Error("the terminal doesn't show any more what is typed")
				}
				wantNoFiles(t, dir)
			})
		}
	}
}

// A shell lets the terminal show what is typed while a program is stopped.
func TestThePasswordStaysHiddenAfterCtrlZAndFg(t *testing.T) {
	t.Parallel()
	_, url := deskForInit(t, helpdesk.Options{})
	dir := t.TempDir()
	w := atTerminal(t, dir, append(withoutPassword(t), "PS1=ready> "), "/bin/sh", "-i")
	w.awaits("ready> ")
	w.types(product.otai + " init --url " + url + " --queue Incoming --model " + queueModel() + "\n")
	w.awaits(`Password of the agent`)
	eventually(t, "the terminal hides what is typed", func() bool { return !w.echoes() })
	w.types(ctrlZ)
	w.awaits("ready> ")
	w.types("stty echo; fg\n")
	w.awaits(`otai init`)
	eventually(t, "the terminal hides what is typed again", func() bool { return !w.echoes() })
	w.types(password + "\n")
	w.awaits(`config.yml and .env are written`)
	w.awaits("ready> ")
	if strings.Contains(w.screen.String(), password) {
		t.Error("the password is on the screen")
	}
	if !w.echoes() {
		t.Error("the terminal doesn't show any more what is typed")
	}
	w.types("exit\n")
	w.exit()
}

func TestInitOnAFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a small disk")
	}
	_, url := deskForInit(t, helpdesk.Options{})
	for _, inodes := range []int{1, 2, 3} { // the folder's own, that of the first file, of the second
		t.Run(fmt.Sprint(inodes), func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=64k,nr_inodes=%d,mode=0700", inodes)); err != nil {
				t.Skipf("no small disk can be made here: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
			out, code := runIn(t.TempDir(), environment(t), "init", "--url", url, "--queue", "Incoming", "--model", queueModel(), "-o", dir)
			if inodes == 3 {
				// A link needs no inode, but a page of the folder on some kernels.
				if code == 0 {
					return
				}
			} else if code != 1 || !strings.Contains(out, "no space left") || !strings.Contains(out, "nothing was written") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			wantNoFiles(t, dir)
		})
	}
}

// A help desk whose names were made to harm who reads or writes them.
func TestInitIsNotHarmedByTheNamesOfAHelpDesk(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"Fräulein Müllers Fragen", `He said "no"`, "O'Brien", "a: b", "- x", "#5", "[a]", "{a}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "a\tb",
		"a\nb", "{{ 7*7 }}", "{% if x %}", "${HOME}", "$HOME", "\x1b[2Jgone", "\u202eabc", "\u0085x", "null", "true", "0123", "1e3", "~", "a,b", "x # y", "::", "\\n", "日本語", "🙂",
	}
	server, url := deskForInit(t, helpdesk.Options{})
	for _, name := range hostile {
		server.AddQueue(name)
		server.AddTicket(helpdesk.NewTicket{Queue: name, Title: name, Body: name, From: "x@example.com"})
	}
	for i := range 10000 {
		server.AddQueue(fmt.Sprintf("Many::%d", i))
	}
	for i := range 2000 {
		server.AddTicket(helpdesk.NewTicket{Queue: fmt.Sprintf("Many::%d", i), Title: "x", Body: "y", From: "x@example.com"})
	}
	var usable []string
	for _, name := range hostile {
		dir := t.TempDir()
		if !strings.ContainsAny(name, "\x1b\u202e\u0085\t\n$%") && !strings.Contains(name, "{{") {
			usable = append(usable, name)
			continue
		}
		out, code := runIn(dir, environment(t), "init", "--url", url, "--queue", name, "--model", queueModel())
		if code != 2 || !strings.Contains(out, "can't stand in a configuration") {
			t.Errorf("%q: exit code %d\n%s", name, code, out)
		}
		if strings.ContainsAny(out, "\x1b\u202e\u0085") {
			t.Errorf("the terminal is steered: %q", out)
		}
		wantNoFiles(t, dir)
	}
	labels := []string{"IT::Accounts", "IT::Hardware", "IT::Network", "IT::Software", "HR", "Facilities"}
	for some := range slices.Chunk(usable, len(labels)) {
		t.Run(strings.Join(some, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"init", "--url", url, "--model", queueModel()}
			for i, name := range some {
				args = append(args, "--queue", name, "--map", labels[i]+"="+name)
			}
			if out, code := runIn(dir, environment(t), args...); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			wantGoodFiles(t, dir, environment(t))
			for i, name := range some {
				if got := mapOf(t, dir)[labels[i]]["queue"]; got != name {
					t.Errorf("the label %s goes to %q, want %q", labels[i], got, name)
				}
			}
		})
	}
	t.Run("at a terminal", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		w := atTerminal(t, dir, environment(t), product.otai, "init", "--url", url, "--model", queueModel())
		w.awaits(`and \d+ more`)
		w.answers(`Queue that receives new tickets \(number or name\) \[Incoming\]: `, "")
		if code := w.exit(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if screen := w.plainScreen(); strings.ContainsAny(screen, "\x1b\u202e\u0085") {
			t.Errorf("the terminal is steered: %q", screen)
		}
		wantGoodFiles(t, dir, environment(t))
	})
}

// mapOf is the map of the configuration in dir.
func mapOf(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	found := make(map[string]map[string]string)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if rows, ok := v["map"].(map[string]any); ok {
				for label, target := range rows {
					found[label] = make(map[string]string)
					for kind, name := range target.(map[string]any) {
						found[label][kind] = name.(string)
					}
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(raw)
	return found
}

func TestInitSaysHowAMissingRightIsGranted(t *testing.T) {
	t.Parallel()
	server, url := deskForInit(t, helpdesk.Options{})
	server.SetAccess("Incoming", store.AccessDocumented)
	server.SetAccess("IT::Hardware", store.AccessDocumented)
	before := changes(server)
	dir := t.TempDir()
	out, code := runIn(dir, environment(t), "init", "--url", url, "--queue", "Incoming", "--model", queueModel(), "--user", "open_ticket_ai")
	if code != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		`failed   help_desk: right to change tickets: the agent may not change tickets of the queue "Incoming"`,
		"bin/otrs.Console.pl Admin::Group::RoleLink --role-name otai --group-name GROUP --permission ro --permission rw",
		"bin/otrs.Console.pl Admin::Role::UserLink --role-name otai --user-name open_ticket_ai",
		"config.yml and .env are written", "otai doctor",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	if after := changes(server); after != before {
		t.Errorf("the help desk was changed:\n%s\nbefore:\n%s", after, before)
	}
	if doctor, code := runIn(dir, environment(t), "doctor"); code != 1 || !strings.Contains(doctor, "may not change tickets") {
		t.Errorf("doctor: exit code %d\n%s", code, doctor)
	}
	server.SetAccess("Incoming", store.AccessFull)
	if doctor, code := runIn(dir, environment(t), "doctor"); code != 0 || !strings.Contains(doctor, `the agent has rw on the queue "Incoming"`) {
		t.Errorf("doctor: exit code %d\n%s", code, doctor)
	}
}

func TestThePasswordIsReadAsItWasTyped(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{`correct horse`, `it's "quoted"`, `back\slash\n`, `$HOME and ${HOME}`, `#hash`, `ä€🙂`, `a=b`, ` spaces `, `{{ 7*7 }}`, "``"} {
		t.Run(secret, func(t *testing.T) {
			t.Parallel()
			server := helpdesk.New(helpdesk.Options{Password: secret})
			server.AddQueue("Incoming", "HR")
			server.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "a", Body: "b", From: "x@example.com"})
			web := httptest.NewServer(server.Handler())
			t.Cleanup(web.Close)
			dir := t.TempDir()
			out, code := runIn(dir, append(withoutPassword(t), "OTAI_OTOBO_ZNUNY_PASSWORD="+secret), "init", "--url", web.URL+server.BasePath(), "--queue", "Incoming", "--model", queueModel())
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			if out, code := runIn(dir, withoutPassword(t), "doctor"); code != 0 {
				t.Errorf("doctor: exit code %d\n%s", code, out)
			}
		})
	}
}
