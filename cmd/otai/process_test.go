package main_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// leftBehind is how long the end of a process is waited for once it has ended, but something that
// it has started still has its output open. The longest that is meant is a worker without its
// supervisor.
const leftBehind = time.Minute

// newCommand is exec.Command, but its Wait ends although something is left behind: with an error.
func newCommand(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.WaitDelay = leftBehind
	return cmd
}

// newCommandContext is exec.CommandContext, as newCommand is exec.Command.
func newCommandContext(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = leftBehind
	return cmd
}

// process is a running otai. It is killed at the end of the test, if it is left.
type process struct {
	cmd   *exec.Cmd
	log   *buffer
	ended chan error
}

func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startIn(t, t.TempDir(), env, args...)
}

func startIn(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startProgram(t, product.otai, dir, env, args...)
}

func startProgram(t *testing.T, program, dir string, env []string, args ...string) *process {
	t.Helper()
	// Not t.Context(): it ends before the clean-up, which waits for the process.
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{cmd: newCommandContext(ctx, program, args...), log: &buffer{}, ended: make(chan error, 1)}
	p.cmd.Env = env
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		p.ended <- p.cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		gone(t, env, done)
		if t.Failed() {
			t.Logf("log of %v:\n%s", args, p.log)
		}
	})
	return p
}

// gone waits for the end of a process that was killed, and of all that has its output. What is left
// by then is killed, too.
func gone(t *testing.T, env []string, ended <-chan struct{}) {
	t.Helper()
	select {
	case <-ended:
		return
	case <-time.After(leftBehind / 2):
	}
	left := running(env)
	t.Errorf("it was killed, and left behind %v", left)
	for _, pid := range left {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-ended
}

// stop sends SIGTERM and wants exit code 0. That it takes at most 5 s is a promise
// of the engine's clocks, which its own tests hold; here a busy machine may add.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("after SIGTERM: %v, want exit code 0", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it did not stop at SIGTERM")
	}
}

// eventually waits until ok is true, looking often.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// environment is a clean one: nothing of the developer's reaches the process.
func environment(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"PATH=/usr/bin:/bin",
		"HOME=" + t.TempDir(),
		"OTAI_STATE_DIR=" + filepath.Join(t.TempDir(), "state"),
		"OTAI_PLUGIN_DIR=" + product.plugins,
		"OTAI_OTOBO_ZNUNY_PASSWORD=" + password,
		"CHECKOUT=" + product.root,
	}, append(coverage(), more...)...)
}

// buffer is a bytes.Buffer that a process writes to while a test reads it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestNoWaitIsForever: a process that forks keeps its output open, and exec.Cmd's Wait would wait
// for that.
func TestNoWaitIsForever(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file != "process_test.go" && bytes.Contains(content, []byte("exec.Command")) {
			t.Errorf("%s: use newCommand or newCommandContext instead of exec.Command", file)
		}
	}
}
