package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typist is somebody at a terminal in which a program runs.
type typist struct {
	*testing.T
	master, slave *os.File
	cmd           *exec.Cmd
	screen        *buffer
	read          int // of the screen: what awaits has found ends here
	ended         chan error
}

// atTerminal starts a program in a terminal of its own, as the leader of its session.
func atTerminal(t *testing.T, dir string, env []string, program string, args ...string) *typist {
	t.Helper()
	master, slave := openTerminal(t)
	ctx, cancel := context.WithCancel(context.Background())
	w := &typist{T: t, master: master, slave: slave, cmd: newCommandContext(ctx, program, args...), screen: &buffer{}, ended: make(chan error, 1)}
	w.cmd.Dir, w.cmd.Env = dir, append([]string{"TERM=xterm"}, env...)
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = slave, slave, slave
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := w.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		piece := make([]byte, 4096)
		for {
			n, err := master.Read(piece)
			_, _ = w.screen.Write(piece[:n])
			if err != nil {
				return
			}
		}
	}()
	done := make(chan struct{})
	go func() {
		w.ended <- w.cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		slave.Close()
		master.Close()
		<-shown
		if t.Failed() {
			t.Logf("the screen:\n%s", w.screen)
		}
	})
	return w
}

// openTerminal makes a pair of terminals: what is written to the master is typed at the slave.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // so that closing it ends a read
		t.Fatal(err)
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	master.Close()
	master = os.NewFile(uintptr(own), "/dev/ptmx")
	slave, err = os.OpenFile(filepath.Join("/dev/pts", fmt.Sprint(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// awaits waits until the screen shows what matches, behind what was awaited before.
func (w *typist) awaits(pattern string) {
	w.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.Now().Add(60 * time.Second)
	for {
		text := w.screen.String()
		if at := re.FindStringIndex(text[w.read:]); at != nil {
			w.read += at[1]
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("the screen never showed %q behind\n%s", pattern, text[:w.read])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *typist) types(text string) {
	w.Helper()
	if _, err := w.master.WriteString(text); err != nil {
		w.Fatal(err)
	}
}

// answers awaits a question and answers it.
func (w *typist) answers(question, answer string) {
	w.Helper()
	w.awaits(question)
	w.types(answer + "\n")
}

// exit waits for the end of the program.
func (w *typist) exit() int {
	w.Helper()
	select {
	case err := <-w.ended:
		if err != nil && w.cmd.ProcessState == nil {
			w.Fatal(err)
		}
		return w.cmd.ProcessState.ExitCode()
	case <-time.After(60 * time.Second):
		w.Fatal("it did not end")
		return 0
	}
}

// echoes reports whether the terminal shows what is typed.
func (w *typist) echoes() bool {
	w.Helper()
	state, err := unix.IoctlGetTermios(int(w.slave.Fd()), unix.TCGETS)
	if err != nil {
		w.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

const ctrlC, ctrlD, ctrlZ = "\x03", "\x04", "\x1a"

// plainScreen is the screen without the sequences that steer it.
func (w *typist) plainScreen() string {
	return regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`).ReplaceAllString(strings.ReplaceAll(w.screen.String(), "\r", ""), "")
}
