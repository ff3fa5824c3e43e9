package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// trial is a process of a binary that is to say whether it could take the supervisor's place. It gets all
// that it would take over, reads it, and does nothing else.
type trial struct {
	pid  int
	said chan error // why it can't; nil: it can
}

const (
	trialPatience = 20 * time.Second
	maxComplaint  = 4 << 10 // bytes
)

func startTrial(file *os.File, args []string, left estate) (*trial, error) {
	memory, err := writeState(left)
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	answer, theirAnswer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirAnswer.Close()
	complaint, theirComplaint, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, answer.Close())
	}
	defer theirComplaint.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return nil, errors.Join(err, answer.Close(), complaint.Close())
	}
	defer nothing.Close()
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{nothing.Fd(), theirComplaint.Fd(), theirComplaint.Fd(), memory.Fd(), theirAnswer.Fd(), file.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	pid, err := syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", trialFile), slices.Concat([]string{os.Args[0], successorArgument}, args), attr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s to ask it: %w", file.Name(), err), answer.Close(), complaint.Close())
	}
	t := &trial{pid: pid, said: make(chan error, 1)}
	go t.await(answer, complaint)
	return t, nil
}

// await hears the answer and takes the end of the process.
func (t *trial) await(answer, complaint *os.File) {
	until := time.Now().Add(trialPatience)
	_, _ = answer.SetReadDeadline(until), complaint.SetReadDeadline(until)
	var heard, complained []byte
	var read sync.WaitGroup
	for from, into := range map[*os.File]*[]byte{answer: &heard, complaint: &complained} {
		read.Go(func() {
			*into, _ = io.ReadAll(io.LimitReader(from, maxComplaint))
			_ = from.Close()
		})
	}
	read.Wait()
	_ = unix.Kill(-t.pid, unix.SIGKILL) // it has nothing more to do
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(t.pid, &status, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	t.said <- outcomeOf(heard, complained, status)
}

func outcomeOf(heard, complained []byte, status unix.WaitStatus) error {
	if string(bytes.TrimSpace(heard)) == canAnswer() {
		return nil
	}
	how := fmt.Sprintf("exit status %d", status.ExitStatus())
	if status.Signaled() {
		how = "signal: " + status.Signal().String()
	}
	if lines := strings.TrimSpace(string(complained)); lines != "" {
		how += ": " + lines
	}
	return errors.New("that otai was asked whether it can take over, and ended with " + how)
}

// answered is what it says; nil, on which nothing comes, where there is none.
func (t *trial) answered() <-chan error {
	if t == nil {
		return nil
	}
	return t.said
}

// end ends it.
func (t *trial) end() {
	if t != nil {
		_ = unix.Kill(-t.pid, unix.SIGKILL)
		<-t.said
	}
}

// answer says that this process could be the successor.
func (i *Inherited) answer() error {
	if i.err != nil {
		return i.err
	}
	file := descriptor(trialAnswer).open("answer")
	if file == nil {
		return errors.New("this is for otai itself, which asks its next release so")
	}
	_, err := file.WriteString(canAnswer())
	return errors.Join(err, file.Close())
}
