package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// crashingAtWork is the source of a plugin that ends its process in the middle of a call, with what it worked with on its
// lips: a secret and a ticket, as arguments, and as the text of a panic.
var crashingAtWork = strings.NewReplacer(
	`at("call"); return`, `go fall(os.Getenv("OTAI_OTOBO_ZNUNY_PASSWORD"), ticket); time.Sleep(time.Second); return`,
	`"os"`, "\"os\"\n\t\"time\"",
).Replace(exitsWhere) + `
const ticket = "Mrs. Quillfeather can't print"

//go:noinline
func fall(secret, text string) {
	if os.Getenv("EXIT_AT") == "call" {
		panic("with " + secret + " for: " + text)
	}
}
`

func TestAReportForThePluginsAuthor(t *testing.T) {
	t.Parallel()
	// The secret is in the path of the file, too.
	folder := filepath.Join(t.TempDir(), password)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	buildPlugin(t, writeModule(t, "otai-leaving", crashingAtWork), filepath.Join(folder, "otai_leaving.so"))
	env := environment(t, "OTAI_PLUGIN_DIR="+folder, "EXIT_AT=call")
	used := writeFile(t, leavingUsed)
	report := filepath.Join(t.TempDir(), "report.txt")

	out, err := runOtai(t, env, "plugin", "report", "leaving", "--output", report)
	if exitCode(err) != 1 || !strings.Contains(out, "nothing is known of the plugin otai-leaving") || !strings.Contains(out, "is not refused") {
		t.Errorf("before anything happened: %v: %s", err, out)
	}
	if out, err := runOtai(t, env, "run", "--once", "-c", used); exitCode(err) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = runOtai(t, env, "plugin", "report", "leaving", "-c", used, "--output", report)
	if err != nil || !strings.Contains(out, report+" is written, for nobody else to read") || !strings.Contains(out, "how often it ended a worker process: 2") {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(report)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, want := range []string{
		"Report on the plugin otai-leaving, written by otai ", "cause: panic: (its text is left out)", "first function of the plugin: example.com/otai-leaving.fall",
		"example.com/otai-leaving.fall(...)\n", "/main.go:", "ended worker processes: 2; after that, another one was started: 1.", "go1.", "glibc", "Linux ", "github.com/open-ticket-ai/otai/pkg/api", "/***/otai_leaving.so",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not have %q", want)
		}
	}
	checkNothingIsTold(t, text)
	if t.Failed() {
		t.Log(text)
	}

	// It stays as it is.
	out, err = runOtai(t, env, "plugin", "report", "leaving", "--output", report)
	if after, _ := os.ReadFile(report); exitCode(err) != 2 || string(after) != text || !strings.Contains(out, "stays as it is") {
		t.Errorf("%v: %s", err, out)
	}
	out, err = runOtai(t, env, "plugin", "report", "otai-leaving", "--json", "--output", report+"2")
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	checkNothingIsTold(t, out)
	var answer struct {
		File   string
		Deaths []struct{ Stage, Function, Trace string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Deaths) != 2 || answer.File != report+"2" || answer.Deaths[0].Trace == "" {
		t.Errorf("%v: %s", err, out)
	}

	out, err = runOtai(t, env, "plugin", "list", "--json")
	var list []struct{ Crashes, Restarts int }
	if jsonErr := json.Unmarshal([]byte(out), &list); err != nil || jsonErr != nil || len(list) != 1 || list[0].Crashes != 2 || list[0].Restarts != 1 {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := runOtai(t, env, "plugin", "list"); err != nil || !strings.Contains(out, "that otai_leaving has ended: 2.") {
		t.Errorf("%v: %s", err, out)
	}
	offered(t, env, "report", "otai-leaving")
	offered(t, env, "retry", "")
	if out, err := runOtai(t, env, "plugin", "report", "other"); exitCode(err) != 1 || !strings.Contains(out, "there is something of: otai-leaving") {
		t.Errorf("%v: %s", err, out)
	}
}

func checkNothingIsTold(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{password, "Quillfeather", "can't print"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in it", secret)
		}
	}
}

// offered is what the shell completes for a command about one plugin.
func offered(t *testing.T, env []string, command, want string) {
	t.Helper()
	out, err := runOtai(t, env, "__complete", "plugin", command, "")
	if got, _, _ := strings.Cut(out, ":"); err != nil || strings.TrimSpace(got) != want {
		t.Errorf("%s: %v: %q is offered, want %q", command, err, got, want)
	}
}

func TestAReportOfWhatLeftNoTrace(t *testing.T) {
	t.Parallel()
	env := environment(t, "OTAI_PLUGIN_DIR="+leaving(t))
	used := writeFile(t, leavingUsed)
	if out, err := runOtai(t, append(env, "EXIT_AT=start"), "run", "-c", used); exitCode(err) != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	offered(t, env, "retry", "otai-leaving")
	cmdDir := t.TempDir()
	report := filepath.Join(cmdDir, "r.txt")
	if out, err := runOtai(t, env, "plugin", "report", "leaving", "-c", used, "-o", report); err != nil || !strings.Contains(out, "host-crashed") {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`: exit status 0\n`, `while starting a service services\.s`, `There is no trace`, `refused at the stage \w+: host-crashed`} {
		if !regexp.MustCompile(want).Match(content) {
			t.Errorf("it does not have %s:\n%s", want, content)
		}
	}
}

// TestATraceThatCantBeKeptStopsNothing is for a folder that is none, and for a disk that is full.
func TestATraceThatCantBeKeptStopsNothing(t *testing.T) {
	t.Parallel()
	plugins := leaving(t)
	for name, spoil := range map[string]func(t *testing.T, crashes string){
		"the folder is a file": func(t *testing.T, crashes string) {
			if err := os.WriteFile(crashes, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"its disk is full": func(t *testing.T, crashes string) {
			if err := os.Mkdir(crashes, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("tmpfs", crashes, "tmpfs", 0, "size=4k,nr_inodes=2,mode=0700"); err != nil {
				t.Skipf("no file system can be mounted: %v; run the tests as root", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(crashes, syscall.MNT_DETACH) })
			if err := os.WriteFile(filepath.Join(crashes, "full"), make([]byte, 4096), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t, "OTAI_PLUGIN_DIR="+plugins)
			state := stateOf(env)
			if err := os.MkdirAll(state, 0o700); err != nil {
				t.Fatal(err)
			}
			spoil(t, filepath.Join(state, "crashes"))
			used := writeFile(t, leavingUsed)
			if out, err := runOtai(t, env, "run", "--once", "-c", used); err != nil || !strings.Contains(out, "there will be no trace") {
				t.Errorf("%v: %s", err, out)
			}
			p := start(t, append(env, "EXIT_AT=call"), "run", "-c", used)
			eventually(t, "it is started a third time", func() bool { return strings.Count(p.log.String(), "is started again") >= 2 })
			p.stop(t)
			if log := p.log.String(); !strings.Contains(log, "otai-leaving") || !strings.Contains(log, "exit status 0") {
				t.Errorf("who it was isn't said:\n%s", log)
			}
			if out, err := runOtai(t, env, "plugin", "list", "--json"); err != nil || !strings.Contains(out, `"crashes": 0`) {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := runOtai(t, env, "plugin", "report", "leaving"); exitCode(err) != 1 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
