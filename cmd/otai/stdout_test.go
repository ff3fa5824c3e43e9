package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	main "github.com/open-ticket-ai/otai/cmd/otai"
)

// answering has for each command the arguments with which it answers. NEW stands
// for a name that is not there yet. A command that is missing here fails the test.
var answering = map[string][]string{
	"otai":                       {},
	"otai classify":              {"--model", "MODEL", "text"},
	"otai completion":            {},
	"otai completion bash":       {},
	"otai completion fish":       {},
	"otai completion powershell": {},
	"otai completion zsh":        {},
	"otai config":                {},
	"otai config from-env":       {"--env-file", "old.env"},
	"otai config upgrade":        {"config.yml"},
	"otai decisions":             {},
	"otai decisions export":      {"--format", "csv"},
	"otai decisions list":        {},
	"otai decisions schema":      {},
	"otai decisions show":        {"--help"}, // of a ticket about which something was decided
	"otai demo":                  {},
	"otai doctor":                {},
	"otai explain":               {"--help"},
	"otai help":                  {"run"},
	"otai helpdesk":              {},
	"otai init":                  {"--help"}, // it asks a help desk
	"otai model":                 {},
	"otai model list":            {},
	"otai model pull":            {"org/queue"},
	"otai model verify":          {"MODEL"},
	"otai plugin":                {},
	"otai plugin build":          {"otai-words"},
	"otai plugin check":          {"PLUGIN"},
	"otai plugin inspect":        {"PLUGIN"},
	"otai plugin list":           {},
	"otai plugin new":            {"NEW"},
	"otai plugin report":         {"--help"}, // of a plugin that has done something
	"otai plugin retry":          {"--help"},
	"otai plugin sign":           {"--generate", "NEW"},
	"otai plugin verify":         {"PLUGIN", "--key", "release.pub"},
	"otai revert":                {"--since", "PT1H", "--dry-run"},
	"otai run":                   nil, // the log is all that it says
	"otai runs":                  {},
	"otai runs backup":           {"--help"}, // it takes no file that is there
	"otai runs discard":          {"--help"}, // the others say what a run is named by
	"otai reload":                {"--help"},
	"otai runs list":             {},
	"otai runs migrate":          {"--print-sql"},
	"otai runs pause":            {},
	"otai runs resume":           {},
	"otai runs retry":            {"--all"},
	"otai runs show":             {"--help"},
	"otai runs waiting":          {},
	"otai schema":                {},
	"otai status":                {"--help"},
	"otai support-dump":          {"-o", "NEW"},
	"otai template":              {},
	"otai template eval":         {"{{ 1 }}"},
	"otai try":                   {},
	"otai validate":              {},
	"otai version":               {},
}

// answers runs commands where all of them can answer.
type answers struct {
	t    *testing.T
	dir  string
	env  []string
	args *strings.Replacer
	runs int
}

func newAnswers(t *testing.T) *answers {
	t.Helper()
	hub := newModelHub(t)
	t.Cleanup(hub.server.Close)
	a := &answers{t: t, dir: t.TempDir()}
	a.env = environment(t, "OTOBO_URL="+newDesk(t).url(), "HF_ENDPOINT="+hub.server.URL, "TMPDIR="+t.TempDir(),
		"PATH="+os.Getenv("PATH"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOFLAGS=-mod=mod", "GOPROXY=off", "OTAI_SIGN_PASSWORD=")
	for name, content := range map[string]string{
		"config.yml": sorting,
		"old.env": "OTAI_TICKET_SYSTEM_TYPE=otobo\nOTAI_OTOBO_BASE_URL=https://desk.example.org/otobo/nph-genericinterface.pl\nOTAI_OTOBO_USERNAME=agent\n" +
			"OTAI_INCOMING_QUEUE=Incoming\nOTAI_QUEUE_MODEL=org/queue\nOTAI_PRIORITY_MODEL=org/queue\n",
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plugin := filepath.Join(a.dir, "otai_otobo_znuny.so")
	if err := os.Link(filepath.Join(product.plugins, "otai_otobo_znuny.so"), plugin); err != nil {
		t.Fatal(err)
	}
	a.args = strings.NewReplacer("MODEL", filepath.Join(product.root, "examples/demo/models/queue"), "PLUGIN", plugin)
	for _, args := range [][]string{{"run", "--once"}, {"plugin", "new", "words"}, {"plugin", "sign", "--generate", "release"}, {"plugin", "sign", plugin, "--key", "release.key"}} {
		if code, out, stderr := a.run(nil, args...); code != 0 {
			t.Fatalf("%v: %d\n%s%s", args, code, out, stderr)
		}
	}
	return a
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := newCommand("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// run runs otai with its standard output at a file, or taken where that is nil.
func (a *answers) run(stdout *os.File, args ...string) (code int, out, stderr string) {
	a.t.Helper()
	a.runs++
	var answer, log bytes.Buffer
	cmd := newCommand(product.otai)
	for _, arg := range args {
		if arg == "NEW" {
			arg = "new-" + strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7", "h", "8", "i", "9", "j").Replace(strconv.Itoa(a.runs))
		}
		cmd.Args = append(cmd.Args, a.args.Replace(arg))
	}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = a.dir, a.env, &answer, &log
	if stdout != nil {
		cmd.Stdout = stdout
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		a.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), answer.String(), log.String()
}

// everyAnswer calls with each command that answers, also with --json and --help. All help is written
// by the same code, so that usually some commands' is enough.
func everyAnswer(t *testing.T, each func(args []string)) {
	t.Helper()
	helps := 0
	root := main.NewRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		name := cmd.CommandPath()
		command := strings.Fields(name)[1:]
		args, known := answering[name]
		switch {
		case !known:
			t.Errorf("%s is not in the table of this test", name)
		case args != nil:
			each(slices.Concat(command, args))
			if cmd.Flags().Lookup("json") != nil {
				each(slices.Concat(command, args, []string{"--json"}))
			}
		}
		if helps++; thorough() || helps%10 == 1 {
			each(append(command, "--help"))
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

func TestEveryAnswerThatCannotBeWrittenEndsWithOne(t *testing.T) {
	t.Parallel()
	a := newAnswers(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("there is no /dev/full: %v", err)
	}
	defer full.Close()
	everyAnswer(t, func(args []string) {
		code, _, stderr := a.run(full, args...)
		if code != 1 || strings.Count(stderr, "writing the answer: ") != 1 || !strings.Contains(stderr, "no space left") || strings.Contains(stderr, "--help`") {
			t.Errorf("otai %s: exit code %d, want 1 and one message\n%s", strings.Join(args, " "), code, stderr)
		}
	})
}

func TestAReaderThatHasGoneEndsEveryCommandQuietly(t *testing.T) {
	t.Parallel()
	a := newAnswers(t)
	everyAnswer(t, func(args []string) {
		reader, closed, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		code, _, stderr := a.run(closed, args...)
		closed.Close()
		if code != 141 || strings.Contains(stderr, "otai: ") {
			t.Errorf("otai %s: exit code %d, want 141 and no message\n%s", strings.Join(args, " "), code, stderr)
		}
	})
	for at := range slices.Values(a.env) {
		folder, ok := strings.CutPrefix(at, "TMPDIR=")
		if !ok {
			continue
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

func TestARejectionIsReportedAlsoWhereTheAnswerCannotBeWritten(t *testing.T) {
	a := newAnswers(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("there is no /dev/full: %v", err)
	}
	defer full.Close()
	code, _, stderr := a.run(full, "plugin", "inspect", "release.pub")
	if code != 1 || !strings.Contains(stderr, "writing the answer: ") || !strings.Contains(stderr, "release.pub") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestRunAnswersWithItsLogAlone(t *testing.T) {
	a := newAnswers(t)
	if code, out, stderr := a.run(nil, "run", "--once", "--dry-run"); code != 0 || out != "" || stderr == "" {
		t.Errorf("exit code %d, answer %q, log %q", code, out, stderr)
	}
}
