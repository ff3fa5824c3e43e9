package main_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exitOf waits for the end of a process and returns its state.
func (p *process) exitOf(t *testing.T) syscall.WaitStatus {
	t.Helper()
	select {
	case err := <-p.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	case <-time.After(time.Minute):
		t.Fatal("it did not end")
		return 0
	}
}

const oneStep = "orchestrator:\n  runners:\n    - run: { id: a, use: base:ExpressionPipe, params: { expression: 1 } }\n"

func TestAStopWhilePluginsAreLoadedIsNoError(t *testing.T) {
	config := writeFile(t, oneStep)
	// The moment is a matter of luck, so several are tried.
	for after := 5 * time.Millisecond; after < 100*time.Millisecond; after *= 2 {
		p := start(t, environment(t), "run", "-c", config)
		time.Sleep(after)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		// Before otai listens to signals, one ends it like any program.
		if status := p.exitOf(t); !status.Signaled() && status.ExitStatus() != 0 {
			t.Errorf("stopped after %s: exit code %d, want 0", after, status.ExitStatus())
		}
	}
}

func TestTheDemonstrationLeavesNothingBehindWhenItIsStopped(t *testing.T) {
	temp := t.TempDir()
	p := start(t, environment(t, "TMPDIR="+temp), "demo")
	eventually(t, "a ticket is handled", func() bool { return strings.Contains(p.log.String(), "[ 1/30]") })
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.exitOf(t)
	wantEmpty(t, temp)
}

func TestTheDemonstrationLeavesNothingBehindWhenItsReaderHasGone(t *testing.T) {
	for _, args := range [][]string{{"demo"}, {"demo", "--json"}} {
		temp := t.TempDir()
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		cmd := newCommandContext(t.Context(), product.otai, args...)
		cmd.Env = environment(t, "TMPDIR="+temp)
		cmd.Dir = t.TempDir()
		cmd.Stdout, cmd.Stderr = writer, writer
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 141 {
			t.Errorf("%v: %v, want exit code 141, as of every command whose reader has seen enough", args, err)
		}
		writer.Close()
		wantEmpty(t, temp)
	}
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s was left behind", entry.Name())
	}
}
