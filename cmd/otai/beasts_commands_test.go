package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What of a beast a command meets with.
var beastsAtCommands = []struct {
	kind string
	args []string // CONFIG stands for the configuration
	code int
	says []string // beside the plugin's name
	not  []string
	stop bool // SIGINT ends it: it would wait for ever
}{
	{kind: "find-exits", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"the worker process died", "exit status 0", "otai_find_exits.so"}, not: []string{"twice"}},
	{kind: "find-exits", args: []string{"try", "-c", "CONFIG", "--json"}, code: 1, says: []string{`"error"`, "otai_find_exits.so"}},
	{kind: "find-panics", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"not today"}},
	{kind: "find-goexit", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"Goexit"}},
	{kind: "find-error-panic", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"error text"}},
	{kind: "find-error-nil", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"nil"}},
	{kind: "find-wrapped", args: []string{"try", "-c", "CONFIG"}, code: 1, says: []string{"compared"}},
	{kind: "find-evil-ticket", args: []string{"try", "-c", "CONFIG"}, code: 0},
	{kind: "find-blocks", args: []string{"try", "-c", "CONFIG"}, code: 1, stop: true},
	{kind: "build-exits", args: []string{"try", "-c", "CONFIG"}, code: 3, says: []string{"host-crashed", "exit status 0"}},
	{kind: "start-exits", args: []string{"try", "-c", "CONFIG"}, code: 3, says: []string{"host-crashed", "exit status 0"}},
	{kind: "secondexit0", args: []string{"try", "-c", "HARMLESS"}, code: 0, says: []string{"exit status 0", "take it out of the plugin folder"}, not: []string{"otai plugin retry"}}, // nothing is remembered

	{kind: "ask-exits", args: []string{"doctor", "-c", "CONFIG"}, code: 1, says: []string{"the worker process died", "exit status 0", "services.s"}, not: []string{"twice"}},
	{kind: "ask-panics", args: []string{"doctor", "-c", "CONFIG"}, code: 1, says: []string{"not today"}},
	{kind: "ask-panics-away", args: []string{"doctor", "-c", "CONFIG", "--json"}, code: 1, says: []string{`"error"`, "the worker process died"}},
	{kind: "ask-goexit", args: []string{"doctor", "-c", "CONFIG"}, code: 1, says: []string{"Goexit"}},
	{kind: "ask-blocks", args: []string{"doctor", "-c", "CONFIG"}, code: 1, stop: true},
	{kind: "ask-error-nil", args: []string{"doctor", "-c", "CONFIG"}, code: 1, says: []string{"nil"}},
	{kind: "build-exits", args: []string{"doctor", "-c", "CONFIG"}, code: 3, says: []string{"host-crashed"}},
	{kind: "secondexit0", args: []string{"doctor", "-c", "HARMLESS"}, code: 2, says: []string{"exit status 0"}}, // no ticket system to check

	{kind: "ask-exits", args: []string{"classify", "--use", "ask-exits:S", "--model", "m", "text"}, code: 1, says: []string{"the worker process died", "exit status 0"}},
	{kind: "ask-panics", args: []string{"classify", "--use", "ask-panics:S", "--model", "m", "text"}, code: 1, says: []string{"not today"}},
	{kind: "ask-error-panic", args: []string{"classify", "--use", "ask-error-panic:S", "--model", "m", "text"}, code: 1, says: []string{"error text"}},
	{kind: "ask-blocks", args: []string{"classify", "--use", "ask-blocks:S", "--model", "m", "text"}, code: 1, stop: true},
	{kind: "build-exits", args: []string{"classify", "--use", "build-exits:S", "--model", "m", "text"}, code: 3, says: []string{"host-crashed"}},

	{kind: "ask-exits", args: []string{"model", "list", "--use", "ask-exits:S"}, code: 1, says: []string{"the worker process died", "exit status 0"}, not: []string{"twice"}},
	{kind: "ask-panics", args: []string{"model", "verify", "m", "--use", "ask-panics:S"}, code: 1, says: []string{"not today"}},
	{kind: "ask-panics-away", args: []string{"model", "pull", "m", "-c", "CONFIG", "--use", "s", "--json"}, code: 1, says: []string{`"error"`, "the worker process died"}},
	{kind: "ask-blocks", args: []string{"model", "pull", "m", "--use", "ask-blocks:S"}, code: 1, stop: true},
	{kind: "build-exits", args: []string{"model", "list", "-c", "CONFIG", "--use", "s"}, code: 3, says: []string{"host-crashed", "exit status 0"}},

	{kind: "build-exits", args: []string{"revert", "-c", "CONFIG", "--since", "PT1H"}, code: 1, says: []string{"the worker process died", "exit status 0"}, not: []string{"twice"}},
	{kind: "secondexit0", args: []string{"revert", "-c", "HARMLESS", "--since", "PT1H"}, code: 0},
}

// TestNoPluginCodeHurtsACommand: whatever the code of a plugin does, a command that runs it says
// which plugin that was, leaves nothing, and ends with a code of its own.
func TestNoPluginCodeHurtsACommand(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	for n, b := range beastsAtCommands {
		t.Run(fmt.Sprintf("%d %s %s", n, b.kind, b.args[0]), func(t *testing.T) {
			if !ofEachCause() && n%4 != 1 {
				t.Skip("much like others: set OTAI_TEST_ALL=1")
			}
			t.Parallel()
			v := c.prepare(t, beast{kind: b.kind})
			config, harmless := filepath.Join(v.dir, "config.yml"), filepath.Join(v.dir, "harmless.yml")
			writeAt(t, config, []byte("services: { s: { use: \""+b.kind+":S\" } }\n"+stepOf(`use: "base:FetchTicketsPipe", injects: { ticket_system: s }, params: { ticket_search_criteria: { limit: 1 } }`)))
			writeAt(t, harmless, []byte(stepOf(`use: "base:ExpressionPipe", params: { expression: 1 }`)))
			if b.args[0] == "revert" { // which needs a store
				run := newCommand(product.otai, "run", "--once", "-c", harmless)
				run.Dir, run.Env = v.cmd.Dir, v.cmd.Env
				if out, err := run.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			v.cmd.Args = v.cmd.Args[:1]
			for _, arg := range b.args {
				v.cmd.Args = append(v.cmd.Args, strings.NewReplacer("CONFIG", config, "HARMLESS", harmless).Replace(arg))
			}
			v.begin(t)
			if b.stop {
				v.until(time.Duration(float64(10*time.Second)*busy()), func() bool { return false })
				if v.over() {
					t.Error("it didn't wait")
				}
				_ = v.cmd.Process.Signal(syscall.SIGINT)
			}
			select {
			case <-v.ended:
			case <-time.After(2 * time.Minute):
				t.Error("it didn't end")
			}
			said := v.out.String() + v.log.String()
			if code := v.cmd.ProcessState.ExitCode(); code != b.code {
				t.Errorf("it ended with %d, want %d", code, b.code)
			}
			words := slices.Clone(b.says)
			if b.code != 0 && b.kind != "secondexit0" || len(b.says) > 0 {
				words = append(words, b.kind)
			}
			for _, word := range words {
				if !strings.Contains(said, word) {
					t.Errorf("it doesn't say %q", word)
				}
			}
			for _, word := range append(b.not, "[running]") {
				if strings.Contains(said, word) {
					t.Errorf("it says %q", word)
				}
			}
			v.wantNothingLeft(t)
			if t.Failed() {
				t.Logf("it said:\n%s", shortened(said))
			}
		})
	}
}

func stepOf(body string) string {
	return "orchestrator:\n  params:\n    steps:\n      - { id: only, " + body + " }\n"
}

// TestNoPluginCodeHurtsTheShell: who presses the Tab key has an answer, whatever the code that knows
// the names does, and gives no secret away by it.
func TestNoPluginCodeHurtsTheShell(t *testing.T) {
	t.Parallel()
	c := newCage(t)
	for n, kind := range []string{"secretenv", "ask-exits", "ask-panics-away", "ask-blocks", "build-exits", "secondexit0", "stdout", "killparent", "open-kills-group"} {
		t.Run(kind, func(t *testing.T) {
			if !ofEachCause() && n > 1 {
				t.Skip("much like others: set OTAI_TEST_ALL=1")
			}
			t.Parallel()
			v := c.prepare(t, beast{kind: kind})
			v.cmd.Args = append(v.cmd.Args[:1], "__complete", "model", "verify", "--use", kind+":S", "")
			v.cmd.Env = append(v.cmd.Env, "HELPDESK_TOKEN="+password, "OTAI_DATABASE_URL=postgres://otai:"+password+"@127.0.0.1/otai")
			v.begin(t)
			select {
			case <-v.ended:
			case <-time.After(2 * time.Minute):
				t.Error("it didn't end")
			}
			if code, out := v.cmd.ProcessState.ExitCode(), v.out.String(); code != 0 || out != ":0\n" {
				t.Errorf("it ended with %d, and answers %q", code, out)
			}
			seen, _ := os.ReadFile(filepath.Join(v.dir, "tmp", "seen-by-init"))
			if said := v.log.String() + string(seen); strings.Contains(said, password) {
				t.Errorf("it gives a secret away:\n%s", shortened(said))
			}
			v.wantNothingLeft(t)
		})
	}
}
