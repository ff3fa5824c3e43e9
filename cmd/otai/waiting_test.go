package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes keeps whoever reads it waiting, and the first signal ends
// that as it ends all other work.
func TestAStopEndsTheWaitForAFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	const stopped = 1
	for command, code := range map[string]int{
		"validate":                    stopped,
		"run --once -c":               0, // as good an end as any
		"doctor -c":                   stopped,
		"schema -c":                   stopped,
		"plugin list -c":              stopped,
		"config upgrade":              stopped,
		"config from-env --env-file":  stopped,
		"template eval {{1}} --scope": stopped,
		"helpdesk --faults":           stopped,
	} {
		t.Run(command, func(t *testing.T) {
			p := start(t, environment(t), append(strings.Fields(command), pipe)...)
			// As soon as it opens the pipe to read, it can be opened to write.
			var writer *os.File
			eventually(t, "it waits for the pipe", func() (open bool) {
				var err error
				writer, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
				return err == nil
			})
			defer writer.Close()
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if status := p.exitOf(t); status.Signaled() || status.ExitStatus() != code {
				t.Errorf("%+v, want exit code %d\n%s", status, code, p.log.String())
			}
			if code == stopped && !strings.Contains(p.log.String(), "was stopped while it waited") {
				t.Errorf("it says:\n%s", p.log.String())
			}
		})
	}
}

func TestAPipeThatIsNamedIsReadAndOneThatIsNotIsRefused(t *testing.T) {
	dir := t.TempDir()
	shell := func(script string) (string, error) {
		cmd := newCommandContext(t.Context(), "sh", "-c", script)
		cmd.Dir, cmd.Env = dir, environment(t, "OTAI="+product.otai)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if err := os.WriteFile(filepath.Join(dir, "good.yml"), []byte(oneStep), 0o600); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		`mkfifo c; (cat good.yml >c &); $OTAI validate -c c`:                                    "is valid",
		`cat good.yml | $OTAI validate -c /dev/stdin`:                                           "is valid",
		`cat good.yml | $OTAI validate -`:                                                       "is valid",
		`echo 'a: 3' | $OTAI template eval --scope /dev/stdin '{{ a + 1 }}'`:                    "4",
		`echo OTAI_QUEUE_MODEL=a/b | $OTAI config from-env --env-file /dev/stdin 2>&1 || true`:  "OTAI_QUEUE_MODEL",
		`mkdir 1; cd 1; cp ../good.yml config.yml; ln -s /dev/zero .env; ! $OTAI validate 2>&1`: "it is a device, not a regular file",
		`mkdir 2; cd 2; cp ../good.yml config.yml; mkfifo .env; ! $OTAI validate 2>&1`:          "it is a named pipe, not a regular file",
		`mkdir 3; cd 3; mkfifo config.yml; ! $OTAI validate 2>&1`:                               "it is a named pipe, not a regular file",
		`mkdir 4; cd 4; mkfifo .env; ! $OTAI config from-env 2>&1`:                              "it is a named pipe, not a regular file",
		`mkfifo 5; ! $OTAI run -c 5 --state-dir s 2>&1`:                                         "reading the configuration 5: it is a named pipe, not a regular file (otai reads it again at a reload",
		`cat good.yml | (! $OTAI run -c /dev/stdin --state-dir s 2>&1)`:                         "it is a named pipe, not a regular file (otai reads it again at a reload",
		`! $OTAI template eval --scope /dev/zero x 2>&1`:                                        "more than 10 MB",
		`! $OTAI helpdesk --listen 127.0.0.1:0 --faults /dev/zero 2>&1`:                         "more than 10 MB",
		`! $OTAI config from-env --env-file /dev/zero 2>&1`:                                     "more than 10 MB",
	} {
		if out, err := shell(script); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want %q in\n%s", script, err, want, out)
		}
	}
}
